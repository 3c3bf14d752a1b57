"""Who is at the door and what they may do: the one authoriser of every page, API call and socket frame."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from rest_framework.authentication import SessionAuthentication, get_authorization_header
from rest_framework.exceptions import NotAuthenticated
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied
from rest_framework.request import Request

from .models.access import ApiToken, token_hash

if TYPE_CHECKING:
    from .models import Conversation


class Action(StrEnum):
    READ = "read"
    SPEAK = "speak"
    NOTE = "note"
    ESCALATE = "escalate"
    CLOSE = "close"
    REOPEN = "reopen"
    RATE = "rate"
    ANSWER = "answer"  # work the queue and the inbox
    MEASURE = "measure"  # see the figures


class Actor(Protocol):
    """Somebody at a door. `may` asks about an action on a conversation, or about the desk where there is none."""

    def may(self, action: Action, thing: "Conversation | None" = None) -> bool: ...
    def sees(self) -> Q: ...


CUSTOMER_ACTIONS = {Action.READ, Action.SPEAK, Action.ESCALATE, Action.CLOSE, Action.REOPEN, Action.RATE}
ANSWER, MEASURE = "conversations.answer", "conversations.measure"
#: The permissions of which one is enough.
STAFF_ACTIONS = {
    Action.READ: (ANSWER, MEASURE),  # managers look into the conversations behind their numbers
    Action.SPEAK: (ANSWER,),
    Action.NOTE: (ANSWER,),
    Action.ESCALATE: (ANSWER,),
    Action.CLOSE: (ANSWER,),
    Action.REOPEN: (ANSWER,),
    Action.ANSWER: (ANSWER,),
    Action.MEASURE: (MEASURE,),
}


@dataclass(frozen=True)
class CustomerActor:
    """Holds the token of one conversation, and so may use that one until the token expires."""

    conversation_id: UUID
    expires_at: datetime

    def may(self, action: Action, thing: "Conversation | None" = None) -> bool:
        mine = thing is not None and thing.pk == self.conversation_id and not thing.token_expired
        return mine and action in CUSTOMER_ACTIONS and not self.expired

    @property
    def expired(self) -> bool:
        return timezone.now() >= self.expires_at

    def sees(self) -> Q:
        return Q(pk=self.conversation_id, token_expires_at__gt=timezone.now())


@dataclass(frozen=True)
class StaffActor:
    """A signed-in member of staff; what they may do comes from their permissions."""

    user: User

    def may(self, action: Action, thing: "Conversation | None" = None) -> bool:
        return any(self.user.has_perm(permission) for permission in STAFF_ACTIONS.get(action, ()))

    def sees(self) -> Q:
        return Q() if self.may(Action.READ) else Q(pk__in=[])


def customer_with(token: str, conversation_id: UUID) -> CustomerActor | None:
    """The customer who holds `token`, if it opens this conversation and has not expired."""
    from .models import Conversation

    conversation = Conversation.objects.filter(pk=conversation_id).first()
    if conversation is None or not conversation.opens_with(token):
        return None
    return CustomerActor(conversation.pk, conversation.token_expires_at)


def staff_with(key: str) -> StaffActor | None:
    """The member of staff whose unexpired API token is `key`."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(key_hash=token_hash("staff", key), expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )
    return StaffActor(token.user) if token else None


def staff_in(session_key: str | None) -> StaffActor | None:
    """The member of staff who is signed in with this session, read anew: a socket outlives a sign-out, a new password
    and a deactivation, and none of them may go unnoticed."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return StaffActor(user) if isinstance(user, User) and user.is_active else None


class BearerAuthentication(SessionAuthentication):
    """REST: `Bearer <token>` is a customer, `Token <key>` or a session is staff (a session only with CSRF)."""

    def authenticate(self, request: Request) -> tuple[Any, Actor | None] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        match scheme.lower():
            case "bearer":
                conversation_id = request.parser_context["kwargs"].get("conversation_id")
                return AnonymousUser(), customer_with(secret, conversation_id) if conversation_id else None
            case "token":
                staff = staff_with(secret)
                return (staff.user, staff) if staff else (AnonymousUser(), None)
        session = super().authenticate(request)
        return (session[0], StaffActor(session[0])) if session else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def actor_of(request: Request) -> Actor | None:
    """Who makes this API call."""
    request.user  # noqa: B018  # DRF authenticates when the user is first asked for
    auth: Any = request.auth  # what BearerAuthentication gave; DRF's types know only its own tokens
    return cast("Actor | None", auth)


def require(request: Request, action: Action) -> StaffActor:
    """The member of staff who makes this API call and may do `action`; 401 for strangers, 403 for others."""
    actor = actor_of(request)
    if not isinstance(actor, StaffActor):
        raise NotAuthenticated
    if not actor.may(action):
        raise ApiPermissionDenied
    return actor


P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)


def staff_only(
    action: Action,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """A page for staff who may do `action`: others are asked to sign in, or refused."""

    def decorate(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not StaffActor(request.user).may(action):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return page

    return decorate
