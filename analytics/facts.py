"""What is known of one conversation, as database expressions: how it ended, how long it took, who spoke."""

from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable, Expression, ExpressionWrapper
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from conversations.lifecycle import Reason, Status
from conversations.models import Message, Role, Transition, TurnRecord
from handoff.models import Handoff
from handoff.models import Reason as HandoffReason


class Millis(Func):
    """A moment as whole milliseconds since 1970: exact, and subtracted by the database without a call into Python."""

    arity = 1
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s) - 2440587.5) * 86400000.0) AS INTEGER)"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "ROUND(EXTRACT(EPOCH FROM %(expressions)s) * 1000)::bigint"
        return super().as_sql(compiler, connection, template=template, **context)


class Quarter(Func):
    """The number of a moment's quarter of an hour since 1970: the grain that every time zone's days are made of."""

    arity = 1
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / 900)"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 900)::bigint"
        return super().as_sql(compiler, connection, template=template, **context)


def seconds(millis: Combinable) -> Combinable:
    return ExpressionWrapper(millis / Value(1000.0), output_field=FloatField())


def between(start: str, end: str) -> Combinable:
    return seconds(Millis(end) - Millis(start))


def known(value: Expression) -> Q:
    return Q(IsNull(value, False))


# --- How it ended --------------------------------------------------------------------------------------------------

CLOSED = Q(status=Status.CLOSED)
ESCALATED = Q(escalated_at__isnull=False)  # ever: closing does not clear it
REOPENED = Q(episode__gt=1)
RATED = Q(rating__isnull=False)

_agent_spoke_last = Exists(
    Message.objects.filter(conversation=OuterRef("pk"), role=Role.AGENT, seq__gt=OuterRef("last_customer_seq"))
)
_assistant_answered_last = Exists(
    TurnRecord.objects.filter(
        conversation=OuterRef("pk"), seq=OuterRef("last_customer_seq"), outcome=TurnRecord.Outcome.ANSWERED
    )
)
RESOLVED = Q(close_reason=Reason.RESOLVED) | (
    Q(close_reason=Reason.CUSTOMER_LEFT, last_customer_seq__gt=0) & (Q(_assistant_answered_last) | Q(_agent_spoke_last))
)

# --- How long it took ----------------------------------------------------------------------------------------------

_open_in_all_episodes = Subquery(
    Transition.objects.filter(conversation=OuterRef("pk"))
    .order_by()
    .values("conversation")
    .annotate(
        millis=Sum(
            Case(
                When(new=Status.CLOSED, then=Millis("at")),
                When(old__in=["", Status.CLOSED], then=-1 * Millis("at")),
                default=Value(0),
                output_field=BigIntegerField(),
            )
        )
    )
    .values("millis"),
    output_field=BigIntegerField(),
)
#: NULL while it is open.
DURATION = Case(
    When(CLOSED & ~REOPENED, then=between("created_at", "closed_at")),
    When(CLOSED, then=seconds(_open_in_all_episodes)),
    output_field=FloatField(),
)

# --- What was said -------------------------------------------------------------------------------------------------


def messages_by(*roles: Role) -> Combinable:
    said = Message.objects.filter(conversation=OuterRef("pk"), role__in=roles).order_by().values("conversation")
    return Coalesce(Subquery(said.annotate(count=Count("pk")).values("count")), 0, output_field=IntegerField())


MESSAGES = messages_by(Role.CUSTOMER, Role.ASSISTANT, Role.AGENT)
CUSTOMER_MESSAGES = messages_by(Role.CUSTOMER)

# --- Its first handoff ---------------------------------------------------------------------------------------------


def of_first_handoff(value: Expression | Combinable, output_field: Any) -> Case:
    first = Handoff.objects.filter(conversation=OuterRef("pk")).order_by("created_at", "pk")
    found = Subquery(first.annotate(value=value).values("value")[:1], output_field=output_field)
    return Case(When(ESCALATED, then=found), output_field=output_field)  # looked up only where there is one


_WAITED = Q(claimed_at__isnull=False) & ~Q(reason=HandoffReason.AGENT_STEPPED_IN)

_waited = between("created_at", "claimed_at")

REASON = of_first_handoff(F("reason"), CharField())
#: From the first request until an agent took it; NULL where an agent stepped in by herself: nobody waited for her.
WAIT = of_first_handoff(Case(When(_WAITED, then=_waited)), FloatField())
FIRST_RESPONSE = of_first_handoff(
    Case(When(~Q(reason=HandoffReason.AGENT_STEPPED_IN), then=between("created_at", "first_reply_at"))), FloatField()
)
#: 1 where the wait ended within the range that the customer was told, 0 where not, NULL where nothing was told.
WAIT_KEPT = of_first_handoff(
    Case(
        When(~_WAITED | Q(estimate_low__isnull=True) | Q(estimate_high__isnull=True), then=Value(None)),
        When(Q(estimate_low__lte=_waited) & Q(estimate_high__gte=_waited), then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    ),
    IntegerField(),
)
ABANDONED = (
    CLOSED & ESCALATED & ~Q(Exists(Handoff.objects.filter(conversation=OuterRef("pk"), claimed_at__isnull=False)))
)
