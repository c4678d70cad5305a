"""Two models side by side: metrics, parameters, engines on which they differ, what they look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import compared_address, engine_address, model_address
from app.components.metrics import METRICS, Metric, better
from app.components.model_body import LEARNERS, plain
from app.components.numbers import counted, percent_text
from app.components.run_state import model_state
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.times import minute
from app.queries.compared_models import Said, Weight
from app.queries.models import Row


@dataclass(frozen=True)
class ChooserIds:
    """Ids of the two lists."""

    left: str
    right: str


def chooser(
    ids: ChooserIds, rows: Sequence[Row], both: tuple[str, str], as_of: int | None
) -> Component:
    """Which two are compared, and the way to swap them."""
    options = [{"value": row.model.model_id, "label": _option(row)} for row in rows]
    swap = compared_address(both[1], both[0], as_of)
    return html.Div(
        [
            _choice("Compare", ids.left, options, both[0]),
            _choice("with", ids.right, options, both[1]),
            dcc.Link("⇄ Swap", href=swap, className="btn btn-secondary cmp-swap"),
        ],
        className="cmp-chooser mdl-chooser",
        role="search",
    )


def cards(left: Row, right: Row, as_of: int | None) -> Component:
    """What both are."""
    both = ((left, "left"), (right, "right"))
    return html.Div([_card(row, side, as_of) for row, side in both], className="cmp-sides")


def metric_table(left: Row, right: Row) -> Component:
    """Every metric of both, the better one marked."""
    heads = _heads("Metric", left, right, "Better")
    told = [row.model.verdict.metrics if row.model.verdict else {} for row in (left, right)]
    names = {"left": left.model.model_id, "right": right.model.model_id}
    rows = [_metric_row(heads, metric, (told[0], told[1]), names) for metric in METRICS]
    return _part("Metrics, out of fold", sheet_table("Metrics", heads, rows))


def parameter_table(left: Row, right: Row) -> list[Component]:
    """The parameters that differ; nothing when all are the same."""
    both = [row.model.parameters for row in (left, right)]
    names = [name for name in {**both[0], **both[1]} if both[0].get(name) != both[1].get(name)]
    if not names:
        return []
    heads = _heads("Parameter", left, right)
    rows = [
        sheet_row(heads, [name, *(f"{each.get(name, '—')}" for each in both)]) for name in names
    ]
    return [_part("Parameters that differ", sheet_table("Parameters", heads, rows))]


def engine_table(said: Said, left: Row, right: Row, as_of: int | None) -> Component:
    """The engines on which they differ most."""
    title = "Engines on which they differ most"
    if said.problem:
        return _part(title, html.P(said.problem, className="runs-empty", role="status"))
    names = (left.model.model_id, right.model.model_id)
    hint = f"Of {counted(said.engines, 'engine')} ({counted(said.flights, 'flight')}) that neither "
    hint += "had seen: the flight where their probabilities are furthest apart."
    heads = (
        Head("Engine", "runs-cell-run"), Head("Cycle", "runs-number"),
        Head("Really left", "runs-number"),
        *(Head(f"P, {name}", "runs-number") for name in names),
        *(Head(f"Cycles left, {name}", "runs-number") for name in names),
        *(Head(f"Mean error, {name}", "runs-number") for name in names),
    )  # fmt: skip
    rows = [
        sheet_row(heads, [
            dcc.Link(one.engine, href=engine_address(one.fleet, one.engine, as_of)),
            f"{one.cycle:,}", f"{one.remaining:,}",
            *(percent_text(each) for each in one.probability),
            *(f"{each:.0f}" for each in one.rul), *(f"{each:.1f}" for each in one.error),
        ])
        for one in said.apart
    ]  # fmt: skip
    return _part(title, html.P(hint, className="run-hint"), sheet_table(title, heads, rows))


def weight_tables(weights: Mapping[str, Sequence[Weight]], left: Row, right: Row) -> Component:
    """What both look at, by learner."""
    title = "What they look at"
    if not weights:
        words = "This was not kept for both: it is published with every model that is trained now."
        return _part(title, html.P(words, className="runs-empty"))
    hint = "The share of what the trees gained by each feature."
    parts = []
    for name, label in LEARNERS.items():
        heads = _heads("Feature", left, right)
        rows = [
            sheet_row(heads, [one.feature, f"{100 * one.left:.1f} %", f"{100 * one.right:.1f} %"])
            for one in weights[name]
        ]
        sheet = sheet_table(f"What {label.lower()} looks at", heads, rows)
        parts.append(html.Section([html.H3(label), sheet]))
    return _part(title, html.P(hint, className="run-hint"), html.Div(parts, className="mdl-both"))


def nothing(both: tuple[str, str], rows: Sequence[Row]) -> Component:
    """Why there is nothing to compare."""
    known = {row.model.model_id for row in rows}
    lost = [name for name in both if name and name not in known]
    text = f"There is no model {' or '.join(lost)}. " if lost else ""
    text += "Choose two above." if len(rows) > 1 else "Two models can be compared once two are."
    return html.P(text, className="runs-empty", role="status")


def _heads(first: str, left: Row, right: Row, *more: str) -> tuple[Head, ...]:
    sides = [Head(row.model.model_id, "runs-number") for row in (left, right)]
    return (Head(first, "runs-cell-run"), *sides, *(Head(name) for name in more))


def _metric_row(
    heads: Sequence[Head],
    metric: Metric,
    told: tuple[Mapping[str, float], Mapping[str, float]],
    names: Mapping[str, str],
) -> Component:
    side = better(metric, *told)
    texts = {name: metric.text(each) for name, each in zip(("left", "right"), told, strict=True)}
    values: list[Cell] = [
        html.Strong(text) if name == side else text for name, text in texts.items()
    ]
    label = f"{metric.label}{f', {metric.unit}' if metric.unit else ''}"
    return sheet_row(heads, [label, *values, names.get(side, "—")])


def _card(row: Row, side: str, as_of: int | None) -> Component:
    model, verdict = row.model, row.model.verdict
    link = dcc.Link(model.model_id, href=model_address(model.model_id, as_of))
    facts = [
        ("Fleet", model.fleet),
        ("Trained (UTC)", minute(model.created)),
        ("Learnt from", f"silver v{model.silver_version}"),
        ("Asked by", row.asked.who or "unknown"),
        ("The gate", plain(verdict.reasons) if verdict else "never evaluated"),
    ]
    parts = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    head = html.H2([link, " ", model_state(row.state)])
    return html.Section([head, html.Dl(parts)], className=f"sheet cmp-side mdl-{side}")


def _choice(label: str, id_: str, options: list[dict[str, str]], value: str) -> Component:
    known = any(option["value"] == value for option in options)
    chosen = dbc.Select(
        id=id_, options=options, value=value if known else "", placeholder="Choose a model"
    )
    return html.Div([html.Label(label, htmlFor=id_), chosen], className="cmp-field")


def _option(row: Row) -> str:
    state = row.state.replace("_", " ")
    return f"{row.model.model_id} · {row.model.fleet} · {state} · {minute(row.model.created)}"


def _part(title: str, *parts: Component) -> Component:
    return html.Section([html.H2(title), *parts], className="quality-part")
