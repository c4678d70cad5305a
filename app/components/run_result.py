"""What came of a run: the deliveries of an ingest, the metrics and gate of a training."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    limits_address,
    model_address,
    quality_address,
    schema_address,
)
from app.components.aria import aria, data
from app.components.decided_rows import corrected, promoted, restored
from app.components.metrics import metric_list
from app.components.quality_words import found_words
from app.components.run_facts import versions
from app.components.run_state import delivery_state
from app.components.upkeep_result import upkeep_result
from app.components.verify_result import verify_result
from app.queries.deliveries import file_name
from app.queries.quality import Ask

_COUNTS = ("rows", "accepted", "quarantined", "duplicates", "conflicts")


def run_result(kind: str, result: Mapping[str, Any] | None) -> list[Component]:
    """The sections of a finished run; none while it has no result."""
    if result is None:
        return []
    if kind == "maintain":
        return upkeep_result(result)
    if kind == "verify":
        return verify_result(result)
    parts: list[Component] = []
    if kind == "ingest":
        parts = _ingest(result)
    if kind == "retrain":
        parts = _training(result)
    if kind in _DECISIONS:
        parts = [html.P(_DECISIONS[kind](result), className="run-verdict")]
    if kind == "score":
        rows = f"{result.get('rows') or 0:,} predictions by "
        parts = [html.P([rows, _model(result.get("model_id")) or "no model", "."])]
    return [*parts, *_tables(result.get("tables") or {})]


def _ingest(result: Mapping[str, Any]) -> list[Component]:
    deliveries = result.get("deliveries") or ()
    counts = (count.capitalize() for count in _COUNTS)
    heads = ("Delivery", "Kind", "State", *counts, "Found", "Why")
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
    name = file_name(delivery.get("source"), delivery.get("member"))
    known = str(delivery.get("delivery_id") or "")
    found = _found(delivery)
    href = quality_address(Ask(delivery=known))
    cells: list[str | Component] = [
        dcc.Link(name, href=href, title=known) if known else html.Span(name),
        f"{delivery.get('fleet') or ''} {_plain(delivery.get('kind'))}",
        delivery_state(str(delivery.get("state") or "")),
        *(f"{delivery.get(count) or 0:,}" for count in _COUNTS),
        dcc.Link(found, href=href) if found else "none",
        _why(delivery),
    ]
    return html.Tr(
        [
            html.Td(cell, className=_side(head), **data(head=head))
            for head, cell in zip(heads, cells, strict=True)
        ]
    )


def _found(delivery: Mapping[str, Any]) -> str:
    counts = delivery.get("anomalies") or {}
    return found_words(int(counts.get("errors") or 0), int(counts.get("warnings") or 0))


def _reviewed(result: Mapping[str, Any]) -> list[Component | str]:
    delivery = result.get("delivery") or {}
    name = str(delivery.get("delivery_id") or "")
    link = dcc.Link(name, href=quality_address(Ask(delivery=name)))
    return [link, f" was {delivery.get('before')} and is {delivery.get('after')} now."]


def _schema(result: Mapping[str, Any]) -> list[Component | str]:
    schema = result.get("schema") or {}
    fleet = str(schema.get("fleet") or "")
    words = f"Schema {schema.get('schema_id')} of {fleet} is {schema.get('after')}. "
    return [words, dcc.Link("See the schema", href=schema_address(fleet))]


def _limit(result: Mapping[str, Any]) -> list[Component | str]:
    fleet = str(result.get("fleet") or "")
    words = f"It stands as {result.get('limit_id')} and holds for what is delivered from now on. "
    return [words, dcc.Link(f"Limits of {fleet}", href=limits_address(fleet))]


_DECISIONS: Mapping[str, Callable[[Mapping[str, Any]], list[Component | str]]] = {
    "review": _reviewed,
    "schema": _schema,
    "limit": _limit,
    "correct": corrected,
    "restore": restored,
    "promote": promoted,
}


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
    return [
        html.H2("Model"),
        html.P(verdict, className="run-verdict"),
        *([html.Ul(reasons, className="run-list")] if reasons else []),
        *metric_list(result.get("metrics") or {}),
    ]


def _verdict(result: Mapping[str, Any]) -> list[Component | str]:
    model = _model(result.get("model_id"))
    if model is None:
        return ["No model was trained. The live one, if any, stays live."]
    if result.get("pushed"):
        return [model, " passed the gate and is live."]
    if result.get("blessed"):
        return [model, " passed the gate but was not published."]
    return [model, " did not pass the gate and is not live."]


def _model(model_id: Any) -> Component | None:
    return dcc.Link(str(model_id), href=model_address(str(model_id))) if model_id else None


def _tables(tables: Mapping[str, int]) -> list[Component]:
    if not tables:
        return []
    return [html.H2("Tables afterwards"), html.P(versions(tables), className="run-versions")]


def _plain(code: Any) -> str:
    return str(code or "").replace("_", " ")


def _side(head: str) -> str:
    number = head.lower() in _COUNTS
    return "runs-number" if number else f"runs-cell-{head.lower()}"
