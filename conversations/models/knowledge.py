"""What the assistant knows: intents with their examples, articles, and the shop's orders."""

from django.db import models
from django.urls import reverse
from django.utils import timezone


class IntentQuerySet(models.QuerySet["Intent"]):
    def active(self) -> "IntentQuerySet":
        return self.filter(active=True)


class Intent(models.Model):
    """Something a customer may want. `handler` names the file of assistant/intents/ that answers it."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=80)
    description = models.TextField(blank=True, help_text="What belongs here and what does not; the model reads it.")
    handler = models.CharField(max_length=60, default="general_inquiry")
    active = models.BooleanField(default=True)

    objects = IntentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title


class Example(models.Model):
    """A sentence a customer might say when she wants its intent; the local classifier learns from these."""

    intent = models.ForeignKey(Intent, on_delete=models.CASCADE, related_name="examples")
    text = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["intent", "text"], name="example_once")]

    def __str__(self) -> str:
        return self.text


class ArticleQuerySet(models.QuerySet["Article"]):
    def published(self) -> "ArticleQuerySet":
        return self.filter(published=True)


class Article(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    body = models.TextField(help_text="Markdown.")
    published = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.slug])


class Order(models.Model):
    """An order of the shop, looked up by number together with the e-mail address it was placed with."""

    class Status(models.TextChoices):
        PAID = "paid", "paid, not packed yet"
        PACKED = "packed", "packed, waiting for the carrier"
        SHIPPED = "shipped", "on its way"
        DELIVERED = "delivered", "delivered"
        CANCELLED = "cancelled", "cancelled"

    number = models.CharField(max_length=20, unique=True)
    email = models.EmailField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PAID)
    items = models.CharField(max_length=200)
    total = models.DecimalField(max_digits=9, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    placed_at = models.DateTimeField(default=timezone.now)
    expected_on = models.DateField(null=True, blank=True)
    tracking = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-placed_at"]

    def __str__(self) -> str:
        return self.number
