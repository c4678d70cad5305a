"""What came of a run: the deliveries of an ingest, the metrics and gate of a training."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.aria import aria, data
from app.components.run_facts import versions
from app.components.run_state import delivery_state

_METRICS = (
    ("average_precision", "Average precision", "", 4),
    ("f1", "F1", "", 4),
    ("brier", "Brier score", "", 4),
    ("rmse_capped", "RMSE, capped", "cycles", 2),
    ("rmse", "RMSE", "cycles", 2),
    ("coverage", "Window coverage", "%", 1),
    ("mean_width", "Mean window width", "cycles", 1),
    ("fit_seconds", "Training time", "s", 1),
    ("peak_memory_mb", "Peak memory", "MB", 0),
    ("model_bytes", "Model size", "kB", 0),
)
_SCALES = {"coverage": 100.0, "model_bytes": 0.001}
_COUNTS = ("rows", "accepted", "quarantined", "duplicates", "conflicts")


def run_result(kind: str, result: Mapping[str, Any] | None) -> list[Component]:
    """The sections of a finished run; none while it has no result."""
    if result is None:
        return []
    parts: list[Component] = []
    if kind == "ingest":
        parts = _ingest(result)
    if kind == "retrain":
        parts = _training(result)
    if kind == "score":
        rows = f"{result.get('rows') or 0:,} predictions by {result.get('model_id') or 'no model'}."
        parts = [html.P(rows)]
    return [*parts, *_tables(result.get("tables") or {})]


def _ingest(result: Mapping[str, Any]) -> list[Component]:
    deliveries = result.get("deliveries") or ()
    heads = ("Delivery", "Kind", "State", *(count.capitalize() for count in _COUNTS), "Why")
    head = html.Tr([html.Th(name, scope="col", className=_side(name)) for name in heads])
    rows = [_delivery(heads, delivery) for delivery in deliveries]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="runs-table")
    sheet = html.Div(
        table, className="runs-sheet", tabIndex=0, role="region", **aria(label="Deliveries")
    )
    return [html.H2("Deliveries"), sheet if rows else _none(), *_skipped(result)]


def _none() -> Component:
    return html.P("There was nothing to take in.", className="run-hint")


def _delivery(heads: Sequence[str], delivery: Mapping[str, Any]) -> Component:
    path = PurePosixPath(str(delivery.get("source") or ""))
    name = " ".join(part for part in (path.name, str(delivery.get("member") or "")) if part)
    cells: list[str | Component] = [
        html.Span(name, title=str(delivery.get("delivery_id") or "")),
        f"{delivery.get('fleet') or ''} {_plain(delivery.get('kind'))}",
        delivery_state(str(delivery.get("state") or "")),
        *(f"{delivery.get(count) or 0:,}" for count in _COUNTS),
        _why(delivery),
    ]
    return html.Tr(
        [
            html.Td(cell, className=_side(head), **data(head=head))
            for head, cell in zip(heads, cells, strict=True)
        ]
    )


def _why(delivery: Mapping[str, Any]) -> str:
    reasons = [f"{_plain(code)}: {n:,}" for code, n in (delivery.get("reasons") or {}).items()]
    warnings = [str(warning.get("detail")) for warning in delivery.get("warnings") or ()]
    said = [str(delivery.get("reason"))] if delivery.get("reason") else []
    return "; ".join([*said, *reasons, *warnings])


def _skipped(result: Mapping[str, Any]) -> list[Component]:
    skipped = result.get("skipped") or ()
    if not skipped:
        return []
    lines = [html.Li(f"{name}: {why}") for name, why in skipped]
    return [html.H2("Left out"), html.Ul(lines, className="run-list")]


def _training(result: Mapping[str, Any]) -> list[Component]:
    verdict = _verdict(result)
    reasons = [html.Li(_plain(reason)) for reason in result.get("reasons") or ()]
    metrics = result.get("metrics") or {}
    shown = [_metric(metrics, *metric) for metric in _METRICS if metrics.get(metric[0]) is not None]
    return [
        html.H2("Model"),
        html.P(verdict, className="run-verdict"),
        *([html.Ul(reasons, className="run-list")] if reasons else []),
        *([html.Dl(shown, className="run-metrics")] if shown else []),
    ]


def _verdict(result: Mapping[str, Any]) -> str:
    model = result.get("model_id")
    if model is None:
        return "No model was trained. The live one, if any, stays live."
    if result.get("pushed"):
        return f"{model} passed the gate and is live."
    if result.get("blessed"):
        return f"{model} passed the gate but was not published."
    return f"{model} did not pass the gate and is not live."


def _metric(metrics: Mapping[str, Any], name: str, label: str, unit: str, digits: int) -> Component:
    value = float(metrics[name]) * _SCALES.get(name, 1.0)
    text: list[str | Component] = [
        f"{value:,.{digits}f}",
        html.Span(f" {unit}" if unit else "", className="run-hint"),
    ]
    return html.Div([html.Dt(label), html.Dd(text)])


def _tables(tables: Mapping[str, int]) -> list[Component]:
    if not tables:
        return []
    return [html.H2("Tables afterwards"), html.P(versions(tables), className="run-versions")]


def _plain(code: Any) -> str:
    return str(code or "").replace("_", " ")


def _side(head: str) -> str:
    number = head.lower() in _COUNTS
    return "runs-number" if number else f"runs-cell-{head.lower()}"
