"""What the assistant made of one turn: the record that explains it and that analytics counts."""

from django.db import models
from django.utils import timezone


class TurnRecord(models.Model):
    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        FALLBACK = "fallback", "Did not know"
        HANDED_OFF = "handed_off", "Handed off"

    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.CASCADE, related_name="turns")
    seq = models.PositiveIntegerField(help_text="The customer's newest message that this turn answers.")
    episode = models.PositiveIntegerField(default=1)
    epoch = models.PositiveIntegerField(default=0, help_text="Another one where an agent handed the same message back.")
    intent = models.CharField(max_length=60, blank=True)
    confidence = models.FloatField(default=0.0)
    engine = models.CharField(max_length=20, blank=True)
    why = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["conversation", "seq", "epoch"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq", "epoch"], name="turn_settled_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["answered", "fallback", "handed_off"]), name="turn_outcome_known"
            ),
        ]
        indexes = [models.Index(fields=["created_at", "intent"], name="turn_when_intent")]

    def __str__(self) -> str:
        return f"{self.intent or 'unrouted'} → {self.outcome}"
