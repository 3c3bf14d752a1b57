"""The manager's pages: the dashboard, its live strip, and the conversations behind a number."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from conversations.actors import Action, StaffActor, staff_only
from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet

from . import current, listing, selection, wording
from .dashboards import dashboard, live
from .filters import FILTERS
from .measuring import Metric, measure
from .metrics import METRICS
from .selection import Selection
from .timeframes import TIMEFRAMES, BadTimeframe

NAMES = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days"}


@require_safe
@staff_only(Action.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    """The dashboard. Parameters that cannot be read are named above the figures of the last day."""
    try:
        chosen, bad = selection.read(request.GET), None
    except BadTimeframe as problem:
        chosen, bad = selection.read({}), problem
    context = {**controls(chosen), **dashboard(chosen), **live(timezone.now()), "bad": bad}
    return render(request, "analytics/dashboard.html", context, status=400 if bad else 200)


def controls(chosen: Selection) -> dict[str, Any]:
    period = chosen.timeframe
    return {
        "selection": chosen,
        "timeframe": period,
        "period": wording.period(period),
        "period_before": wording.period(period.previous()),
        "timeframes": [(NAMES[name], chosen.rolling_query(name), name == period.name) for name in TIMEFRAMES],
        "chips": chips(chosen),
        "zones": sorted(available_timezones()),
        "first_day": period.local(period.since).date(),
        "last_day": period.local(period.until - timedelta(microseconds=1)).date(),
    }


def chips(chosen: Selection, **more: str) -> list[tuple[str, str, str]]:
    """Each filter with its value in words, and the query without it."""
    return [
        (FILTERS[name].title, FILTERS[name].word(value), chosen.without(name).rolling_query(**more))
        for name, value in chosen.filters.items()
    ]


@require_safe
@staff_only(Action.MEASURE)
def strip(request: HttpRequest) -> HttpResponse:
    return render(request, "analytics/_live.html", live(timezone.now()))


# --- Behind a number -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Behind:
    """The metric that was asked for, and the conversations it is about."""

    metric: Metric
    conversations: ConversationQuerySet
    selection: Selection | None  # None: they are those of this moment

    @classmethod
    def of(cls, request: HttpRequest) -> "Behind":
        name = request.GET.get("metric", "total_conversations")
        if name in current.CURRENT:
            return cls(current.CURRENT[name], current.going_on(), None)
        if name not in METRICS:
            raise BadTimeframe("metric", f"One of {', '.join(METRICS)} is needed.")
        chosen = selection.read(request.GET)
        return cls(METRICS[name], chosen.conversations(), chosen)


@require_safe
@staff_only(Action.MEASURE)
def conversations(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The list behind a number, or all of it as CSV."""
    try:
        behind = Behind.of(request)
        if request.GET.get("format") == "csv":
            return export(behind)
        found = listing.page(behind.metric.behind(behind.conversations), request.GET.get("after", ""))
    except BadTimeframe as bad:
        return render(request, "analytics/bad.html", {"bad": bad}, status=400)
    return render(request, "analytics/conversations.html", listed(request, behind, found))


def export(behind: Behind) -> StreamingHttpResponse:
    name = f"{behind.metric.key}-{timezone.now():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        listing.as_csv(behind.metric, behind.conversations),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def listed(request: HttpRequest, behind: Behind, found: listing.Page) -> dict[str, Any]:
    metric, chosen = behind.metric, behind.selection
    figure = measure([metric], behind.conversations)[metric.key]
    count = metric.behind(behind.conversations).count()
    query = chosen.query(metric=metric.key) if chosen else f"metric={metric.key}"
    return {
        "metric": metric,
        "number": wording.number(figure.value, metric.unit),
        "figure": figure,
        "count": count,
        "count_text": f"{count:,}",
        "of_text": f"{figure.n:,}",
        "page": found,
        "query": query,
        "later": request.GET.get("after", ""),
        "timeframe": chosen.timeframe if chosen else None,
        "tz": chosen.timeframe.tz if chosen else timezone.get_default_timezone(),
        "period": wording.period(chosen.timeframe) if chosen else "now",
        "dashboard": chosen.query() if chosen else "",
        "chips": chips(chosen, metric=metric.key) if chosen else [],
    }


@require_safe
@staff_only(Action.MEASURE)
def transcript(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """One conversation as it was, for reading; notes among agents are part of it."""
    assert isinstance(request.user, User), "staff_only lets nobody else in"
    visible = Conversation.objects.visible_to(StaffActor(request.user))
    conversation = get_object_or_404(visible, pk=conversation_id)
    return render(
        request,
        "analytics/transcript.html",
        {
            "row": listing.measured([conversation.pk])[0],
            "messages": [message.as_json() for message in conversation.messages.order_by("seq")],
            "tz": timezone.get_default_timezone(),
        },
    )
