"""summary: the figures of a selection and of the period before, as the API gives them and the dashboard shows them."""

from dataclasses import dataclass

from . import breakdowns
from .breakdowns import Counted
from .measuring import Figure, Samples, Unit, measured_with
from .metrics import METRICS
from .selection import Selection, stamp

TOP_INTENTS = 5


@dataclass(frozen=True)
class Summary:
    selection: Selection
    figures: dict[str, Figure]  # a key for each of METRICS
    durations: list[float]  # of those that are closed, sorted
    intents: Counted
    reasons: Counted

    def as_json(self) -> dict[str, object]:
        period = self.selection.timeframe
        return {
            "since": stamp(period.since),
            "until": stamp(period.until),
            **{key: shown(figure, METRICS[key].unit) for key, figure in self.figures.items()},
            "top_intents": self.intents[:TOP_INTENTS],
            "escalation_reasons": self.reasons,
        }


def summarise(selection: Selection) -> Summary:
    conversations = selection.conversations()
    samples = Samples(conversations)
    return Summary(
        selection,
        measured_with(samples, METRICS.values()),
        samples.of(METRICS["p50_duration_seconds"]),
        breakdowns.intents(conversations),
        breakdowns.reasons(conversations),
    )


def shown(figure: Figure, unit: Unit) -> float | None:
    """Times to the millisecond, which is what both databases keep of a difference."""
    return round(figure.value, 3) if figure.value is not None and unit is Unit.SECONDS else figure.value
