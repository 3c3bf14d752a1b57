"""The inbox's pages and partials: the lists, one conversation, and what an agent does with it."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url, trigger_client_event
from django_htmx.middleware import HtmxDetails

from conversations import endings
from conversations.actors import Action, StaffActor, staff_only
from conversations.models import Transition
from conversations.posting import Refused

from . import detail, inbox, lists, presence
from .models import Agent, CannedReply, Handoff

Context = dict[str, Any]


# --- To look at ----------------------------------------------------------------------------------------------------


@require_GET
@staff_only(Action.ANSWER)
def page(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    """The whole inbox; for htmx, which has it already, only the conversation that was chosen."""
    me = _me(request)
    opened = _opened(request, me, conversation_id) if conversation_id else {}
    htmx = HtmxDetails(request)
    if htmx and not htmx.history_restore_request:
        response = _conversation(request, opened)
    else:
        canned = list(CannedReply.objects.values("shortcut", "title", "body"))
        response = render(request, "handoff/inbox.html", _listed(request, me) | {"canned": canned} | opened)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
@staff_only(Action.ANSWER)
def rows(request: HttpRequest) -> HttpResponse:
    """The list and the views' counts; with a cursor `after`, only the rows behind it."""
    try:
        listed = _listed(request, _me(request))
    except signing.BadSignature:
        return HttpResponseBadRequest("This list has changed. Reload it.")
    template = "handoff/_rows.html" if "after" in request.GET else "handoff/_list.html"
    return render(request, template, listed | {"oob": True})


