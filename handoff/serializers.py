"""The shapes in which handoffs leave the house, and in which verbs on them enter it."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.models import Conversation

from . import waits
from .models import Agent, Handoff


class AgentSerializer(serializers.ModelSerializer[Agent]):
    class Meta:
        model = Agent
        fields = ["id", "name", "presence"]


class QueuedConversationSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation as a row of the queue shows it."""

    customer = serializers.CharField(source="customer.__str__")
    tier = serializers.CharField(source="customer.tier")

    class Meta:
        model = Conversation
        fields = [
            "id",
            "status",
            "customer",
            "tier",
            "intent",
            "preview",
            "last_seq",
            "agent_seen_seq",
            "waiting_since",
        ]


class HandoffSerializer(serializers.ModelSerializer[Handoff]):
    """A handoff as agents see it at the moment `as_of` of the context."""

    ticket = serializers.CharField()
    reason = serializers.CharField(source="get_reason_display")
    reason_code = serializers.CharField(source="reason")
    priority = serializers.SerializerMethodField()
    priority_reasons = serializers.SerializerMethodField()
    waited_seconds = serializers.SerializerMethodField()
    agent = AgentSerializer(allow_null=True)
    conversation = QueuedConversationSerializer()

    class Meta:
        model = Handoff
        fields = [
            "id",
            "ticket",
            "status",
            "reason",
            "reason_code",
            "evidence",
            "priority",
            "priority_reasons",
            "context",
            "summary",
            "summary_engine",
            "waited_seconds",
            "trigger_seq",
            "agent",
            "created_at",
            "claimed_at",
            "first_reply_at",
            "ended_at",
            "conversation",
        ]

    @property
    def _as_of(self) -> datetime:
        as_of: datetime = self.context["as_of"]
        return as_of

    def get_priority(self, handoff: Handoff) -> int:
        return waits.priority_of(handoff, self._as_of)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_priority_reasons(self, handoff: Handoff) -> list[str]:
        return waits.priority_reasons(handoff, self._as_of)

    def get_waited_seconds(self, handoff: Handoff) -> int:
        return int(waits.waited_by(handoff, self._as_of).total_seconds())


class HandoffPageSerializer(serializers.Serializer[Any]):
    results = HandoffSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class ClaimSerializer(serializers.Serializer[Any]):
    take_over = serializers.BooleanField(default=False, help_text="Take it from the colleague who holds it.")


class TransferSerializer(serializers.Serializer[Any]):
    to = serializers.PrimaryKeyRelatedField(
        queryset=Agent.objects.all(), allow_null=True, default=None, help_text="An agent's id; null is the queue."
    )
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ReturnSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
