"""What an agent does: take a conversation, write, pass it on, give it back, resolve it.

Each verb is one short transaction that locks the conversation and then looks again; who comes second is Refused
(`taken`, `ended`, `full`) and told why. Whoever holds a conversation writes to its customer, the others leave notes.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations import endings, live, posting, turns
from conversations.actors import Action, StaffActor
from conversations.lifecycle import Reason as ConversationReason
from conversations.lifecycle import Status
from conversations.models import Conversation, Role, Transition
from conversations.posting import Posted, Refused, append

from .models import OPEN, Agent, Handoff, HandoffEvent, Reason
from .opening import open_handoff
from .waits import for_agents, refresh_line, told

Kind = HandoffEvent.Kind


# --- Taking --------------------------------------------------------------------------------------------------------


def claim(handoff_id: UUID, agent: Agent, *, take_over: bool = False, now: datetime | None = None) -> Handoff:
    """Takes a conversation that waits or, with `take_over`, one that a colleague holds. By hand an agent may take more
    than her capacity. Taking what she has already changes nothing."""
    now = now or timezone.now()
    with transaction.atomic():
        handoff = _locked(handoff_id)
        if handoff.agent_id != agent.pk:
            if handoff.agent and not take_over:
                raise _taken(handoff)
            _assign(handoff, agent, by=agent, now=now)
    return handoff


def claim_next(agent: Agent, *, now: datetime | None = None) -> Handoff | None:
    """Takes the head of the queue; None where it is empty. Refused (`full`) at her capacity."""
    now = now or timezone.now()
    if Handoff.objects.held_by(agent).count() >= agent.capacity:
        raise Refused(
            "full", f"You have {agent.capacity} conversations, as many as you take. Take one by hand, or end one."
        )
    while head := Handoff.objects.waiting().in_order(now).first():
        try:
            return claim(head.pk, agent, now=now)
        except Refused:
            continue  # somebody was quicker; so the head is another one now
    return None


def step_in(conversation_id: UUID, agent: Agent, *, now: datetime | None = None) -> Handoff:
    """Takes a conversation that the assistant holds, without a word yet. Raises Refused once it has ended."""
    now = now or timezone.now()
    with transaction.atomic():
        conversation = _lock(conversation_id)
        if conversation.status == Status.CLOSED:
            raise Refused("ended", "This conversation has ended.")
        return _held_by(agent, conversation, now)


# --- Writing -------------------------------------------------------------------------------------------------------


def reply(
    conversation_id: UUID, agent: Agent, body: str, *, client_id: UUID | None = None, now: datetime | None = None
) -> Posted:
    """The agent's words to the customer. Whoever writes to a conversation that waits, or that the assistant holds,
    has taken it."""
    now = now or timezone.now()
    with transaction.atomic():
        conversation = _lock(conversation_id)
        known = client_id and conversation.messages.filter(client_id=client_id).exists()
        handoff = None if known or conversation.status == Status.CLOSED else _held_by(agent, conversation, now)
        posted = posting.post_to(
            conversation, role=Role.AGENT, body=body, client_id=client_id, author=agent.user, author_name=agent.name
        )
        if handoff and handoff.first_reply_at is None:
            Handoff.objects.filter(pk=handoff.pk, first_reply_at=None).update(first_reply_at=now)
    return posted


def note(conversation_id: UUID, agent: Agent, body: str, *, client_id: UUID | None = None) -> Posted:
    """Words among agents, in any conversation, an ended one too."""
    return posting.post(
        conversation_id, role=Role.NOTE, body=body, client_id=client_id, author=agent.user, author_name=agent.name
    )


def _held_by(agent: Agent, conversation: Conversation, now: datetime) -> Handoff:
    """The agent's handoff of a locked conversation, taken or made if nobody holds it."""
    if conversation.status != Status.ESCALATED:
        reason = Reason.AGENT_STEPPED_IN
        conversation.move(Status.ESCALATED, reason=reason, actor=Transition.AGENT, user=agent.user, now=now)
        if not conversation.unanswered():  # she waits for nothing
            conversation.waiting_since = None
            conversation.save(update_fields=["waiting_since"])
        return _open_for(agent, conversation, "took over from the assistant", now)
    handoff = conversation.handoffs.filter(status__in=OPEN).select_related("agent").first()
    if handoff is None:
        return _open_for(agent, conversation, "took over where nobody had been asked for", now)
    handoff.conversation = conversation
    if handoff.agent_id != agent.pk:
        if handoff.agent:
            raise _taken(handoff)
        _assign(handoff, agent, by=agent, now=now)
    return handoff


