"""The REST API of the figures, for managers."""

from collections.abc import Mapping

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.actors import Action, require

from . import listing, selection
from .filters import FILTERS
from .metrics import METRICS
from .selection import Selection
from .serializers import ConversationsSerializer, MetricSerializer, SummarySerializer
from .summaries import summarise
from .timeframes import TIMEFRAMES, BadTimeframe

PARAMETERS = [
    OpenApiParameter("timeframe", enum=[*TIMEFRAMES], description="Up to now; 24h where nothing else is asked for."),
    OpenApiParameter("since", description="A date or a time, instead of a timeframe."),
    OpenApiParameter("until", description="A date or a time, not included; now where it is left out."),
    OpenApiParameter("through", OpenApiTypes.DATE, description="Instead of until: a day, all of it included."),
    OpenApiParameter("tz", description="An IANA time zone: for dates, and for times without an offset."),
    *(OpenApiParameter(name, description=f"Only conversations with this {name}.") for name in FILTERS),
]


def selected(params: Mapping[str, str]) -> Selection:
    try:
        return selection.read(params)
    except BadTimeframe as bad:
        raise ValidationError({bad.field: [bad.problem]}) from None


class SummaryView(APIView):
    permission_classes = (AllowAny,)  # `require` asks the one authoriser

    @extend_schema(parameters=PARAMETERS, responses=SummarySerializer)
    def get(self, request: Request) -> Response:
        """The figures of a timeframe, and of the period before."""
        require(request, Action.MEASURE)
        chosen = selected(request.query_params)
        answer = {"timeframe": chosen.timeframe.name, "tz": chosen.timeframe.tz.key, **summarise(chosen).as_json()}
        return Response(answer | {"previous": summarise(chosen.previous()).as_json()})


class MetricsView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(responses=MetricSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What each figure means."""
        require(request, Action.MEASURE)
        return Response(MetricSerializer(METRICS.values(), many=True).data)


class ConversationsView(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(
        parameters=[
            OpenApiParameter("metric", enum=[*METRICS], description="Only those behind this number."),
            OpenApiParameter("after", description="Where the page before ended; `next` holds it."),
            *PARAMETERS,
        ],
        responses=ConversationsSerializer,
    )
    def get(self, request: Request) -> Response:
        """The conversations behind a number, newest first, each with what is measured of it."""
        require(request, Action.MEASURE)
        name = request.query_params.get("metric", "total_conversations")
        if name not in METRICS:
            raise ValidationError({"metric": [f"One of {', '.join(METRICS)} is needed."]})
        chosen = selected(request.query_params)
        try:
            found = listing.page(METRICS[name].behind(chosen.conversations()), request.query_params.get("after", ""))
        except BadTimeframe as bad:
            raise ValidationError({bad.field: [bad.problem]}) from None
        path = request.build_absolute_uri(request.path)
        more = f"{path}?{chosen.query(metric=name, after=found.after)}" if found.after else None
        return Response({"results": [row.as_json() for row in found.rows], "next": more})
