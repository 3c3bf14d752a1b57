"""How the inbox words what it shows: waits, evidence, briefs, who has whom."""

from datetime import datetime
from typing import Any

from django.template import Library

from conversations.models import Conversation, Customer

from ..detail import Hold, hold_of
from ..lists import Row, View
from ..models import Agent, Handoff

register = Library()

ICONS = {View.QUEUE: "queue", View.MINE: "person", View.OPEN: "chat", View.OVERDUE: "alarm", View.CLOSED: "archive"}
ORDERS = {
    View.QUEUE: "Most urgent first, then the longest wait",
    View.MINE: "The longest wait for you first",
    View.OPEN: "Latest first, with the assistant too",
    View.OVERDUE: "The longest wait first",
    View.CLOSED: "Of the last three days",
}

SOON, LATE = 3 * 60, 10 * 60  # seconds after which a wait is amber, and red; inbox/waits.js counts on with the same


@register.filter
def wait_level(conversation: Conversation, now: datetime) -> str:
    seconds = (now - conversation.waiting_since).total_seconds() if conversation.waiting_since else 0
    if seconds >= LATE or conversation.overdue_at:
        return "late"
    return "soon" if seconds >= SOON else "calm"


@register.filter
def waited(since: datetime, now: datetime) -> str:
    """4:07, 1 h 05, 2 d 3 h: as exact as it matters."""
    seconds = max(0, int((now - since).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


@register.filter
def ago(at: datetime, now: datetime) -> str:
    minutes = max(0, int((now - at).total_seconds())) // 60
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 24 * 60 else f"{minutes // (24 * 60)} d"


@register.inclusion_tag("handoff/_views.html")
def views(counts: dict[str, int], current: View, *, oob: bool = False) -> dict[str, Any]:
    """The views with how many each holds."""
    items = [{"view": view, "icon": f"_partials/icons/{ICONS[view]}.svg", "count": counts.get(view)} for view in View]
    return {"items": items, "current": current, "counts": counts, "oob": oob}


@register.filter
def order(view: View) -> str:
    return ORDERS[view]


@register.filter
def holder(row: Row, me: Agent) -> str:
    """Who has it, in a word or two."""
    match hold_of(row, me):
        case Hold.CLOSED:
            return row.conversation.get_close_reason_display()
        case Hold.ASSISTANT:
            return "Assistant"
        case Hold.WAITING:
            return "Waits for a person"
        case Hold.MINE:
            return "You"
        case Hold.OTHER:
            return str(row.handoff and row.handoff.agent)


@register.filter
def intent(name: str) -> str:
    return name.replace("_", " ").capitalize()


@register.filter
def held(row: Row, me: Agent) -> str:
    """Who has it, where the list does not say so already."""
    return "" if hold_of(row, me) in (Hold.WAITING, Hold.CLOSED) else holder(row, me)


@register.filter
def standing(row: Row, me: Agent) -> str:
    """How a conversation stands, as a heading says it."""
    match hold_of(row, me):
        case Hold.MINE:
            return "With you"
        case Hold.OTHER:
            return f"With {holder(row, me)}"
        case Hold.ASSISTANT:
            return f"With the assistant, {row.conversation.get_status_display().lower()}"
        case _:
            return holder(row, me)


@register.filter
def measure(handoff: Handoff) -> str:
    """What the rule compared: "3, and 3 calls a person"."""
    value, threshold = handoff.evidence.get("value"), handoff.evidence.get("threshold")
    return "" if value is None or threshold is None else f"{value:g} against a limit of {threshold:g}"


@register.filter
def brief_points(handoff: Handoff) -> list[tuple[str, str]]:
    """The brief as label and text; a line without a label stands for itself."""
    points = []
    for line in filter(None, (line.strip(" -•*") for line in handoff.summary.splitlines())):
        label, colon, text = line.partition(":")
        points.append((label.strip("* "), text.strip("* ")) if colon and len(label) < 40 else ("", line))
    return points


@register.filter
def told_by_site(conversation: Conversation) -> list[tuple[str, str]]:
    """What her site told about her and about this conversation."""
    told = conversation.customer.attributes | conversation.context
    return [(name.replace("_", " ").capitalize(), _worded(value)) for name, value in told.items()]


@register.filter
def initials(customer: Customer) -> str:
    words = str(customer).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def _worded(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(_worded(one) for one in value)
        case dict():
            return "; ".join(f"{name}: {_worded(one)}" for name, one in value.items())
        case _:
            return str(value)
