"""The REST API of the queue, as docs/protocol.md gives it, and how staff speak in a conversation."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.core import signing
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from conversations.actors import Action, StaffActor, actor_of, require
from conversations.api import CloseView, Conflict, MessagesView, by_staff, number
from conversations.lifecycle import IllegalMove
from conversations.limits import MESSAGES
from conversations.models import Conversation
from conversations.posting import Posted, Refused

from . import inbox, presence
from .lists import SERVED, Order
from .models import Agent, Handoff
from .serializers import (
    ClaimSerializer,
    HandoffPageSerializer,
    HandoffSerializer,
    ReturnSerializer,
    TransferSerializer,
)

PAGE, MAX_PAGE = 50, 200  # handoffs
NEWEST = Order(("created_at", "pk"), newest_first=True)
CONFLICT = OpenApiResponse(description="Somebody else was first, or it is over; `detail` says who or why.")


class AgentDoor(APIView):
    """A view for those who answer customers: strangers get 401, other staff 403."""

    permission_classes = (AllowAny,)  # `agent()` asks the one authoriser

    def agent(self, request: Request) -> Agent:
        """Who calls. One who works without an inbox is seen by what she does; a screen on the wall that reads the queue
        with her key is not her."""
        agent = Agent.of(require(request, Action.ANSWER).user)
        if request.method != "GET":
            presence.seen(agent, timezone.now())
        return agent

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(in_rests_words(exc))


def in_rests_words(error: Exception) -> Exception:
    """What the inbox's verbs raise: 404 for what does not exist, 409 for who came second."""
    match error:
        case Handoff.DoesNotExist():
            return Http404()
        case Refused():
            return Conflict(error.detail, code=error.code)
        case IllegalMove():
            return Conflict(str(error))
    return error


def shown(handoff: Handoff, as_of: datetime | None = None) -> dict[str, Any]:
    return HandoffSerializer(handoff, context={"as_of": as_of or timezone.now()}).data


def words_of(request: Request, kind: type[Serializer[Any]]) -> dict[str, Any]:
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


class HandoffsView(AgentDoor):
    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=[*Handoff.Status.values, "open"], description="By default: waiting."),
            OpenApiParameter("limit", int),
            OpenApiParameter("cursor", description="As `next` gives it."),
        ],
        responses=HandoffPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """The queue, in the order in which it is served; handoffs that are over, the newest first."""
        self.agent(request)
        wanted = request.query_params.get("status", Handoff.Status.WAITING)
        as_of, key = _read_cursor(request, wanted)
        limit = max(1, min(number(request, "limit", PAGE), MAX_PAGE))
        rows, order = _chosen(wanted, as_of)
        found, last = order.cut(rows.select_related("conversation__customer", "agent"), key, limit)
        page = [shown(handoff, as_of) for handoff in found]
        return Response({"results": page, "next": _next(request, wanted, as_of, last)})


def _chosen(wanted: str, as_of: datetime) -> tuple[QuerySet[Handoff], Order]:
    queue = Handoff.objects.open().in_order(as_of)
    match wanted:
        case "open":
            return queue, SERVED
        case Handoff.Status.WAITING | Handoff.Status.ASSIGNED:
            return queue.filter(status=wanted), SERVED
        case Handoff.Status.RETURNED | Handoff.Status.RESOLVED | Handoff.Status.ENDED:
            return Handoff.objects.filter(status=wanted), NEWEST
    raise ValidationError({"status": [f"One of open, {', '.join(Handoff.Status.values)}."]})


def _read_cursor(request: Request, wanted: str) -> tuple[datetime, list[str] | None]:
    """The moment of the list's first page, and the key of the last row that was given: priorities age between pages."""
    if not (cursor := request.query_params.get("cursor")):
        return timezone.now(), None
    try:
        as_of, *key = signing.loads(cursor, salt=f"handoffs.{wanted}")  # of another list it is none of ours
    except signing.BadSignature:
        raise ValidationError({"cursor": ["This is not a `next` that was given here."]}) from None
    return datetime.fromisoformat(as_of), key


