"""A customer's conversation in a test: she writes, and the assistant's turn is settled with the draft a test names."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID, uuid4

from django.utils import timezone

from conversations import posting, turns
from conversations.assistant.turn import Draft, Outcome, Routing
from conversations.models import Conversation, Customer, Message, Role
from handoff.escalation import escalate
from handoff.models import Handoff

GENERAL = Routing("general_inquiry", "general_inquiry", 1.0, "local")
ANSWER = Draft(Outcome.ANSWERED, "Here is an answer.")
FALLBACK = Draft(Outcome.FALLBACK, "Could you please rephrase?")


@dataclass
class Talk:
    pk: UUID
    token: str

    @classmethod
    def of(cls, customer: Customer) -> Self:
        conversation, token = Conversation.start(customer)
        return cls(conversation.pk, token)

    @property
    def conversation(self) -> Conversation:
        return Conversation.objects.select_related("customer").get(pk=self.pk)

    @property
    def handoff(self) -> Handoff:
        return Handoff.objects.select_related("agent", "conversation__customer").get(conversation=self.pk)

    @property
    def messages(self) -> list[Message]:
        return list(Message.objects.filter(conversation=self.pk).order_by("seq"))

    @property
    def last_line(self) -> str:
        return self.messages[-1].body

    def says(self, body: str) -> Message:
        return posting.post(self.pk, role=Role.CUSTOMER, body=body, client_id=uuid4()).message

    def hears(self, draft: Draft | None = ANSWER, routing: Routing | None = GENERAL) -> bool:
        """Settles the turn that the assistant owes, at both places where the rules look; whether it ended."""
        turn = turns.begin(self.pk)
        assert turn is not None, "the assistant owes nothing"
        turn.routing = routing
        if turns.settle(turn, escalate=escalate):
            return True
        turn.draft = draft
        return turns.settle(turn, escalate=escalate)

    def asks_for_person(self) -> Handoff:
        """Presses the button."""
        turns.ask_for_person(self.pk, escalate=escalate)
        return Handoff.objects.select_related("agent", "conversation__customer").get(
            conversation=self.pk, status__in=["waiting", "assigned"]
        )

    def ages(self, **by: float) -> None:
        """Everything in it happened that much earlier."""
        shift = timedelta(**by)
        conversation = self.conversation
        facts: dict[str, Any] = {"opened_at": conversation.opened_at - shift}
        facts |= {"created_at": conversation.created_at - shift}
        Conversation.objects.filter(pk=self.pk).update(**facts)


def waits_for(handoff: Handoff, **time: float) -> Handoff:
    """The handoff as if she had waited that long."""
    handoff.created_at = timezone.now() - timedelta(**time)
    Handoff.objects.filter(pk=handoff.pk).update(created_at=handoff.created_at)
    return handoff
