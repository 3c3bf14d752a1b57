"""The REST API of conversations, as docs/protocol.md gives it."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied, Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import endings, openapi, posting, turns  # noqa: F401  # openapi: to be registered
from .actors import Action, StaffActor, actor_of
from .lifecycle import Reason, Status
from .limits import MESSAGES, OPENINGS, VERBS
from .models import Conversation, Role, Transition
from .serializers import (
    CustomerSerializer,
    HandoffOf,
    MessageSerializer,
    OpeningSerializer,
    RatingSerializer,
    conversation_json,
    customer_json,
)

MAX_PAGE = 200  # messages


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def refused(refusal: posting.Refused) -> APIException:
    """A refusal of posting in REST's words: 409 where the state is in the way, else 400 at the body."""
    if refusal.code == "closed":
        return Conflict(refusal.detail, code=refusal.code)
    return ValidationError({"body": [refusal.detail]})


def not_wired(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("this view is built in supportdesk/urls.py, with what `handoff` gives it")


class ConversationDoor(APIView):
    """A view on one conversation: opens it for those who may, and is a 404 for everybody else."""

    permission_classes = (AllowAny,)  # `conversation()` asks the one authoriser
    escalate: turns.Escalate = not_wired
    handoff_of: HandoffOf = not_wired

    def conversation(self, request: Request, conversation_id: UUID, action: Action) -> Conversation:
        actor = actor_of(request)
        conversation = (
            Conversation.objects.visible_to(actor).select_related("customer").filter(pk=conversation_id).first()
        )
        if actor is None or conversation is None:
            raise Http404
        if not actor.may(action, conversation):
            raise PermissionDenied
        return conversation

    def acted_on(self, request: Request, conversation_id: UUID, action: Action) -> Conversation:
        """The same, for a verb: a customer may use only so many a minute."""
        conversation = self.conversation(request, conversation_id, action)
        if not by_staff(request) and (wait := VERBS.take(str(conversation.pk))):
            raise Throttled(wait)
        return conversation

    def shown(self, request: Request, conversation_id: UUID) -> Response:
        conversation = self.conversation(request, conversation_id, Action.READ)
        handoff = self.handoff_of(conversation, for_staff=by_staff(request))
        return Response(conversation_json(conversation, handoff=handoff))


def by_staff(request: Request) -> bool:
    actor = actor_of(request)
    return isinstance(actor, StaffActor) and actor.may(Action.READ)


def acting(request: Request) -> dict[str, Any]:
    """Who acts, as a Transition keeps it."""
    actor = actor_of(request)
    if isinstance(actor, StaffActor):
        return {"actor": Transition.AGENT, "user": actor.user}
    return {"actor": Transition.CUSTOMER}


class ConversationsView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(request=OpeningSerializer, responses={201: dict})
    def post(self, request: Request) -> Response:
        """Open a conversation. The answer holds the only copy of the token that opens it."""
        if not by_staff(request) and (wait := OPENINGS.take(request.META.get("REMOTE_ADDR", ""))):
            raise Throttled(wait)
        opening = OpeningSerializer(data=request.data)
        opening.is_valid(raise_exception=True)
        customer = CustomerSerializer(data=opening.validated_data["customer"], context={"by_staff": by_staff(request)})
        if not customer.is_valid():
            raise ValidationError({"customer": customer.errors})
        with transaction.atomic():
            conversation, token = Conversation.start(customer.save(), opening.validated_data["context"])
        shape = conversation_json(conversation, handoff=None)
        answer = {key: shape[key] for key in ("id", "status", "created_at")}
        answer |= {"token": token, "customer": customer_json(conversation.customer)}
        return Response(answer, status=status.HTTP_201_CREATED)


class ConversationView(ConversationDoor):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """Status, intent, context, rating and the newest handoff."""
        return self.shown(request, conversation_id)


class MessagesView(ConversationDoor):
    @extend_schema(parameters=[OpenApiParameter("after", int), OpenApiParameter("limit", int)], responses={200: dict})
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """Messages with `seq` above `after`, in order. A customer never sees notes."""
        conversation = self.conversation(request, conversation_id, Action.READ)
        after, limit = number(request, "after", 0), max(1, min(number(request, "limit", 100), MAX_PAGE))
        messages = conversation.messages.all() if by_staff(request) else conversation.messages.public()
        page = [message.as_json() for message in messages.after(after)[: limit + 1]]
        more = None
        if len(page) > limit:
            page.pop()
            path = request.build_absolute_uri(request.path)
            more = f"{path}?after={page[-1]['seq']}&limit={limit}"
        return Response({"results": page, "next": more})

    @extend_schema(request=MessageSerializer, responses={201: dict, 200: dict, 409: dict})
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Post a message. With a `client_id` that is known here: the first message again, as 200."""
        conversation = self.conversation(request, conversation_id, Action.SPEAK)
        words = MessageSerializer(data=request.data)
        words.is_valid(raise_exception=True)
        try:
            posted = self.speak(request, conversation, words.validated_data)
        except posting.Refused as refusal:
            raise refused(refusal) from None
        code = status.HTTP_201_CREATED if posted.new else status.HTTP_200_OK
        return Response(posted.message.as_json(), status=code)

    def speak(self, request: Request, conversation: Conversation, words: dict[str, Any]) -> posting.Posted:
        """The customer's words; handoff.api says how staff speak."""
        if wait := MESSAGES.take(f"customer:{conversation.pk}"):
            raise Throttled(wait)
        posted = posting.post(
            conversation.pk,
            role=Role.CUSTOMER,
            body=words["body"],
            client_id=words.get("client_id"),
            author_name=conversation.customer.name,
        )
        if posted.new and posted.conversation.status == Status.PROCESSING:
            turns.start(conversation.pk, escalate=self.escalate)
        return posted


class EscalateView(ConversationDoor):
    @extend_schema(request=None, responses={200: dict, 409: dict})
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Ask for a person. Asking twice changes nothing."""
        conversation = self.acted_on(request, conversation_id, Action.ESCALATE)
        try:
            turns.ask_for_person(conversation.pk, escalate=self.escalate, by=acting(request).get("user"))
        except posting.Refused as refusal:
            raise refused(refusal) from None
        return self.shown(request, conversation_id)


class CloseView(ConversationDoor):
    @extend_schema(request=None, responses={200: dict, 409: dict})
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """End the conversation. 409 for staff where a colleague holds it."""
        self.end(request, self.acted_on(request, conversation_id, Action.CLOSE))
        return self.shown(request, conversation_id)

    def end(self, request: Request, conversation: Conversation) -> None:
        reason = Reason.RESOLVED if by_staff(request) else Reason.CUSTOMER_LEFT
        endings.close(conversation.pk, reason=reason, **acting(request))


class ReopenView(ConversationDoor):
    @extend_schema(request=None, responses={200: dict, 409: dict})
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Continue a closed conversation, while its time for that lasts."""
        conversation = self.acted_on(request, conversation_id, Action.REOPEN)
        try:
            endings.reopen(conversation.pk, **acting(request))
        except posting.Refused as refusal:
            raise refused(refusal) from None
        return self.shown(request, conversation_id)


class RatingView(ConversationDoor):
    @extend_schema(request=RatingSerializer, responses={200: dict})
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Rate the conversation from 1 to 5. The newest rating counts."""
        conversation = self.acted_on(request, conversation_id, Action.RATE)
        rating = RatingSerializer(data=request.data)
        rating.is_valid(raise_exception=True)
        rating.save_to(conversation)
        return self.shown(request, conversation_id)


def number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise ValidationError({name: ["A whole number from 0 is needed."]})
    return int(value)
