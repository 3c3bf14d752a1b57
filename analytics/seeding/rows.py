"""The rows of one conversation while its story is told: written by the rules of posting and moving, saved by nobody."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from conversations.lifecycle import TRANSITIONS, IllegalMove, Reason, Status
from conversations.models import Conversation, Customer, Message, Role, Transition, TurnRecord
from conversations.models.access import token_hash
from conversations.models.conversation import CUSTOMER_TOKEN_LIFE
from conversations.posting import changes_on_message
from handoff.models import Agent, Handoff, HandoffEvent


class NotYet(Exception):
    """What comes next would lie in the future: the story ends here, as it stands."""


def new_id(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


class Rows:
    def __init__(self, customer: Customer, at: datetime, until: datetime, dice: random.Random) -> None:
        self.at, self.until, self.dice = at, until, dice
        pk = new_id(dice)
        self.conversation = Conversation(
            pk=pk,
            customer=customer,
            # Nobody ever held this token: a seeded conversation is opened from the inside only.
            token_hash=token_hash(f"conversation:{pk}", str(new_id(dice))),
            token_expires_at=at + CUSTOMER_TOKEN_LIFE,
            created_at=at,
            opened_at=at,
            last_activity_at=at,
        )
        self.messages: list[Message] = []
        self.transitions: list[Transition] = []
        self.turns: list[TurnRecord] = []
        self.handoffs: list[Handoff] = []
        self.events: list[HandoffEvent] = []
        self._moved("", Status.ACTIVE, Reason.OPENED, Transition.CUSTOMER, None)

    def later(self, seconds: float, *, and_then: float = 0) -> None:
        """Lets time pass. Raises NotYet if that, or `and_then` so many seconds more, would lead past the present."""
        if self.at + timedelta(seconds=seconds + and_then) > self.until:
            raise NotYet
        self.at += timedelta(seconds=seconds)

    def say(self, role: Role, body: str, agent: Agent | None = None, **data: Any) -> None:
        conversation = self.conversation
        by_customer = role is Role.CUSTOMER
        message = Message(
            pk=new_id(self.dice),
            conversation=conversation,
            seq=conversation.last_seq + 1,
            client_id=new_id(self.dice) if by_customer else None,
            role=role,
            body=body,
            author=agent.user if agent else None,
            author_name=agent.name if agent else conversation.customer.name if by_customer else "",
            data=data,
            created_at=self.at,
        )
        self.messages.append(message)
        self._change(changes_on_message(conversation, message, self.at))

    def move(self, to: Status, *, reason: str, actor: str, agent: Agent | None = None) -> None:
        old = Status(self.conversation.status)
        if to not in TRANSITIONS[old]:
            raise IllegalMove(old, to)
        self._change(self.conversation.changes_on_move(old, to, reason, self.at))
        self._moved(old, to, reason, actor, agent)

    def record(self, intent: str, outcome: TurnRecord.Outcome) -> None:
        """What the assistant made of her newest message."""
        self.turns.append(
            TurnRecord(
                conversation=self.conversation,
                seq=self.conversation.last_customer_seq,
                episode=self.conversation.episode,
                intent=intent,
                confidence=round(self.dice.uniform(0.55, 0.98), 2) if intent else 0.0,
                engine="local",
                outcome=outcome,
                created_at=self.at,
            )
        )

    def hand_off(self, **fields: Any) -> Handoff:
        handoff = Handoff(
            pk=new_id(self.dice),
            conversation=self.conversation,
            episode=self.conversation.episode,
            created_at=self.at,
            **fields,
        )
        self.handoffs.append(handoff)
        return handoff

    def log(self, kind: HandoffEvent.Kind, agent: Agent | None = None) -> None:
        self.events.append(HandoffEvent(handoff=self.handoffs[-1], kind=kind, agent=agent, at=self.at))

    def _change(self, changes: dict[str, Any]) -> None:
        for field, value in changes.items():
            setattr(self.conversation, field, value)

    def _moved(self, old: str, new: str, reason: str, actor: str, agent: Agent | None) -> None:
        self.transitions.append(
            Transition(
                conversation=self.conversation,
                episode=self.conversation.episode,
                old=old,
                new=new,
                reason=reason,
                actor=actor,
                user=agent.user if agent else None,
                at=self.at,
            )
        )
