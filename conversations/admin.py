"""What an admin sees of conversations: what was said and done is history, knowledge and settings may be changed."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from .assistant.intents import HANDLERS
from .models import (
    ApiToken,
    Article,
    Conversation,
    Customer,
    DeskSettings,
    Example,
    Intent,
    Message,
    Order,
    Transition,
    TurnRecord,
)
from .models.desk import Singleton

if TYPE_CHECKING:  # the stubs are generic, Django's own classes are not
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    from django.contrib.admin import ModelAdmin, TabularInline


class History:
    """Rows that tell what happened: they are looked at, and neither made, changed nor thrown away here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SingletonAdmin(ModelAdmin):
    """A model with one row: its list is its form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)  # which refuses
        model: type[Singleton] = self.model
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        return redirect(reverse(name, args=[model.current().pk]))


# --- Conversations: history ----------------------------------------------------------------------------------------


class MessageInline(History, TabularInline):
    model = Message
    fields = ["seq", "role", "author_name", "body", "created_at"]
    ordering = ["seq"]


class TransitionInline(History, TabularInline):
    model = Transition
    fields = ["at", "old", "new", "reason", "actor", "user"]


class TurnInline(History, TabularInline):
    model = TurnRecord
    fields = ["seq", "intent", "confidence", "engine", "why", "outcome"]
    verbose_name = "turn of the assistant"
    verbose_name_plural = "turns of the assistant"


@admin.register(Conversation)
class ConversationAdmin(History, ModelAdmin):
    list_display = [
        "customer",
        "status",
        "intent",
        "last_public_seq",
        "waiting_since",
        "overdue_at",
        "rating",
        "created_at",
    ]
    list_filter = [
        "status",
        "intent",
        "close_reason",
        ("overdue_at", admin.EmptyFieldListFilter),
        ("escalated_at", admin.EmptyFieldListFilter),
        "rating",
    ]
    list_select_related = ["customer"]
    search_fields = ["customer__name", "customer__email", "customer__external_id", "preview"]
    search_help_text = "A customer's name, e-mail address or id, or the newest words."
    date_hierarchy = "created_at"
    show_full_result_count = False
    exclude = ["token_hash"]
    inlines = [MessageInline, TransitionInline, TurnInline]


@admin.register(Message)
class MessageAdmin(History, ModelAdmin):
    list_display = ["conversation", "seq", "role", "author_name", "words", "created_at"]
    list_filter = ["role", "created_at"]
    list_select_related = ["conversation__customer"]
    search_fields = ["body", "author_name"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    show_full_result_count = False

    @admin.display(description="body")
    def words(self, message: Message) -> str:
        return message.body[:100]


@admin.register(Transition)
class TransitionAdmin(History, ModelAdmin):
    list_display = ["conversation", "old", "new", "reason", "actor", "user", "at"]
    list_filter = ["new", "actor", "reason"]
    list_select_related = ["conversation__customer", "user"]
    search_fields = ["conversation__customer__name", "conversation__customer__email", "reason"]
    date_hierarchy = "at"
    ordering = ["-at"]
    show_full_result_count = False


@admin.register(TurnRecord)
class TurnRecordAdmin(History, ModelAdmin):
    list_display = ["conversation", "seq", "intent", "confidence", "engine", "outcome", "why", "created_at"]
    list_filter = ["outcome", "intent", "engine"]
    list_select_related = ["conversation__customer"]
    search_fields = ["conversation__customer__name", "conversation__customer__email", "why"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    show_full_result_count = False


# --- People and knowledge ------------------------------------------------------------------------------------------


@admin.register(Customer)
class CustomerAdmin(ModelAdmin):
    list_display = ["__str__", "email", "external_id", "tier", "verified", "email_verified", "created_at"]
    list_filter = ["tier", "verified", "email_verified"]
    search_fields = ["name", "email", "external_id"]
    date_hierarchy = "created_at"
    readonly_fields = ["created_at"]


class ExampleInline(TabularInline):
    model = Example
    extra = 3


@admin.register(Intent)
class IntentAdmin(ModelAdmin):
    list_display = ["title", "name", "handler", "active"]
    list_filter = ["active", "handler"]
    search_fields = ["title", "name", "description", "examples__text"]
    prepopulated_fields = {"name": ["title"]}
    inlines = [ExampleInline]

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "handler":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        choices = [(name, name.replace("_", " ").capitalize()) for name in HANDLERS]
        return forms.ChoiceField(choices=choices, help_text="Which of the assistant's handlers answers it.")


@admin.register(Article)
class ArticleAdmin(ModelAdmin):
    list_display = ["title", "published", "updated_at"]
    list_filter = ["published"]
    search_fields = ["title", "body"]
    prepopulated_fields = {"slug": ["title"]}
    date_hierarchy = "updated_at"


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    list_display = ["number", "email", "status", "items", "total", "currency", "placed_at", "expected_on"]
    list_filter = ["status", "currency"]
    search_fields = ["number", "email", "items", "tracking"]
    date_hierarchy = "placed_at"


# --- The desk ------------------------------------------------------------------------------------------------------


@admin.register(DeskSettings)
class DeskSettingsAdmin(SingletonAdmin):
    pass


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """A key is shown once, when it is issued; only its hash is kept. To take it back, delete it."""

    list_display = ["__str__", "user", "created_at", "expires_at"]
    list_filter = ["user"]
    list_select_related = ["user"]
    search_fields = ["label", "user__username"]
    fields = ["user", "label"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        key = obj.renew()
        super().save_model(request, obj, form, change)
        messages.warning(request, f"The key is {key} — copy it now, it is not shown again.")
