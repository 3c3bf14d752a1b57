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
