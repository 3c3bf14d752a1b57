"""The request for a person, the people who answer it, and what an admin may tune."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from conversations.actors import Action, StaffActor
from conversations.lifecycle import Status as ConversationStatus
from conversations.models import Conversation, Message
from conversations.models.desk import Singleton, between, in_bounds

MANY = 100  # of messages, attempts, steps: what nobody needs more of
MINUTES_A_DAY = 24 * 60
LOWEST_PRIORITY = 5  # 1 is the most urgent
CARRIED = 20  # messages that a request carries
HEARTBEAT_LASTS = timedelta(seconds=45)  # an inbox pings every 10 s; one that has missed four is gone
OPEN = ("waiting", "assigned")


class Reason(models.TextChoices):
    """Why a person is needed; the labels are what agents and managers read."""

    HUMAN_REQUESTED = "human_requested", "User requested human assistance"
    FAILED_ATTEMPTS = "failed_attempts", "Multiple failed resolution attempts"
    FRUSTRATION = "frustration", "Detected user frustration"
    COMPLEXITY = "complexity", "Issue too complex for automated resolution"
    ASSISTANT_UNAVAILABLE = "assistant_unavailable", "Assistant unavailable"
    AGENT_STEPPED_IN = "agent_stepped_in", "Agent stepped in"
    HANDED_OVER = "handed_over", "Assistant handed over"


class HandoffSettings(Singleton):
    """Thresholds of the rules, weights of the priority."""

    failed_attempts = models.PositiveIntegerField(
        default=3,
        validators=between(1, MANY),
        help_text="Consecutive failed attempts before a person takes over.",
    )
    frustrated_messages = models.PositiveIntegerField(
        default=2,
        validators=between(1, MANY),
        help_text="Frustrated messages among her last ones that call a person.",
    )
    frustration_window = models.PositiveIntegerField(
        default=5, validators=between(1, MANY), help_text="How many of her last messages are looked at."
    )
    complexity = models.PositiveIntegerField(
        default=8, validators=between(0, MANY), help_text="A complexity score (0 to 10) above this calls a person."
    )
    extra_phrases = models.TextField(blank=True, help_text="More phrases that ask for a person, one a line.")
    premium_bonus = models.PositiveIntegerField(
        default=2, validators=between(0, MANY), help_text="Steps nearer to 1 for a premium customer."
    )
    billing_bonus = models.PositiveIntegerField(
        default=1, validators=between(0, MANY), help_text="Steps nearer to 1 for a billing question."
    )
    long_bonus = models.PositiveIntegerField(
        default=1, validators=between(0, MANY), help_text="Steps nearer to 1 for a long conversation."
    )
    long_after_minutes = models.PositiveIntegerField(
        default=15, validators=between(0, MINUTES_A_DAY), help_text="A conversation older than this is long."
    )
    ageing_minutes = models.PositiveIntegerField(
        default=10,
        validators=between(1, MINUTES_A_DAY),
        help_text="One step nearer to 1 for each such wait in the queue.",
    )
    absent_after_minutes = models.PositiveIntegerField(
        default=5,
        validators=between(1, MINUTES_A_DAY),
        help_text="An agent not seen for so long loses a conversation whose customer waits for her words as long.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "handoff settings"
        # An absurd number would stop the queue, or every turn.
        constraints = [
            in_bounds("handoff_settings", field, low, high)
            for field, low, high in [
                ("failed_attempts", 1, MANY),
                ("frustrated_messages", 1, MANY),
                ("frustration_window", 1, MANY),
                ("complexity", 0, MANY),
                ("premium_bonus", 0, MANY),
                ("billing_bonus", 0, MANY),
                ("long_bonus", 0, MANY),
                ("long_after_minutes", 0, MINUTES_A_DAY),
                ("ageing_minutes", 1, MINUTES_A_DAY),
                ("absent_after_minutes", 1, MINUTES_A_DAY),
            ]
        ]

    def __str__(self) -> str:
        return "Handoff settings"


class AgentQuerySet(models.QuerySet["Agent"]):
    def there(self, as_of: datetime) -> Self:
        """Those who take work now: switched to online, with an inbox open."""
        return self.filter(
            presence=Agent.Presence.ONLINE, last_seen_at__gt=as_of - HEARTBEAT_LASTS, user__is_active=True
        )


class Agent(models.Model):
    """A member of staff who answers customers."""

    class Presence(models.TextChoices):
        ONLINE = "online", "Online"
        AWAY = "away", "Away"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="agent")
    name = models.CharField(max_length=80, help_text="The name customers see.")
    capacity = models.PositiveIntegerField(default=6, help_text="Conversations at a time.")
    presence = models.CharField(max_length=10, choices=Presence, default=Presence.ONLINE)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AgentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, user: User) -> "Agent":
        """The agent that `user` is, made at first use for whoever may answer. Raises PermissionDenied for others."""
        if not StaffActor(user).may(Action.ANSWER):
            raise PermissionDenied
        name = user.get_full_name() or user.get_username().partition("@")[0]  # customers see it
        return cls.objects.get_or_create(user=user, defaults={"name": name[:80]})[0]

    def as_json(self) -> dict[str, Any]:
        return {"id": self.pk, "name": self.name, "presence": self.presence, "capacity": self.capacity}

    def is_there(self, as_of: datetime) -> bool:
        """As AgentQuerySet.there has it."""
        awake = self.last_seen_at is not None and self.last_seen_at > as_of - HEARTBEAT_LASTS
        return awake and self.presence == Agent.Presence.ONLINE


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def open(self) -> Self:
        """Waiting or with an agent. A conversation that has ended or gone back to the assistant needs no person, even
        where the row does not say so yet: derived, not notified."""
        return self.filter(status__in=OPEN, conversation__status=ConversationStatus.ESCALATED)

    def waiting(self) -> Self:
        return self.open().filter(status=Handoff.Status.WAITING)

    def held_by(self, agent: Agent) -> Self:
        return self.open().filter(status=Handoff.Status.ASSIGNED, agent=agent)

    def deserted(self, absent_since: datetime) -> Self:
        """Held by an agent who has not been seen since then, while the customer has waited as long for her words."""
        absent = Q(agent__last_seen_at=None) | Q(agent__last_seen_at__lte=absent_since)
        # She may only just have taken it, or been given it.
        lately = HandoffEvent.objects.filter(handoff=OuterRef("pk"), at__gt=absent_since)
        waits = self.open().filter(conversation__waiting_since__lte=absent_since)
        return waits.filter(absent, ~Exists(lately), status=Handoff.Status.ASSIGNED)

    def in_order(self, as_of: datetime) -> Self:
        """As the queue is served: by aged priority, then who waits longest."""
        step = timedelta(minutes=HandoffSettings.current().ageing_minutes)
        steps = [
            When(created_at__lte=as_of - count * step, then=Value(count)) for count in range(LOWEST_PRIORITY - 1, 0, -1)
        ]
        aged = Greatest(Value(1), F("base_priority") - Case(*steps, default=Value(0)))
        return self.annotate(aged_priority=aged).order_by("aged_priority", "created_at", "pk")


class Handoff(models.Model):
    """A request for a person: why, how soon, with what evidence, and what became of it."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ASSIGNED = "assigned", "With an agent"
        RETURNED = "returned", "Handed back"
        RESOLVED = "resolved", "Resolved"
        ENDED = "ended", "Ended otherwise"  # the customer left, or the conversation was closed for its age

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="handoffs")
    episode = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    reason = models.CharField(max_length=30, choices=Reason)
    evidence = models.JSONField(default=dict, help_text="What the rule saw, and its threshold.")
    base_priority = models.PositiveSmallIntegerField(default=LOWEST_PRIORITY)
    priority_reasons = models.JSONField(default=list, help_text="Each step of the priority, with its reason.")
    context = models.JSONField(default=dict)
    trigger_seq = models.PositiveIntegerField(help_text="The message that triggered it; the last of the 20 it carries.")
    summary = models.TextField(blank=True)
    summary_engine = models.CharField(max_length=10, blank=True)  # "model" or "local"
    brief_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    brief_attempts = models.PositiveSmallIntegerField(default=0)
    agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="handoffs")
    #: Where the customer stood in line when it began, for how many agents, and the wait she was told, in seconds: kept
    #: to see how right that was, and to tell the next one.
    place = models.PositiveIntegerField(null=True, blank=True)
    agents_there = models.PositiveIntegerField(null=True, blank=True)
    estimate_low = models.PositiveIntegerField(null=True, blank=True)
    estimate_high = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    first_reply_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(status__in=OPEN), name="handoff_one_open_a_conversation"
            ),
            models.CheckConstraint(
                condition=Q(base_priority__gte=1, base_priority__lte=LOWEST_PRIORITY), name="handoff_priority_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(status="waiting", agent__isnull=True) | ~Q(status="waiting"), name="handoff_waiting_unheld"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "created_at"], name="handoff_queue"),
            models.Index(fields=["agent", "status"], name="handoff_by_agent"),
            models.Index(fields=["claimed_at"], name="handoff_by_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.get_reason_display()}"

    @property
    def ticket(self) -> str:
        """The number a customer can quote."""
        return f"SD-{self.pk.hex[:8].upper()}"

    def carried(self) -> list[Message]:
        """The newest messages up to the one that triggered it, oldest first."""
        before = self.conversation.messages.public().filter(seq__lte=self.trigger_seq)
        return list(before.order_by("-seq")[:CARRIED])[::-1]


class HandoffEvent(models.Model):
    """One step in a handoff's life: who did what, and the words they left for the next."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", "Requested"
        CLAIMED = "claimed", "Taken"
        TRANSFERRED = "transferred", "Transferred"
        RETURNED = "returned", "Handed back"
        RESOLVED = "resolved", "Resolved"
        ENDED = "ended", "Ended"

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    to_agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%H:%M}"


class CannedReply(models.Model):
    """Words an agent uses often; `/` and the shortcut put them into the composer."""

    shortcut = models.SlugField(max_length=30, unique=True)
    title = models.CharField(max_length=80)
    body = models.TextField()

    class Meta:
        verbose_name_plural = "canned replies"
        ordering = ["shortcut"]

    def __str__(self) -> str:
        return self.title
