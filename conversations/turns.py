"""take_turn: one customer message from its arrival to a reply or a handoff.

The turn is drafted without any lock, however long that takes, and settled in one short transaction that looks again:
whoever took over meanwhile wins, and a newer message of hers gets the answer instead.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from . import assistant, background, live
from .assistant.turn import Draft, Outcome, Turn
from .lifecycle import Reason, Status
from .models import Conversation, Role, Transition, TurnRecord
from .models.conversation import TURN_LEASE
from .posting import Refused, append, readable

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

HISTORY = 40  # messages a turn reads; what of it goes to the model is context.py's to decide
TURN_SECONDS = 45  # the longest that routing and drafting may take together
MAX_ATTEMPTS = 3  # takes of a turn whose process died, before a person gets it
MAX_RETAKEN = 20  # such turns under way at once in one process


class Escalate(Protocol):
    """Looks at a turn and hands the conversation to a person if a rule objects to the assistant going on.

    Called inside settle's transaction with the conversation locked; returns whether it handed off. The one thing that
    `conversations` needs from `handoff`, and so it is passed in where the doors are built.
    """

    def __call__(self, turn: Turn) -> bool: ...


async def take_turn(conversation_id: UUID, *, escalate: Escalate) -> None:
    """Answers what the customer said last, or hands her to a person. Safe to run twice, and to kill anywhere."""
    turn = await database_sync_to_async(begin)(conversation_id)
    if turn is None:
        return
    deadline = asyncio.get_running_loop().time() + TURN_SECONDS
    async with _lease_kept(turn):
        turn.routing, turn.draft = await _route(turn, deadline)
        if await database_sync_to_async(settle)(turn, escalate=escalate):
            return  # a rule objected to what she said; no need to draft
        turn.draft = await _draft(turn, deadline)
        await database_sync_to_async(settle)(turn, escalate=escalate)


def begin(conversation_id: UUID) -> Turn | None:
    """The turn that the assistant owes, or None if it owes none (any more)."""
    conversation = Conversation.objects.select_related("customer").filter(pk=conversation_id).first()
    if conversation is None or conversation.status != Status.PROCESSING:
        return None
    return _turn(conversation)


def settle(turn: Turn, *, escalate: Escalate) -> bool:
    """Ends the turn: handed off, answered, or dropped if it is no longer ours. False: nothing drafted yet, go on."""
    with transaction.atomic():
        conversation = (
            Conversation.objects.select_for_update(of=("self",)).select_related("customer").get(pk=turn.conversation.pk)
        )
        overtaken = conversation.epoch != turn.epoch or conversation.last_customer_seq != turn.seq
        if overtaken or conversation.status != Status.PROCESSING:
            _take_back(turn)
            return True
        turn.conversation = conversation
        if escalate(turn):
            _take_back(turn)
            _record(turn, TurnRecord.Outcome.HANDED_OFF)
            return True
        if turn.draft is None:
            return False
        _reply(turn, turn.draft)
        return True


def _take_back(turn: Turn) -> None:
    if turn.begun:
        live.announce_delta_end(turn.conversation.pk, turn.id)


def _reply(turn: Turn, draft: Draft) -> None:
    conversation = turn.conversation
    if draft.outcome not in (Outcome.ANSWERED, Outcome.FALLBACK):
        raise AssertionError(f"no rule took a draft that says {draft.outcome}")  # a customer would wait for nobody
    data: dict[str, Any] = {"turn": turn.id}
    if draft.sources:
        data["sources"] = draft.sources
    append(conversation, role=Role.ASSISTANT, body=draft.body, data=data)
    conversation.failed_attempts = turn.failed_attempts
    conversation.save(update_fields=["failed_attempts"])
    conversation.move(Status.WAITING_FOR_INPUT, reason=Reason.ANSWERED, actor=Transition.ASSISTANT)
    _record(turn, TurnRecord.Outcome(draft.outcome))


def _record(turn: Turn, outcome: TurnRecord.Outcome) -> None:
    routing = turn.routing
    if routing and routing.intent:
        turn.conversation.intent = routing.intent
        turn.conversation.save(update_fields=["intent"])
    TurnRecord.objects.create(
        conversation=turn.conversation,
        seq=turn.seq,
        episode=turn.conversation.episode,
        epoch=turn.epoch,
        intent=routing.intent if routing else "",
        confidence=routing.confidence if routing else 0.0,
        engine=routing.engine if routing else "",
        why=routing.why[:200] if routing else "",
        outcome=outcome,
        data=_findings(turn.draft),
    )


def _findings(draft: Draft | None) -> dict[str, Any]:
    if draft is None:
        return {}
    return draft.data | ({"error": draft.error} if draft.error else {})


async def _route(turn: Turn, deadline: float) -> tuple[assistant.Routing | None, Draft | None]:
    try:
        async with asyncio.timeout_at(deadline):
            return await assistant.route(turn), None
    except Exception as error:
        return None, _failed(turn, error)


async def _draft(turn: Turn, deadline: float) -> Draft:
    def say(piece: str) -> None:
        turn.begun = True
        live.announce_delta(turn.conversation.pk, turn.id, piece)

    try:
        async with asyncio.timeout_at(deadline):
            draft = await assistant.draft(turn, say)
        if draft.outcome in (Outcome.ANSWERED, Outcome.FALLBACK):
            return replace(draft, body=readable(draft.body))  # a model may say nothing, or what cannot be stored
        return draft
    except Exception as error:
        return _failed(turn, error)


def _failed(turn: Turn, error: Exception) -> Draft:
    """Every failure of the assistant, foreseen or not, becomes a draft that a rule hands to a person."""
    log.error("the assistant failed in conversation %s", turn.conversation.pk, exc_info=error)
    # An error may quote anything a model sent; what no database keeps must not stop the handoff.
    what = "".join(filter(str.isprintable, f"{type(error).__name__}: {error}"))
    return Draft(Outcome.FAILED, error=what[:200])


# --- Beginning a turn, and finishing what a dead process left --------------------------------------------------------

_under_way: dict[UUID, Future[Any]] = {}


def start(conversation_id: UUID, *, escalate: Escalate) -> None:
    """Takes the turn in the background. A turn already under way here for the same customer would be dropped when
    it settles, because she has said more since: it is cancelled to save the model's time."""
    if earlier := _under_way.get(conversation_id):
        earlier.cancel()
    turn = _under_way[conversation_id] = background.run(take_turn(conversation_id, escalate=escalate))
    turn.add_done_callback(partial(_forget, conversation_id))


