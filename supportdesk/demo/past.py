"""The demo's past two weeks and its last half hour, told again turn by turn through the verbs that lived it."""

import random
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from conversations import endings
from conversations.lifecycle import Reason, Status
from conversations.models import Conversation, Customer, DeskSettings, Order, Role, Transition, TurnRecord
from conversations.posting import append
from handoff import inbox
from handoff.escalation import Evidence, tell_connecting
from handoff.models import Agent, Handoff
from handoff.models import Reason as HandoffReason
from handoff.opening import open_handoff

from .shop import Content

DAYS = 14
LIKELY_HOURS = (8, 9, 9, 10, 10, 11, 12, 13, 14, 15, 15, 16, 17, 18, 19, 19, 20, 21)

Named = dict[str, str]  # what a talk's placeholders stand for


def remember(talks: Content, visitors: list[str], now: datetime) -> None:
    """Writes every talk of the file; the same dice for every desk, so that all demos look alike."""
    dice = random.Random(1871)
    agents = list(Agent.objects.select_related("user"))
    if not agents:
        return
    for talk in talks["past"]:
        for _ in range(talk["often"]):
            customer, named = _somebody(visitors, dice)
            story = Story.begin(customer, dice.choice(agents), _moment(now, dice), dice)
            story.tell(talk, named)
            story.end(talk)
    for talk in talks["now"]:
        customer = Customer.objects.get(external_id=talk["customer"])
        agent = next((a for a in agents if a.user.get_username() == talk.get("agent")), agents[0])
        story = Story.begin(customer, agent, now - timedelta(minutes=talk["minutes"]), dice)
        story.tell(talk, {})
        if talk["state"] == "waiting":
            story.escalate(talk)


def _somebody(visitors: list[str], dice: random.Random) -> tuple[Customer, Named]:
    """One of those who have orders, or, mostly, somebody of whom no more than a first name is known."""
    order = dice.choice(list(Order.objects.order_by("number")))
    if dice.random() < 0.2:
        return Customer.objects.get(external_id=order.email), {"number": order.number, "items": order.items}
    customer = Customer.objects.create(name=dice.choice(visitors))
    return customer, {"number": f"FW-{dice.randrange(9500, 9990):05d}", "items": order.items}


def _moment(now: datetime, dice: random.Random) -> datetime:
    """Some time in the past two weeks, when people are awake; fewer on a weekend, none in the last two hours."""
    while True:
        day = now - timedelta(days=dice.randrange(DAYS))
        moment = day.replace(hour=dice.choice(LIKELY_HOURS), minute=dice.randrange(60), second=dice.randrange(60))
        rests = moment.weekday() >= 5 and dice.random() < 0.5
        if moment < now - timedelta(hours=2) and not rests:
            return moment


