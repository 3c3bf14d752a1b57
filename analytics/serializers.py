"""The shapes in which figures leave the house."""

from typing import Any

from rest_framework import serializers

from .measuring import Unit
from .metrics import METRICS


class FiguresSerializer(serializers.Serializer[Any]):
    """The figures of one period; null where there is no data."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="Not included.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for metric in METRICS.values():
            field = serializers.IntegerField if metric.unit is Unit.COUNT else serializers.FloatField
            fields[metric.key] = field(allow_null=metric.unit is not Unit.COUNT, help_text=metric.definition)
        fields["top_intents"] = counts("The five intents detected in most conversations: [intent, conversations].")
        fields["escalation_reasons"] = counts("Why a person was first needed: [reason, conversations].")
        return fields


def counts(help_text: str) -> serializers.ListField:
    pair = serializers.ListField(child=serializers.JSONField(), min_length=2, max_length=2)
    return serializers.ListField(child=pair, help_text=help_text)


class SummarySerializer(FiguresSerializer):
    timeframe = serializers.CharField(help_text="24h, 7d, 30d, 90d, or empty for dates of your own.", allow_blank=True)
    tz = serializers.CharField()
    previous = FiguresSerializer(help_text="The same for the period of this length just before.")


class MetricSerializer(serializers.Serializer[Any]):
    """What a figure means."""

    key = serializers.CharField()
    title = serializers.CharField()
    definition = serializers.CharField()
    unit = serializers.ChoiceField([unit.value for unit in Unit])


class MeasuredSerializer(serializers.Serializer[Any]):
    """What is measured of one conversation; null where it does not apply (yet)."""

    id = serializers.UUIDField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField()
    close_reason = serializers.CharField(allow_blank=True)
    resolved = serializers.BooleanField()
    escalated = serializers.BooleanField(help_text="Ever.")
    escalation_reason = serializers.CharField(allow_blank=True)
    intents = serializers.ListField(child=serializers.CharField())
    duration_seconds = serializers.FloatField(allow_null=True)
    messages = serializers.IntegerField()
    customer_messages = serializers.IntegerField()
    satisfaction = serializers.IntegerField(allow_null=True)
    wait_seconds = serializers.FloatField(allow_null=True)
    first_response_seconds = serializers.FloatField(allow_null=True)


class ConversationsSerializer(serializers.Serializer[Any]):
    results = MeasuredSerializer(many=True)
    next = serializers.URLField(allow_null=True)