def _open_for(agent: Agent, conversation: Conversation, did: str, now: datetime) -> Handoff:
    evidence = {"seen": [f"{agent.name} {did}"], "seq": conversation.last_public_seq, "value": None, "threshold": None}
    handoff = open_handoff(
        conversation,
        Reason.AGENT_STEPPED_IN,
        evidence,
        failed_attempts=conversation.failed_attempts,
        agent=agent,
        now=now,
    )
    _tell(handoff, f"{agent.name} joined the conversation.", now)
    return handoff


# --- Passing on ----------------------------------------------------------------------------------------------------


def transfer(
    handoff_id: UUID, agent: Agent, *, to: Agent | None, note: str = "", now: datetime | None = None
) -> Handoff:
    """Gives the conversation to a colleague or, with `to=None`, back to the queue, where it keeps its place in time.
    Only its holder may; one that waits, anybody may give to somebody."""
    now = now or timezone.now()
    if to and not StaffActor(to.user).may(Action.ANSWER):
        raise Refused("not_an_agent", f"{to} does not answer customers.")
    with transaction.atomic():
        handoff = _locked(handoff_id)
        if handoff.agent and handoff.agent_id != agent.pk:
            raise _taken(handoff)
        if note:
            append(handoff.conversation, role=Role.NOTE, body=note, author=agent.user, author_name=agent.name, now=now)
        if to is None:
            _put_back(handoff, by=agent, note=note, now=now)
        elif to.pk != handoff.agent_id:
            _assign(handoff, to, by=agent, note=note, now=now)
    return handoff


def free(handoff_id: UUID, *, now: datetime) -> None:
    """Puts a conversation whose agent does not answer customers any more back into the queue."""
    with transaction.atomic():
        handoff = _locked(handoff_id)
        if handoff.agent is None or not StaffActor(handoff.agent.user).may(Action.ANSWER):
            _put_back(handoff, by=None, now=now)


def free_deserted(handoff_id: UUID, *, absent_since: datetime, now: datetime) -> bool:
    """Puts a conversation into the queue whose customer waits while its agent has not been seen; whether it did."""
    with transaction.atomic():
        Conversation.objects.lock(Handoff.objects.values_list("conversation_id", flat=True).get(pk=handoff_id))
        deserted = Handoff.objects.deserted(absent_since).filter(pk=handoff_id).exists()
        if deserted:  # asked again under the lock: she may be back
            _put_back(_locked(handoff_id), by=None, now=now)
    return deserted


def hand_back(handoff_id: UUID, agent: Agent, *, note: str = "", now: datetime | None = None) -> Handoff:
    """Gives the conversation back to the assistant, which answers what the customer asked and nobody answered, and
    from then on her next messages."""
    now = now or timezone.now()
    with transaction.atomic():
        handoff = _locked(handoff_id)
        _must_hold(handoff, agent)
        if note:
            append(handoff.conversation, role=Role.NOTE, body=note, author=agent.user, author_name=agent.name, now=now)
        who: dict[str, Any] = {"actor": Transition.AGENT, "user": agent.user}
        handoff.conversation.move(Status.ACTIVE, reason=ConversationReason.RETURNED, now=now, **who)
        _end(handoff, Handoff.Status.RETURNED, Kind.RETURNED, agent, note=note, now=now)
        append(handoff.conversation, role=Role.SYSTEM, body="You are back with the assistant.", now=now)
        if _asks_assistant(handoff):
            turns.owe(handoff.conversation, now=now, **who)
    return handoff


def _asks_assistant(handoff: Handoff) -> bool:
    """Whether her newest words got no answer. Those by which she asked for a person are none for the assistant."""
    unanswered = handoff.conversation.unanswered()
    in_words = handoff.reason == Reason.HUMAN_REQUESTED and handoff.evidence.get("seq") is not None
    return unanswered is not None and not (in_words and unanswered.seq <= handoff.trigger_seq)


def resolve(handoff_id: UUID, agent: Agent, *, now: datetime | None = None) -> Handoff:
    """Closes the conversation as resolved. One that waits, anybody may resolve."""
    now = now or timezone.now()
    with transaction.atomic():
        handoff = _locked(handoff_id)
        if handoff.agent and handoff.agent_id != agent.pk:
            raise _taken(handoff)
        _end(handoff, Handoff.Status.RESOLVED, Kind.RESOLVED, agent, now=now)
        reason = ConversationReason.RESOLVED
        handoff.conversation = endings.close(
            handoff.conversation_id, reason=reason, actor=Transition.AGENT, user=agent.user, now=now
        )
    return handoff


