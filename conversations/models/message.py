"""One thing somebody said. A message never changes after it is posted, so whoever receives it needs no query."""

import json
import os
import time
import uuid
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.utils import timezone


class Role(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    ASSISTANT = "assistant", "Assistant"
    AGENT = "agent", "Agent"
    SYSTEM = "system", "System"
    NOTE = "note", "Note"  # among agents; a customer never sees one


MAX_BODY = 10_000  # characters

to_text = json.JSONEncoder(separators=(",", ":")).encode


class Line(NamedTuple):
    """A message on its way to screens, encoded once for all of them."""

    seq: int
    role: str
    text: str  # as Message.as_json gives it


def new_id() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): they rise with time, so that an index grows at its end and not all over."""
    random = int.from_bytes(os.urandom(10))
    moment = time.time_ns() // 1_000_000
    low = 2 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=moment << 80 | 7 << 76 | (random >> 68) << 64 | low)


class MessageQuerySet(models.QuerySet["Message"]):
    def public(self) -> "MessageQuerySet":
        return self.exclude(role=Role.NOTE)

    def after(self, seq: int) -> "MessageQuerySet":
        return self.filter(seq__gt=seq).order_by("seq")


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Without an index of its own: that of (conversation, seq) serves.
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.PositiveIntegerField()
    client_id = models.UUIDField(null=True, blank=True)
    role = models.CharField(max_length=10, choices=Role)
    body = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    author_name = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["conversation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_once"),
            models.UniqueConstraint(fields=["client_id", "conversation"], name="message_client_id_once"),
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="message_seq_from_one"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="message_role_known"),
        ]
        indexes = [
            models.Index(fields=["author"], condition=models.Q(author__isnull=False), name="message_by_author"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.seq}: {self.body[:60]}"

    def as_line(self) -> "Line":
        return Line(self.seq, self.role, to_text(self.as_json()))

    def as_json(self) -> dict[str, Any]:
        """The message as docs/protocol.md gives it; the same on sockets and over REST."""
        shape: dict[str, Any] = {
            "seq": self.seq,
            "id": str(self.id),
            "role": self.role,
            "body": self.body,
            "created_at": self.created_at.isoformat().replace("+00:00", "Z"),
        }
        if self.client_id:
            shape["client_id"] = str(self.client_id)
        if self.author_name:
            shape["author"] = self.author_name
        if self.data:
            shape["data"] = self.data
        return shape
