"""The metrics of a model, as every page writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as the Evaluator calls it.
        label: as people do.
        unit: behind the number, empty for none.
        digits: behind the point.
        better: which of two is better; ``promised`` = nearer to what was promised.
        scale: what the number is multiplied by.
    """

    name: str
    label: str
    unit: str
    digits: int
    better: Literal["more", "less", "promised"]
    scale: float = 1.0

    def text(self, metrics: Mapping[str, Any]) -> str:
        """The number without its unit; a dash where it was not measured."""
        value = metrics.get(self.name)
        return "—" if value is None else f"{float(value) * self.scale:,.{self.digits}f}"


METRICS = (
    Metric("average_precision", "Average precision", "", 4, "more"),
    Metric("f1", "F1", "", 4, "more"),
    Metric("brier", "Brier score", "", 4, "less"),
    Metric("rmse_capped", "RMSE, capped", "cycles", 2, "less"),
    Metric("rmse", "RMSE", "cycles", 2, "less"),
    Metric("coverage", "Window coverage", "%", 1, "promised", 100.0),
    Metric("mean_width", "Mean window width", "cycles", 1, "less"),
    Metric("fit_seconds", "Training time", "s", 1, "less"),
    Metric("peak_memory_mb", "Peak memory", "MB", 0, "less"),
    Metric("model_bytes", "Model size", "kB", 0, "less", 0.001),
)
PROMISED = "nominal_coverage"


def metric_list(metrics: Mapping[str, Any]) -> list[Component]:
    """Those that were measured, each with its unit; nothing when none were."""
    shown = [_shown(each, metrics) for each in METRICS if metrics.get(each.name) is not None]
    return [html.Dl(shown, className="run-metrics")] if shown else []


def better(metric: Metric, left: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    """``left``, ``right``, or empty where they are as good or one was not measured."""
    known = metric.name in left and metric.name in right
    if not known or metric.text(left) == metric.text(right):
        return ""
    first, second = float(left[metric.name]), float(right[metric.name])
    if metric.better == "promised":
        promised = [float(each.get(PROMISED, 0.9)) for each in (left, right)]
        first, second = -abs(first - promised[0]), -abs(second - promised[1])
    elif metric.better == "less":
        first, second = -first, -second
    return "left" if first > second else "right"


def _shown(metric: Metric, metrics: Mapping[str, Any]) -> Component:
    unit = html.Span(f" {metric.unit}" if metric.unit else "", className="run-hint")
    return html.Div([html.Dt(metric.label), html.Dd([metric.text(metrics), unit])])