def _forget(conversation_id: UUID, turn: Future[Any]) -> None:
    if _under_way.get(conversation_id) is turn:
        del _under_way[conversation_id]


def ask_for_person(conversation_id: UUID, *, escalate: Escalate, by: "User | None" = None) -> None:
    """The button, pressed by the customer or for her `by` an agent. Pressed twice, or with a person already there, it
    changes nothing. Raises Refused if closed."""
    with transaction.atomic():
        conversation = (
            Conversation.objects.select_for_update(of=("self",)).select_related("customer").get(pk=conversation_id)
        )
        if conversation.status == Status.CLOSED:
            raise Refused("closed", "This conversation has ended.")
        if conversation.status == Status.ESCALATED:
            return
        turn = _turn(conversation)
        turn.asked, turn.asked_by = True, by
        if not escalate(turn):
            raise AssertionError("asking for a person did not hand off")


def owe(conversation: Conversation, *, now: datetime, **who: Any) -> None:
    """Gives the assistant the turn of a conversation whose row the caller has locked; the next sweep takes it."""
    conversation.move(Status.PROCESSING, reason=Reason.ASKED, now=now, **who)
    conversation.lease_until = now
    conversation.save(update_fields=["lease_until"])


def retake(as_of: datetime, *, escalate: Escalate) -> int:
    """Takes again the turns whose process died, in the background: a slow model must not hold up the other sweeps.
    After MAX_ATTEMPTS a person gets them. Returns how many it took; the rest is for the next sweep."""
    taken = 0
    for conversation in Conversation.objects.abandoned_turns(as_of)[: max(0, MAX_RETAKEN - len(_under_way))]:
        claim = Conversation.objects.filter(pk=conversation.pk, lease_until=conversation.lease_until)
        if not claim.update(lease_until=as_of + TURN_LEASE, turn_attempts=F("turn_attempts") + 1):
            continue  # another sweep was quicker, or she has written since
        taken += 1
        if conversation.turn_attempts + 1 < MAX_ATTEMPTS:
            start(conversation.pk, escalate=escalate)
        else:
            _give_up(conversation.pk, escalate=escalate)
    return taken


def _give_up(conversation_id: UUID, *, escalate: Escalate) -> None:
    if turn := begin(conversation_id):
        turn.draft = Draft(Outcome.FAILED, error=f"given up after {MAX_ATTEMPTS} attempts")
        try:
            settle(turn, escalate=escalate)
        except Exception:  # it stays claimed for one lease, and then the next sweep tries
            log.exception("conversation %s could not be handed to a person", conversation_id)


@asynccontextmanager
async def _lease_kept(turn: Turn) -> AsyncIterator[None]:
    """Renews the turn's lease while the block runs, so that a sweep takes over only from a process that is gone. One
    that is told to end gives the lease back, and the next sweep takes over at once."""
    renewal = asyncio.create_task(_renew_lease(turn))
    try:
        yield
    except asyncio.CancelledError:
        _take_back(turn)
        await database_sync_to_async(_give_lease_back)(turn)
        raise
    finally:
        renewal.cancel()


def _give_lease_back(turn: Turn) -> None:
    mine = Conversation.objects.filter(pk=turn.conversation.pk, status=Status.PROCESSING, epoch=turn.epoch)
    mine.filter(last_customer_seq=turn.seq).update(lease_until=timezone.now())  # if she wrote since, it is the next's


async def _renew_lease(turn: Turn) -> None:
    mine = Conversation.objects.filter(pk=turn.conversation.pk, status=Status.PROCESSING, epoch=turn.epoch)
    while True:
        await asyncio.sleep(TURN_LEASE.total_seconds() / 3)
        try:
            await database_sync_to_async(mine.update)(lease_until=timezone.now() + TURN_LEASE)
        except DatabaseError as error:  # two more tries fit into the lease
            log.warning("the lease of a turn was not renewed: %s", error)


def _turn(conversation: Conversation) -> Turn:
    newest = list(conversation.messages.public().order_by("-seq")[:HISTORY])
    # The desk's lines behind her newest words say how they came to be the assistant's; one before them ended a time.
    up_to_hers = dropwhile(lambda message: message.role == Role.SYSTEM, newest)
    unanswered = [message.body for message in takewhile(lambda message: message.role == Role.CUSTOMER, up_to_hers)]
    return Turn(
        conversation=conversation,
        history=newest[::-1],
        seq=conversation.last_customer_seq,
        text="\n".join(reversed(unanswered)),
    )