def _next(request: Request, wanted: str, as_of: datetime, key: list[str] | None) -> str | None:
    if key is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = signing.dumps([as_of.isoformat(), *key], salt=f"handoffs.{wanted}")
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


class NextView(AgentDoor):
    @extend_schema(
        request=None,
        responses={200: HandoffSerializer, 204: OpenApiResponse(description="The queue is empty."), 409: CONFLICT},
    )
    def post(self, request: Request) -> Response:
        """Take the head of the queue. 409 where you have as many conversations as you take."""
        handoff = inbox.claim_next(self.agent(request))
        return Response(shown(handoff)) if handoff else Response(status=status.HTTP_204_NO_CONTENT)


class ClaimView(AgentDoor):
    @extend_schema(request=ClaimSerializer, responses={200: HandoffSerializer, 409: CONFLICT})
    def post(self, request: Request, handoff_id: UUID) -> Response:
        """Take this one; with `take_over`, from the colleague who holds it."""
        agent, words = self.agent(request), words_of(request, ClaimSerializer)
        return Response(shown(inbox.claim(handoff_id, agent, take_over=words["take_over"])))


class TransferView(AgentDoor):
    @extend_schema(request=TransferSerializer, responses={200: HandoffSerializer, 409: CONFLICT})
    def post(self, request: Request, handoff_id: UUID) -> Response:
        """Give it to a colleague, or back to the queue."""
        agent, words = self.agent(request), words_of(request, TransferSerializer)
        return Response(shown(inbox.transfer(handoff_id, agent, to=words["to"], note=words["note"])))


class ReturnView(AgentDoor):
    @extend_schema(request=ReturnSerializer, responses={200: HandoffSerializer, 409: CONFLICT})
    def post(self, request: Request, handoff_id: UUID) -> Response:
        """Give it back to the assistant."""
        agent, words = self.agent(request), words_of(request, ReturnSerializer)
        return Response(shown(inbox.hand_back(handoff_id, agent, note=words["note"])))


class ResolveView(AgentDoor):
    @extend_schema(request=None, responses={200: HandoffSerializer, 409: CONFLICT})
    def post(self, request: Request, handoff_id: UUID) -> Response:
        """Close the conversation as resolved."""
        return Response(shown(inbox.resolve(handoff_id, self.agent(request))))


class StaffMessagesView(MessagesView):
    """Messages as conversations.api has them, and staff speak as agents do."""

    def speak(self, request: Request, conversation: Conversation, words: dict[str, Any]) -> Posted:
        if not by_staff(request):
            return super().speak(request, conversation, words)
        agent = Agent.of(cast("StaffActor", actor_of(request)).user)
        presence.seen(agent, timezone.now())
        if wait := MESSAGES.take(f"agent:{agent.pk}:{conversation.pk}"):
            raise Throttled(wait)
        say = inbox.note if words["note"] else inbox.reply
        try:
            return say(conversation.pk, agent, words["body"], client_id=words.get("client_id"))
        except Refused as refusal:
            if refusal.code == "taken":
                raise Conflict(refusal.detail, code=refusal.code) from None
            raise


class StaffCloseView(CloseView):
    """Closing as conversations.api has it; what a person was asked for, staff resolve as agents do."""

    def end(self, request: Request, conversation: Conversation) -> None:
        waits_or_held = Handoff.objects.open().filter(conversation=conversation).first()
        if not by_staff(request) or waits_or_held is None:
            super().end(request, conversation)
            return
        agent = Agent.of(cast("StaffActor", actor_of(request)).user)
        try:
            inbox.resolve(waits_or_held.pk, agent)
        except Refused as refusal:
            raise Conflict(refusal.detail, code=refusal.code) from None