@dataclass
class Story:
    """One conversation and its clock."""

    conversation: Conversation
    agent: Agent
    at: datetime
    dice: random.Random
    handoff: Handoff | None = None

    @classmethod
    def begin(cls, customer: Customer, agent: Agent, at: datetime, dice: random.Random) -> "Story":
        conversation, _ = Conversation.start(customer)
        conversation.created_at = conversation.opened_at = conversation.last_activity_at = at
        conversation.save(update_fields=["created_at", "opened_at", "last_activity_at"])
        conversation.transitions.update(at=at)
        return cls(conversation, agent, at, dice)

    def tell(self, talk: Content, named: Named) -> None:
        for turn in talk["turns"]:
            who, _, words = turn.partition(": ")
            words = words.format(**named) if named else words
            match who:
                case "c":
                    self.customer_says(words)
                case "b" | "b?":
                    self.assistant_says(words, talk["intent"], knows=who == "b")
                case "a":
                    if self.handoff is None:
                        self.escalate(talk)
                        self.claim()
                    self.agent_says(words)

    # --- Turns ---------------------------------------------------------------------------------------------------

    def customer_says(self, words: str) -> None:
        self._later(8, 40)
        append(
            self.conversation, role=Role.CUSTOMER, body=words, author_name=self.conversation.customer.name, now=self.at
        )

    def assistant_says(self, words: str, intent: str, *, knows: bool) -> None:
        self._later(1, 3)
        conversation = self.conversation
        append(conversation, role=Role.ASSISTANT, body=words, now=self.at)
        conversation.intent = intent
        conversation.failed_attempts = 0 if knows else conversation.failed_attempts + 1
        conversation.save(update_fields=["intent", "failed_attempts"])
        conversation.move(Status.WAITING_FOR_INPUT, reason=Reason.ANSWERED, actor=Transition.ASSISTANT, now=self.at)
        self._record(intent, TurnRecord.Outcome.ANSWERED if knows else TurnRecord.Outcome.FALLBACK)

    def agent_says(self, words: str) -> None:
        self._later(20, 70)
        assert self.handoff is not None
        append(
            self.conversation,
            role=Role.AGENT,
            body=words,
            author=self.agent.user,
            author_name=self.agent.name,
            now=self.at,
        )
        if self.handoff.first_reply_at is None:
            self.handoff.first_reply_at = self.at
            self.handoff.save(update_fields=["first_reply_at"])

    # --- A person is needed --------------------------------------------------------------------------------------

    def escalate(self, talk: Content) -> None:
        self._later(1, 2)
        conversation, evidence = self.conversation, Evidence([talk["saw"]], self.conversation.last_customer_seq)
        conversation.intent = talk["intent"]
        conversation.save(update_fields=["intent"])
        conversation.move(Status.ESCALATED, reason=talk["reason"], actor=Transition.CUSTOMER, now=self.at)
        failed = conversation.failed_attempts + (talk["reason"] == HandoffReason.FAILED_ATTEMPTS)
        self.handoff = open_handoff(
            conversation, HandoffReason(talk["reason"]), asdict(evidence), failed_attempts=failed, now=self.at
        )
        tell_connecting(self.handoff, self.at)
        self._record(talk["intent"], TurnRecord.Outcome.HANDED_OFF)

    def claim(self) -> None:
        assert self.handoff is not None
        self._later(30, 150)
        self.handoff = inbox.claim(self.handoff.pk, self.agent, now=self.at)
        self.conversation = self.handoff.conversation

    # --- How it ended --------------------------------------------------------------------------------------------

    def end(self, talk: Content) -> None:
        match Reason(talk["ends"]):
            case Reason.RESOLVED:
                self._resolve()
            case Reason.CUSTOMER_LEFT:
                self._close(Reason.CUSTOMER_LEFT, Transition.CUSTOMER)
            case Reason.INACTIVITY:
                self._fall_silent()
        if score := self.dice.choice(talk["score"]):
            self.conversation.rating, self.conversation.rated_at = score, self.at
            self.conversation.save(update_fields=["rating", "rated_at"])

    def _resolve(self) -> None:
        assert self.handoff is not None
        self._later(10, 60)
        self.handoff = inbox.resolve(self.handoff.pk, self.agent, now=self.at)
        self.conversation = self.handoff.conversation
        # Whoever reads it reads all of it; a brief would come two weeks late, and cost a model's time.
        Handoff.objects.filter(pk=self.handoff.pk).update(brief_due_at=None)

    def _fall_silent(self) -> None:
        desk = DeskSettings.current()
        self.at += timedelta(minutes=desk.idle_after_minutes)
        self.conversation.move(Status.IDLE, reason=Reason.SILENT, actor=Transition.SYSTEM, now=self.at)
        append(self.conversation, role=Role.SYSTEM, body=desk.reminder, now=self.at)
        self.at += timedelta(minutes=desk.idle_after_minutes)
        self._close(Reason.INACTIVITY, Transition.SYSTEM)

    def _close(self, reason: Reason, actor: str) -> None:
        self._later(5, 30)
        self.conversation = endings.close(self.conversation.pk, reason=reason, actor=actor, now=self.at)

    # --- The clock and the books ---------------------------------------------------------------------------------

    def _later(self, least: int, most: int) -> None:
        self.at += timedelta(seconds=self.dice.uniform(least, most))

    def _record(self, intent: str, outcome: str) -> None:
        TurnRecord.objects.update_or_create(
            conversation=self.conversation,
            seq=self.conversation.last_customer_seq,
            defaults={
                "intent": intent,
                "confidence": self.dice.uniform(0.6, 0.98),
                "engine": "local",
                "outcome": outcome,
                "created_at": self.at,
            },
        )
