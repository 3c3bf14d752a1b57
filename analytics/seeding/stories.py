"""How one seeded conversation goes: what she wants, whether the assistant knows, who takes over, how it ends."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from conversations.endings import CLOSING_LINES
from conversations.lifecycle import Reason, Status
from conversations.models import Customer, DeskSettings, Role, Transition, TurnRecord
from handoff.models import CARRIED, Agent, Handoff, HandoffEvent, HandoffSettings
from handoff.models import Reason as HandoffReason
from handoff.priority import Facts, priority

from . import words
from .clock import at_work
from .rows import NotYet, Rows

CONNECTING = "I'm connecting you with a human agent. Please wait…"
Outcome = TurnRecord.Outcome


@dataclass(frozen=True)
class Setting:
    """What all stories of a history share."""

    agents: list[Agent]
    desk: DeskSettings
    weights: HandoffSettings
    tz: ZoneInfo


class Story:
    def __init__(self, rows: Rows, setting: Setting) -> None:
        self.rows, self.dice, self.setting = rows, rows.dice, setting
        self.theme = self.dice.choices(words.THEMES, [theme.weight for theme in words.THEMES])[0]
        self.order = f"FW-{self.dice.randrange(9500, 99999):05d}"

    def tell(self) -> None:
        try:
            self._tell()
            if self.dice.random() < 0.04:
                self._reopen()
        except NotYet:
            pass  # it is still going on

    def _tell(self) -> None:
        if self.dice.random() < 0.02:
            return self._fall_silent()  # opened, and not a word
        if self.dice.random() < self.theme.escalates:
            return self._with_a_person()
        self._ask(self.theme.asks, knows=self.dice.random() < 0.93)
        while self.dice.random() < 0.45:
            self._ask(self.theme.more, knows=self.dice.random() < 0.9)
        if self.dice.random() < 0.3:
            return self._fall_silent()
        self._leave(thanks=self.dice.random() < 0.5)
        return self._rate(4.4)

    # --- With the assistant --------------------------------------------------------------------------------------

    def _ask(self, lines: tuple[str, ...], *, knows: bool) -> None:
        rows = self.rows
        writes, answers = self.dice.lognormvariate(3.4, 0.6), self.dice.lognormvariate(0.7, 0.5)
        rows.later(writes, and_then=answers)  # nobody is left with a question that the assistant owes an answer to
        self._customer_writes(self._one_of(lines))
        rows.later(answers)
        rows.say(Role.ASSISTANT, self._one_of(self.theme.answers) if knows else words.UNSURE)
        rows.conversation.intent = self.theme.intent
        rows.conversation.failed_attempts = 0 if knows else rows.conversation.failed_attempts + 1
        rows.move(Status.WAITING_FOR_INPUT, reason=Reason.ANSWERED, actor=Transition.ASSISTANT)
        rows.record(self.theme.intent, Outcome.ANSWERED if knows else Outcome.FALLBACK)

    def _customer_writes(self, body: str) -> None:
        self.rows.say(Role.CUSTOMER, body)
        if self.rows.conversation.with_assistant:
            self.rows.move(Status.PROCESSING, reason=Reason.ASKED, actor=Transition.CUSTOMER)

    # --- With a person -------------------------------------------------------------------------------------------

    def _with_a_person(self) -> None:
        reason = self.dice.choices(self.theme.reasons, [0.5**place for place in range(len(self.theme.reasons))])[0]
        reason = self._sometimes(0.03, HandoffReason.ASSISTANT_UNAVAILABLE, reason)
        reason = self._sometimes(0.04, HandoffReason.AGENT_STEPPED_IN, reason)
        for turn in range(2 if reason is HandoffReason.FAILED_ATTEMPTS else self.dice.randrange(2)):
            self._ask(self.theme.more if turn else self.theme.asks, knows=False)
        agent = self.dice.choice(self.setting.agents)
        if reason is HandoffReason.AGENT_STEPPED_IN:
            self._ask(self.theme.asks, knows=False)
            self._step_in(agent)
        else:
            wait = self._escalate(reason)
            patience = self.dice.lognormvariate(7.2, 0.9)
            if patience < wait:
                self.rows.later(patience)
                self._leave(thanks=False)
                return self._rate(1.6)
            self.rows.later(wait)
            self._claim(agent)
        self._talk(agent)
        self._end(agent)
        return None

    def _escalate(self, reason: HandoffReason) -> float:
        """Puts her in the queue and returns the seconds until an agent comes."""
        rows = self.rows
        takes = self.dice.uniform(0.3, 2.0)
        rows.later(self.dice.lognormvariate(3.4, 0.6), and_then=takes)
        asks = words.ASKS_FOR_PERSON if reason is HandoffReason.HUMAN_REQUESTED else self.theme.more
        self._customer_writes(self._one_of(asks if rows.messages else self.theme.asks))
        rows.later(takes)
        rows.conversation.intent = self.theme.intent
        rows.move(Status.ESCALATED, reason=reason, actor=Transition.ASSISTANT)
        local = rows.at.astimezone(self.setting.tz)
        usual = 110.0 if at_work(local) else 900.0
        low, high = round(usual * 0.5), round(usual * 2.2)
        self._request(reason, place=1 + self.dice.randrange(4), estimate_low=low, estimate_high=high)
        rows.say(Role.SYSTEM, CONNECTING)
        rows.record(self.theme.intent, Outcome.HANDED_OFF)
        return self.dice.lognormvariate(0, 0.6) * usual

    def _step_in(self, agent: Agent) -> None:
        rows = self.rows
        rows.later(self.dice.uniform(10, 60))
        rows.move(Status.ESCALATED, reason=HandoffReason.AGENT_STEPPED_IN, actor=Transition.AGENT, agent=agent)
        handoff = self._request(HandoffReason.AGENT_STEPPED_IN)
        handoff.status, handoff.agent, handoff.claimed_at = Handoff.Status.ASSIGNED, agent, rows.at
        rows.say(Role.SYSTEM, f"{agent.name} joined the conversation.")

    def _request(self, reason: HandoffReason, **fields: int) -> Handoff:
        rows, conversation = self.rows, self.rows.conversation
        premium = conversation.customer.tier == Customer.Tier.PREMIUM
        facts = Facts(premium, conversation.intent == "billing_question", rows.at - conversation.opened_at)
        level, steps = priority(facts, self.setting.weights)
        seen, value, threshold = words.EVIDENCE[reason]
        seq = conversation.last_customer_seq
        handoff = rows.hand_off(
            reason=reason,
            evidence={"seen": [seen], "seq": seq, "value": value, "threshold": threshold},
            base_priority=level,
            priority_reasons=steps,
            trigger_seq=min(conversation.last_public_seq, seq + CARRIED - 1),
            context={"tier": conversation.customer.tier, "intents": [self.theme.intent], "orders": [self.order]},
            summary=self._brief(reason),
            summary_engine="local",
            agents_there=len(self.setting.agents) if fields else None,
            **fields,
        )
        rows.log(HandoffEvent.Kind.REQUESTED)
        return handoff

    def _brief(self, reason: HandoffReason) -> str:
        asked = next(message.body for message in self.rows.messages if message.role == Role.CUSTOMER)
        tried = sum(message.role == Role.ASSISTANT for message in self.rows.messages)
        return (
            f"Main issue: {asked}\nTried: {tried or 'no'} answers by the assistant\n"
            f"Why escalated: {reason.label}\nContext: order {self.order}"
        )

    def _claim(self, agent: Agent) -> None:
        handoff = self.rows.handoffs[-1]
        handoff.status, handoff.agent, handoff.claimed_at = Handoff.Status.ASSIGNED, agent, self.rows.at
        self.rows.log(HandoffEvent.Kind.CLAIMED, agent)
        self.rows.say(Role.SYSTEM, f"{agent.name} joined the conversation.")

    def _talk(self, agent: Agent) -> None:
        rows, handoff = self.rows, self.rows.handoffs[-1]
        rows.later(self.dice.lognormvariate(3.5, 0.6))
        rows.say(Role.AGENT, self._one_of(words.AGENT_HELLO, agent), agent)
        handoff.first_reply_at = rows.at
        for _ in range(1 + int(self.dice.expovariate(0.6))):
            rows.later(self.dice.lognormvariate(3.6, 0.7))
            self._customer_writes(self._one_of(self.theme.more))
            if self.dice.random() < 0.15:
                rows.say(Role.NOTE, self._one_of(words.NOTES), agent)
            rows.later(self.dice.lognormvariate(4.2, 0.7))
            rows.say(Role.AGENT, self._one_of(words.AGENT_WORDS), agent)

    def _end(self, agent: Agent) -> None:
        roll = self.dice.random()
        if roll < 0.08:
            self._hand_back(agent)
            self._ask(self.theme.more, knows=True)
            self._leave(thanks=True)
        elif roll < 0.25:
            self._leave(thanks=True)
        else:
            self.rows.later(self.dice.lognormvariate(3.5, 0.8))
            self._end_handoff(Handoff.Status.RESOLVED, HandoffEvent.Kind.RESOLVED, agent)
            self._close(Reason.RESOLVED, Transition.AGENT, agent)
        self._rate(4.0)

    def _hand_back(self, agent: Agent) -> None:
        self.rows.later(self.dice.uniform(10, 40))
        self.rows.move(Status.ACTIVE, reason=Reason.RETURNED, actor=Transition.AGENT, agent=agent)
        self._end_handoff(Handoff.Status.RETURNED, HandoffEvent.Kind.RETURNED, agent)
        self.rows.say(Role.SYSTEM, "You are back with the assistant.")

    def _end_handoff(self, status: Handoff.Status, kind: HandoffEvent.Kind, agent: Agent | None) -> None:
        handoff = self.rows.handoffs[-1]
        handoff.status, handoff.ended_at = status, self.rows.at
        self.rows.log(kind, agent)

    # --- How it ends ---------------------------------------------------------------------------------------------

    def _leave(self, *, thanks: bool) -> None:
        rows = self.rows
        if thanks and rows.conversation.status == Status.ESCALATED:
            rows.later(self.dice.lognormvariate(3.2, 0.6), and_then=60)
            self._customer_writes(self._one_of(words.THANKS))
            rows.later(self.dice.uniform(5, 30))
            rows.say(Role.AGENT, "You are welcome. Have a good day!", rows.handoffs[-1].agent)
        rows.later(self.dice.lognormvariate(3.3, 0.8))
        if rows.conversation.status == Status.ESCALATED:
            self._end_handoff(Handoff.Status.ENDED, HandoffEvent.Kind.ENDED, rows.handoffs[-1].agent)
        self._close(Reason.CUSTOMER_LEFT, Transition.CUSTOMER)

    def _fall_silent(self) -> None:
        silence = timedelta(minutes=self.setting.desk.idle_after_minutes).total_seconds()
        self.rows.later(silence)
        self.rows.move(Status.IDLE, reason=Reason.SILENT, actor=Transition.SYSTEM)
        self.rows.say(Role.SYSTEM, self.setting.desk.reminder)
        self.rows.later(silence)
        self._close(Reason.INACTIVITY, Transition.SYSTEM)

    def _close(self, reason: Reason, actor: str, agent: Agent | None = None) -> None:
        self.rows.say(Role.SYSTEM, CLOSING_LINES[reason])
        self.rows.move(Status.CLOSED, reason=reason, actor=actor, agent=agent)

    def _rate(self, mean: float) -> None:
        conversation = self.rows.conversation
        if self.dice.random() > 0.32:
            return
        self.rows.later(self.dice.uniform(5, 90))
        conversation.rating = min(5, max(1, round(self.dice.gauss(mean, 1.0))))
        conversation.rated_at = self.rows.at
        if self.dice.random() < 0.2:
            conversation.rating_comment = self._one_of(words.COMMENTS[conversation.rating])

    def _reopen(self) -> None:
        self.rows.later(self.dice.uniform(600, self.setting.desk.reopen_within_hours * 3600))
        self.rows.move(Status.ACTIVE, reason=Reason.REOPENED, actor=Transition.CUSTOMER)
        self.rows.say(Role.SYSTEM, "This conversation was reopened.")
        self._ask(self.theme.more, knows=True)
        self._leave(thanks=False)

    # --- Words and dice ------------------------------------------------------------------------------------------

    def _one_of(self, lines: tuple[str, ...], agent: Agent | None = None) -> str:
        return self.dice.choice(lines).format(order=self.order, agent=agent.name if agent else "")

    def _sometimes(self, share: float, this: HandoffReason, that: HandoffReason) -> HandoffReason:
        return this if self.dice.random() < share else that