@require_GET
@staff_only(Action.ANSWER)
def state(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """What may have changed around a thread that stays open."""
    return _state(request, _me(request), conversation_id)


@require_GET
@staff_only(Action.ANSWER)
def receivers(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """To whom a conversation can be passed."""
    row = _row(request, conversation_id)
    agents = detail.receivers(row, as_of=timezone.now())
    return render(request, "handoff/_pass.html", {"row": row, "conversation": row.conversation, "agents": agents})


# --- To do ---------------------------------------------------------------------------------------------------------


@require_POST
@staff_only(Action.ANSWER)
def act(request: HttpRequest, conversation_id: UUID, verb: str) -> HttpResponse:
    """Does `verb` with the conversation, and shows how it stands then. 409: somebody was first, and who it was."""
    me, row = _me(request), _row(request, conversation_id)
    onwards = verb == "resolve" and "next" in request.GET
    try:
        _do(verb, row, me, request)
        if onwards:
            return _next(request, me)
    except Refused as refusal:
        shown = _opened(request, me, conversation_id)
        template = "handoff/_conversation.html" if onwards else "handoff/_state.html"
        return _notice(render(request, template, shown, status=409), refusal.detail, tone="waiting")
    response = _state(request, me, conversation_id)
    match verb:
        case "transfer":
            return trigger_client_event(response, "inbox:passed")
        case "claim" | "take-over" | "step-in" | "reopen":
            return trigger_client_event(response, "inbox:taken", after="settle")
    return response


def _do(verb: str, row: lists.Row, me: Agent, request: HttpRequest) -> None:
    match verb, row.handoff:
        case "step-in", _:
            inbox.step_in(row.conversation.pk, me)
        case "reopen", _:
            endings.reopen(row.conversation.pk, actor=Transition.AGENT, user=me.user)
            inbox.step_in(row.conversation.pk, me)
        case _, None:
            raise Refused("ended", "Nobody has asked for a person here.")
        case (("claim" | "take-over"), Handoff() as handoff):
            inbox.claim(handoff.pk, me, take_over=verb == "take-over")
        case "return", Handoff() as handoff:
            inbox.hand_back(handoff.pk, me)
        case "resolve", Handoff() as handoff:
            inbox.resolve(handoff.pk, me)
        case "transfer", Handoff() as handoff:
            note = request.POST.get("note", "").strip()
            inbox.transfer(handoff.pk, me, to=_receiver(request), note=note)
        case _:
            raise Http404


def _receiver(request: HttpRequest) -> Agent | None:
    chosen = request.POST.get("agent", "")
    if not chosen:
        return None
    if not chosen.isascii() or not chosen.isdecimal():
        raise Http404
    return get_object_or_404(Agent.objects.select_related("user"), pk=int(chosen))


@require_POST
@staff_only(Action.ANSWER)
def take_next(request: HttpRequest) -> HttpResponse:
    """Takes the head of the queue, and opens it."""
    me = _me(request)
    try:
        handoff = inbox.claim_next(me)
    except Refused as refusal:
        return _notice(HttpResponse(status=204), refusal.detail, tone="waiting")
    if handoff is None:
        return _notice(HttpResponse(status=204), "Nobody is waiting.")
    return _turn_to(request, me, handoff.conversation_id)


@require_POST
@staff_only(Action.ANSWER)
def be(request: HttpRequest) -> HttpResponse:
    """Switches the agent's own status."""
    me, wanted = _me(request), request.POST.get("presence")
    if wanted not in Agent.Presence.values:
        return HttpResponseBadRequest("The status is online or away.")
    presence.switch(me, Agent.Presence(wanted))
    if not HtmxDetails(request):
        return redirect("inbox")
    return trigger_client_event(render(request, "handoff/_me.html", {"me": me}), "inbox:switched")


# --- Who is there --------------------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> StaffActor:
    assert isinstance(request.user, User), "staff_only lets nobody else in"
    return StaffActor(request.user)


def _me(request: HttpRequest) -> Agent:
    return Agent.of(_actor(request).user)


# --- What they show ------------------------------------------------------------------------------------------------


def _listed(request: HttpRequest, me: Agent) -> Context:
    query, now = request.GET, timezone.now()
    view = lists.View(query["view"]) if query.get("view") in lists.View.values else lists.View.QUEUE
    words, cursor, shown = query.get("q", "").strip()[:80], query.get("after", ""), query.get("count", "")
    count = max(lists.PAGE, int(shown)) if shown.isascii() and shown.isdecimal() and len(shown) < 6 else lists.PAGE
    if words:
        found = lists.search(words, now=now, cursor=cursor, count=count)
    else:
        found = lists.page(view, me, now=now, cursor=cursor, count=count)
    return {"me": me, "now": now, "view": view, "q": words, "page": found, "counts": lists.counts(_actor(request).user)}


def _row(request: HttpRequest, conversation_id: UUID) -> lists.Row:
    row = lists.row_of(conversation_id, _actor(request), now=timezone.now())
    if row is None:
        raise Http404
    return row


def _opened(request: HttpRequest, me: Agent, conversation_id: UUID) -> Context:
    row = _row(request, conversation_id)
    conversation = row.conversation
    return {
        "me": me,
        "now": timezone.now(),
        "row": row,
        "selected": conversation.pk,
        "hold": detail.hold_of(row, me),
        "lines": detail.lines_of(conversation),
        "intents": detail.intents_of(conversation),
        "earlier": detail.earlier_of(conversation),
        "orders": detail.orders_of(conversation.customer),
    }


def _conversation(request: HttpRequest, opened: Context) -> HttpResponse:
    return render(request, "handoff/_conversation.html" if opened else "handoff/_nothing.html", opened)


def _state(request: HttpRequest, me: Agent, conversation_id: UUID) -> HttpResponse:
    return render(request, "handoff/_state.html", _opened(request, me, conversation_id))


def _next(request: HttpRequest, me: Agent) -> HttpResponse:
    """After a conversation is done: one that she has already and that waits for her words, or the head of the queue."""
    if conversation_id := lists.unanswered(me):
        return _turn_to(request, me, conversation_id)
    if handoff := inbox.claim_next(me):
        return _turn_to(request, me, handoff.conversation_id)
    return _notice(push_url(_conversation(request, {}), reverse("inbox")), "Resolved. Nobody else is waiting.")


def _turn_to(request: HttpRequest, me: Agent, conversation_id: UUID) -> HttpResponse:
    response = _conversation(request, _opened(request, me, conversation_id))
    push_url(response, reverse("inbox-conversation", args=[conversation_id]))
    return trigger_client_event(response, "inbox:taken", after="settle")


def _notice(response: HttpResponse, text: str, *, tone: str = "") -> HttpResponse:
    return trigger_client_event(response, "inbox:notice", {"text": text, "tone": tone})
