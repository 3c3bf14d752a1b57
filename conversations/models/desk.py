"""The desk's own settings: one row that an admin edits."""

from typing import Self

from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.db import models

MINUTES_A_YEAR, HOURS_A_YEAR = 365 * 24 * 60, 365 * 24


def between(low: int, high: int) -> list[BaseValidator]:
    """What a form says of a number that is out of bounds; in_bounds keeps it out of the database."""
    return [MinValueValidator(low), MaxValueValidator(high)]


def in_bounds(table: str, field: str, low: int, high: int) -> models.CheckConstraint:
    within = models.Q(**{f"{field}__gte": low, f"{field}__lte": high})
    return models.CheckConstraint(condition=within, name=f"{table}_{field}")


def bring_within(model: type[models.Model]) -> None:
    """Sets what a desk keeps beyond its bounds to the bound, so that a migration can forbid it."""
    beyond = {MinValueValidator: "lt", MaxValueValidator: "gt"}
    for field in model._meta.concrete_fields:
        for validator in field.validators:
            if isinstance(validator, BaseValidator) and (comparison := beyond.get(type(validator))):
                bound = validator.limit_value
                model._default_manager.filter(**{f"{field.name}__{comparison}": bound}).update(**{field.name: bound})


class Singleton(models.Model):
    """A model with exactly one row, made with its defaults when first read."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        self.pk = 1
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched

    @classmethod
    def current(cls) -> Self:
        return cls._default_manager.get_or_create(pk=1)[0]


class DeskSettings(Singleton):
    name = models.CharField(max_length=60, default="Supportdesk", help_text="Shown to customers in the chat's header.")
    greeting = models.TextField(
        default="Hello! I'm the assistant here. Ask me about an order, a product or a bill, "
        "or say that you'd rather talk to a person.",
        help_text="The first words in a new conversation.",
    )
    idle_after_minutes = models.PositiveIntegerField(
        "idle after (minutes)",
        default=30,
        validators=between(1, MINUTES_A_YEAR),
        help_text="Silence on the customer's side before the reminder, and again before closing.",
    )
    reminder = models.TextField(default="Are you still there?")
    max_age_hours = models.PositiveIntegerField(
        "longest conversation (hours)",
        default=24,
        validators=between(1, HOURS_A_YEAR),
        help_text="After this a conversation is closed; one that waits for a person is marked overdue instead.",
    )
    reopen_within_hours = models.PositiveIntegerField(
        "may be reopened for (hours)",
        default=72,
        validators=between(0, HOURS_A_YEAR),
        help_text="How long after closing the customer may continue it.",
    )
    confidence_floor = models.FloatField(
        default=0.25,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Below this the assistant does not act on an intent, it asks the customer to rephrase.",
    )
    fallback_text = models.TextField(
        "words when it does not know", default="I'm not sure how to help with that. Could you please rephrase?"
    )

    class Meta:
        verbose_name = verbose_name_plural = "desk settings"
        # A time that reaches before the calendar would stop the sweep.
        constraints = [
            in_bounds("desk_settings", "idle_after_minutes", 1, MINUTES_A_YEAR),
            in_bounds("desk_settings", "max_age_hours", 1, HOURS_A_YEAR),
            in_bounds("desk_settings", "reopen_within_hours", 0, HOURS_A_YEAR),
        ]

    def __str__(self) -> str:
        return self.name