# --- What the verbs share ------------------------------------------------------------------------------------------


def _lock(conversation_id: UUID) -> Conversation:
    return Conversation.objects.select_for_update(of=("self",)).select_related("customer").get(pk=conversation_id)


def _locked(handoff_id: UUID) -> Handoff:
    """The handoff as it is now, its conversation locked: always the conversation first, so that no two verbs wait for
    each other. Raises Handoff.DoesNotExist, and Refused if it is over."""
    conversation_id = Handoff.objects.values_list("conversation_id", flat=True).get(pk=handoff_id)
    conversation = _lock(conversation_id)
    handoff = Handoff.objects.select_related("agent__user").get(pk=handoff_id)
    handoff.conversation = conversation
    if handoff.status not in OPEN or conversation.status != Status.ESCALATED:
        raise Refused("ended", "This request is over: the conversation was ended or handed back.")
    return handoff


def _assign(handoff: Handoff, agent: Agent, *, by: Agent, note: str = "", now: datetime) -> None:
    before = handoff.agent
    _change(handoff, status=Handoff.Status.ASSIGNED, agent=agent, claimed_at=Coalesce("claimed_at", now))
    passed = by.pk != agent.pk
    kind = Kind.TRANSFERRED if passed else Kind.CLAIMED
    note = note or (f"Taken over from {before}" if before and not passed else "")
    _log(handoff, kind, by, to=agent if passed else None, note=note, now=now)
    _tell(handoff, f"{agent.name} is taking over." if before else f"{agent.name} joined the conversation.", now)
    refresh_line()


def _put_back(handoff: Handoff, *, by: Agent | None, note: str = "", now: datetime) -> None:
    if handoff.status == Handoff.Status.WAITING:
        return
    _change(handoff, status=Handoff.Status.WAITING, agent=None)
    _log(handoff, Kind.TRANSFERRED, by, note=note, now=now)
    _tell(handoff, "You are back in line for the next free agent.", now)
    refresh_line()


def _end(
    handoff: Handoff, status: Handoff.Status, kind: HandoffEvent.Kind, agent: Agent, *, note: str = "", now: datetime
) -> None:
    _change(handoff, status=status, ended_at=now)
    _log(handoff, kind, agent, note=note, now=now)
    live.announce_queue()
    refresh_line()


def _change(handoff: Handoff, **changes: object) -> None:
    """Compare and set: right on both databases, even for a caller that forgot the lock."""
    unchanged = Handoff.objects.filter(pk=handoff.pk, status=handoff.status, agent=handoff.agent)
    if not unchanged.update(**changes):
        raise _taken(Handoff.objects.select_related("agent").get(pk=handoff.pk))
    handoff.refresh_from_db(fields=changes.keys())


def _log(
    handoff: Handoff, kind: HandoffEvent.Kind, by: Agent | None, *, to: Agent | None = None, note: str, now: datetime
) -> None:
    room = HandoffEvent._meta.get_field("note").max_length
    HandoffEvent.objects.create(handoff=handoff, kind=kind, agent=by, to_agent=to, note=note[:room], at=now)


def _tell(handoff: Handoff, line: str, now: datetime) -> None:
    """Says in the transcript who holds the conversation now, and announces it."""
    conversation = handoff.conversation
    append(conversation, role=Role.SYSTEM, body=line, now=now)
    shape = told(handoff, None, now)
    live.announce_status(conversation.pk, status=conversation.status, handoff=shape)
    live.announce_handoff(conversation.pk)
    live.announce_queue()
    if handoff.agent:
        shape |= for_agents(handoff, now) | {"conversation": str(conversation.pk)}
        live.announce_assigned(handoff.agent.user_id, shape)


def _must_hold(handoff: Handoff, agent: Agent) -> None:
    if handoff.agent is None:
        raise Refused("taken", "Nobody has taken this conversation yet. Take it first.")
    if handoff.agent_id != agent.pk:
        raise _taken(handoff)


def _taken(handoff: Handoff) -> Refused:
    if handoff.agent is None:
        return Refused("taken", "Somebody else was quicker. Look again.")
    return Refused("taken", f"{handoff.agent} has this conversation. Take it over first, or leave a note.")
