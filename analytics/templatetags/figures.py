"""How the manager's pages word what they show of one conversation."""

from django.template import Library

from conversations.lifecycle import Reason, Status
from conversations.models import Intent
from handoff.models import Reason as HandoffReason

from .. import wording
from ..listing import Row

register = Library()

ENDINGS = {
    Reason.CUSTOMER_LEFT: "Left without an answer",
    Reason.INACTIVITY: "Closed for silence",
    Reason.MAX_AGE: "Closed for its age",
}


@register.filter
def outcome(row: Row) -> str:
    """What became of it, in a few words."""
    conversation = row.conversation
    if row.resolved:
        return "Resolved"
    if conversation.status == Status.CLOSED:
        return ENDINGS.get(Reason(conversation.close_reason), "Closed")
    return "With a person" if conversation.status == Status.ESCALATED else "With the assistant"


@register.filter
def tone(row: Row) -> str:
    if row.resolved:
        return "well"
    return "waiting" if row.conversation.status == Status.ESCALATED else ""


@register.filter
def reason(row: Row) -> str:
    return HandoffReason(row.reason).label if row.reason else ""


@register.filter
def seconds(value: float | None) -> str:
    return "–" if value is None else wording.duration(value)


@register.filter
def intents(row: Row, titles: dict[str, str]) -> str:
    return ", ".join(titles.get(name) or wording.intent(name) for name in row.intents) or "–"


@register.simple_tag
def intent_titles() -> dict[str, str]:
    return dict(Intent.objects.values_list("name", "title"))
