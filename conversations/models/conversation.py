"""The conversation: one customer's talk with the desk, the state it is in, and every move it made."""

import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .. import live
from ..lifecycle import ASSISTANTS, CUSTOMERS_TURN, TRANSITIONS, IllegalMove, Reason, Status
from . import statements
from .access import new_token, token_hash
from .desk import DeskSettings
from .message import Message, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from ..actors import Actor

CUSTOMER_TOKEN_LIFE = timedelta(days=30)

#: How long a turn is its process's own. The process renews it while it works; when it dies, the sweep takes over.
TURN_LEASE = timedelta(seconds=15)


class Customer(models.Model):
    class Tier(models.TextChoices):
        STANDARD = "standard", "Standard"
        PREMIUM = "premium", "Premium"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    external_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.STANDARD)
    verified = models.BooleanField(default=False, help_text="Her site, or a member of staff, vouched for who she is.")
    email_verified = models.BooleanField(
        default=False, help_text="The e-mail address comes from staff or the site's server, not from herself."
    )
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=["standard", "premium"]), name="customer_tier_known")
        ]

    def __str__(self) -> str:
        return self.name or self.email or "Guest"

    @classmethod
    def proves(cls, external_id: str, identity_hash: str) -> bool:
        return hmac.compare_digest(cls.signature(external_id).encode(), identity_hash.encode())

    @staticmethod
    def signature(external_id: str) -> str:
        """HMAC-SHA256 of `external_id` with the desk's identity secret, in hex: what a customer's site sends along."""
        return hmac.new(settings.IDENTITY_SECRET.encode(), external_id.encode(), sha256).hexdigest()


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, actor: "Actor | None") -> Self:
        """What `actor` may see: a customer her own, staff with the right all, nobody and `None` nothing."""
        return self.none() if actor is None else self.filter(actor.sees())

    def lock(self, pk: uuid.UUID) -> "Conversation":
        """The conversation with its row held until the transaction ends."""
        for conversation in statements.hold(self.model, [pk])():
            return conversation
        raise self.model.DoesNotExist

    def silent_since(self, moment: datetime) -> Self:
        return self.filter(status__in=CUSTOMERS_TURN, last_activity_at__lte=moment)

    def unanswered_reminder_since(self, moment: datetime) -> Self:
        return self.filter(status=Status.IDLE, reminded_at__lte=moment)

    def past_their_time(self, opened_by: datetime, quiet_since: datetime) -> Self:
        """Open for longer than a conversation may last. Not while she waits for a person, nor in the midst of a talk
        with one; and not while the assistant owes her a reply, which is a matter of seconds."""
        talked_out = Q(status=Status.ESCALATED, waiting_since=None, last_activity_at__lte=quiet_since)
        hers = Q(status__in=[*CUSTOMERS_TURN, Status.IDLE])
        return self.filter(hers | talked_out, opened_at__lte=opened_by)

    def kept_waiting_since(self, opened_by: datetime) -> Self:
        """Past their time too, but she waits for a person; and nobody has marked them overdue."""
        return self.filter(
            status=Status.ESCALATED, waiting_since__isnull=False, overdue_at=None, opened_at__lte=opened_by
        )

    def abandoned_turns(self, as_of: datetime) -> Self:
        return self.filter(status=Status.PROCESSING, lease_until__lt=as_of).order_by("lease_until")


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="conversations")
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE, editable=False)
    intent = models.CharField(max_length=60, blank=True, editable=False)
    context = models.JSONField(default=dict, blank=True)
    #: Rises whenever the conversation changes hands or ends; a reply drafted under an older epoch is dropped.
    epoch = models.PositiveIntegerField(default=1, editable=False)
    episode = models.PositiveIntegerField(default=1, editable=False)  # rises with each reopening

    token_hash = models.CharField(max_length=64, editable=False)
    token_expires_at = models.DateTimeField(editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)  # of this episode
    last_activity_at = models.DateTimeField(default=timezone.now, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    escalated_at = models.DateTimeField(null=True, editable=False)  # the first time ever; never cleared
    overdue_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    close_reason = models.CharField(max_length=20, blank=True, choices=Reason, editable=False)

    # The turn: whose lease it is, how often it was tried, how many in a row got nowhere.
    lease_until = models.DateTimeField(null=True, editable=False)
    turn_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    failed_attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    # The inbox row, so that a list of conversations needs no look at their messages.
    last_seq = models.PositiveIntegerField(default=0, editable=False)
    last_public_seq = models.PositiveIntegerField(default=0, editable=False)
    last_customer_seq = models.PositiveIntegerField(default=0, editable=False)
    customer_seen_seq = models.PositiveIntegerField(default=0, editable=False)
    agent_seen_seq = models.PositiveIntegerField(default=0, editable=False)
    preview = models.CharField(max_length=140, blank=True, editable=False)  # what the customer said last
    #: Since when the customer waits for a person's words: from the handoff, or her first message since the last reply.
    waiting_since = models.DateTimeField(null=True, editable=False)

    rating = models.PositiveSmallIntegerField(null=True, editable=False)
    rating_comment = models.TextField(blank=True, editable=False)
    rated_at = models.DateTimeField(null=True, editable=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [
            ("answer", "Can answer customers and work the queue"),
            ("measure", "Can see the dashboard"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="conversation_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.CLOSED, closed_at__isnull=False)
                | (~Q(status=Status.CLOSED) & Q(closed_at__isnull=True)),
                name="conversation_closed_at_iff_closed",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__gte=1, rating__lte=5), name="conversation_rating_1_to_5"
            ),
        ]
        indexes = [
            # Nothing that a message changes is in an index (but its status): PostgreSQL then leaves them all alone.
            models.Index(fields=["status", "opened_at"], name="conversation_by_age"),
            models.Index(fields=["created_at"], name="conversation_by_creation"),
            models.Index(fields=["customer", "-created_at"], name="conversation_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} · {self.get_status_display()}"

    @classmethod
    def start(cls, customer: Customer, context: dict[str, Any] | None = None) -> tuple[Self, str]:
        """Opens a conversation and returns it with the only plain copy of its customer's token."""
        conversation = cls(customer=customer, context=context or {})
        token = new_token()
        conversation.token_hash = token_hash(f"conversation:{conversation.pk}", token)
        conversation.token_expires_at = timezone.now() + CUSTOMER_TOKEN_LIFE
        conversation.save(force_insert=True)
        Transition.objects.create(
            conversation=conversation, old="", new=conversation.status, reason=Reason.OPENED, actor=Transition.CUSTOMER
        )
        return conversation, token

    def opens_with(self, token: str) -> bool:
        fits = secrets.compare_digest(self.token_hash, token_hash(f"conversation:{self.pk}", token))
        return fits and not self.token_expired

    @property
    def token_expired(self) -> bool:
        return timezone.now() >= self.token_expires_at

    @property
    def with_assistant(self) -> bool:
        return self.status in ASSISTANTS

    @property
    def may_reopen(self) -> bool:
        limit = timedelta(hours=DeskSettings.current().reopen_within_hours)
        return self.closed_at is not None and timezone.now() < self.closed_at + limit

    def unanswered(self) -> Message | None:
        """The newest message of this episode, if it is hers: neither the assistant nor an agent has replied to it."""
        said = self.messages.filter(created_at__gte=self.opened_at).exclude(role__in=[Role.SYSTEM, Role.NOTE])
        newest = said.order_by("-seq").first()
        return newest if newest and newest.role == Role.CUSTOMER else None

    def move(
        self,
        to: Status,
        *,
        reason: str,
        actor: str,
        user: "User | None" = None,
        now: datetime | None = None,
    ) -> None:
        """Moves to status `to` and records it; the row is to be locked. Raises IllegalMove if the table forbids it,
        or if somebody else moved it first."""
        transition, changes = self.plan_move(to, reason=reason, actor=actor, user=user, now=now or timezone.now())
        # Compare and set: right on both databases, even for a caller that forgot the lock.
        if not Conversation.objects.filter(pk=self.pk, status=transition.old).update(**changes):
            raise IllegalMove(Conversation.objects.values_list("status", flat=True).get(pk=self.pk), to)
        for field, value in changes.items():
            setattr(self, field, value)
        transition.save()
        live.announce_status(self.pk, status=to, reason=reason)

    def plan_move(
        self, to: Status, *, reason: str, actor: str, now: datetime, user: "User | None" = None
    ) -> "tuple[Transition, dict[str, Any]]":
        """The record of a move to `to`, and what it changes in the row. Raises IllegalMove if the table forbids it."""
        old = Status(self.status)
        if to not in TRANSITIONS[old]:
            raise IllegalMove(old, to)
        transition = Transition(
            conversation_id=self.pk,
            episode=self.episode,
            old=old,
            new=to,
            reason=reason,
            actor=actor,
            user=user,
            at=now,
        )
        changes = self.changes_on_move(old, to, reason, now)
        transition.episode = changes.get("episode", self.episode)
        return transition, changes

    def changes_on_move(self, old: Status, to: Status, reason: str, now: datetime) -> dict[str, Any]:
        """What a move changes in the conversation's row, besides its Transition."""
        changes: dict[str, Any] = {"status": to, "lease_until": None, "turn_attempts": 0}
        if {old, to} & {Status.ESCALATED, Status.CLOSED}:
            changes["epoch"] = self.epoch + 1
        match to:
            case Status.PROCESSING:
                changes |= {"lease_until": now + TURN_LEASE, "reminded_at": None}
            case Status.IDLE:
                changes |= {"reminded_at": now}
            case Status.ESCALATED:
                changes |= {"escalated_at": self.escalated_at or now, "waiting_since": self.waiting_since or now}
                changes |= {"reminded_at": None}
            case Status.CLOSED:
                changes |= {"closed_at": now, "close_reason": reason, "waiting_since": None}
            case Status.ACTIVE:
                changes |= {"waiting_since": None, "overdue_at": None, "failed_attempts": 0, "reminded_at": None}
                changes |= {"last_activity_at": now}
        if old is Status.CLOSED:
            changes |= {"episode": self.episode + 1, "opened_at": now, "closed_at": None, "close_reason": ""}
        return changes


class Transition(models.Model):
    """One move of a conversation: the audit trail, the line in the transcript, and what analytics counts."""

    CUSTOMER, ASSISTANT, AGENT, SYSTEM = "customer", "assistant", "agent", "system"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="transitions")
    episode = models.PositiveIntegerField(default=1)
    old = models.CharField(max_length=20, blank=True)
    new = models.CharField(max_length=20, choices=Status)
    reason = models.CharField(max_length=60)
    actor = models.CharField(max_length=10, choices=[(a, a.title()) for a in (CUSTOMER, ASSISTANT, AGENT, SYSTEM)])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["new", "at"], name="transition_by_kind")]

    def __str__(self) -> str:
        return f"{self.old or 'new'} → {self.new}: {self.reason}"
