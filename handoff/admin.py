"""What an admin sees of the queue: agents, words and thresholds may be changed, requests are history."""

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from conversations.admin import History, ModelAdmin, SingletonAdmin, TabularInline

from .models import Agent, CannedReply, Handoff, HandoffEvent, HandoffSettings


class EventInline(History, TabularInline):
    model = HandoffEvent
    fields = ["at", "kind", "agent", "to_agent", "note"]


@admin.register(Handoff)
class HandoffAdmin(History, ModelAdmin):
    list_display = ["ticket", "customer", "status", "reason", "base_priority", "agent", "created_at", "claimed_at"]
    list_filter = ["status", "reason", "base_priority", "agent", "created_at"]
    list_select_related = ["conversation__customer", "agent"]
    search_fields = ["id", "conversation__customer__name", "conversation__customer__email", "summary"]
    date_hierarchy = "created_at"
    inlines = [EventInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Handoff], search_term: str
    ) -> tuple[QuerySet[Handoff], bool]:
        # A ticket as customers quote it is the beginning of the id.
        ticket = search_term.strip().lower().removeprefix("sd-")
        return super().get_search_results(request, queryset, ticket or search_term)

    @admin.display(ordering="conversation__customer__name")
    def customer(self, handoff: Handoff) -> str:
        return str(handoff.conversation.customer)


@admin.register(HandoffEvent)
class HandoffEventAdmin(History, ModelAdmin):
    list_display = ["at", "kind", "handoff", "agent", "to_agent", "note"]
    list_filter = ["kind", "agent", "at"]
    list_select_related = ["handoff", "agent", "to_agent"]
    search_fields = ["handoff__id", "agent__name", "note"]
    date_hierarchy = "at"


@admin.register(Agent)
class AgentAdmin(ModelAdmin):
    list_display = ["name", "user", "presence", "last_seen_at", "capacity", "holds"]
    list_filter = ["presence"]
    list_editable = ["capacity"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username", "user__email"]
    readonly_fields = ["last_seen_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        held = Count("handoffs", filter=Q(handoffs__status="assigned", handoffs__conversation__status="escalated"))
        queryset: QuerySet[Agent] = super().get_queryset(request).annotate(held=held)
        return queryset

    @admin.display(description="Conversations now", ordering="held")
    def holds(self, agent: Agent) -> int:
        held: int = agent.held  # type: ignore[attr-defined]  # annotated above
        return held


@admin.register(CannedReply)
class CannedReplyAdmin(ModelAdmin):
    list_display = ["shortcut", "title", "body"]
    search_fields = ["shortcut", "title", "body"]


@admin.register(HandoffSettings)
class HandoffSettingsAdmin(SingletonAdmin):
    fieldsets = [
        (
            "When a person takes over",
            {"fields": ["failed_attempts", "frustrated_messages", "frustration_window", "complexity", "extra_phrases"]},
        ),
        (
            "How soon",
            {"fields": ["premium_bonus", "billing_bonus", "long_bonus", "long_after_minutes", "ageing_minutes"]},
        ),
        ("When an agent is gone", {"fields": ["absent_after_minutes"]}),
    ]
