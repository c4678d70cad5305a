"""One model: verdict, what it served, metrics, folds, parameters, data, what it looks at."""

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import model_address, run_address, table_address
from app.components.metrics import METRICS, metric_list
from app.components.served_view import served_table
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.queries.models import ModelView, Shares
from app.queries.retention import Learnt
from lakehouse.registry import Verdict

MOST_FEATURES = 12
LEARNERS = {"near": "Probability", "life": "Remaining life"}
_FOLD_METRICS = ("average_precision", "f1", "brier", "rmse_capped", "coverage", "mean_width")
_FOLDS = tuple(each for each in METRICS if each.name in _FOLD_METRICS)
_FOLD_HEADS = (
    Head("Fold", "runs-cell-run"), Head("Engines", "runs-number"), Head("Flights", "runs-number"),
    *(Head(f"{m.label}{f', {m.unit}' if m.unit else ''}", "runs-number") for m in _FOLDS),
)  # fmt: skip
_DATA_HEADS = (
    Head("Table", "runs-cell-run"), Head("Version"), Head("Rows", "runs-number"),
    Head("Can be read"), Head("Until"),
)  # fmt: skip


def model_body(view: ModelView, as_of: int | None) -> list[Component]:
    """Everything below the head."""
    verdict = view.row.model.verdict
    return [
        _part("Evaluation", *_evaluation(view, verdict)),
        _part("When it served", *_served(view, as_of)),
        _part("What it looks at", *_looks_at(view.shares)),
        _part("What it learnt from", *_data(view, as_of)),
        _part("Parameters", _parameters(view.row.model.parameters)),
    ]


def gate_words(verdict: Verdict | None, as_of: int | None) -> list[Component | str]:
    """What the gate said, why, against which model and in which run."""
    if verdict is None:
        return ["It was never evaluated: its training ended before the gate judged it."]
    said = "The gate let it pass" if verdict.blessed else "The gate refused it"
    run = dcc.Link(verdict.run_id, href=run_address(verdict.run_id))
    words: list[Component | str] = [html.Strong(said), f": {plain(verdict.reasons)}; in ", run]
    if verdict.baseline:
        link = dcc.Link(verdict.baseline, href=model_address(verdict.baseline, as_of))
        words += [", held against ", link]
    return [*words, "."]


def plain(reasons: Sequence[str]) -> str:
    """The gate's reasons in words."""
    return "; ".join(reasons).replace("_", " ") or "no reason was kept"


def share_bars(rows: Sequence[tuple[str, float]]) -> Component:
    """Features with the share that each brings, as bars to a common scale."""
    most = max((share for _, share in rows), default=1.0) or 1.0
    lines = []
    for name, share in rows:
        fill = html.Span(className="cmp-fill", style={"width": f"{100 * share / most:.1f}%"})
        bar = html.Span(fill, className="cmp-bar")
        lines.append(html.Li([html.Span(name), bar, html.Span(f"{100 * share:.1f} %")]))
    return html.Ul(lines, className="mdl-shares")


def _part(title: str, *parts: Component) -> Component:
    return html.Section([html.H2(title), *parts], className="quality-part")


def _evaluation(view: ModelView, verdict: Verdict | None) -> list[Component]:
    if verdict is None or not verdict.metrics:
        return [html.P("There is no evaluation of it.", className="runs-empty")]
    hint = "Measured out of fold: every flight by learners that never saw its engine."
    parts = [html.P(hint, className="run-hint"), *metric_list(verdict.metrics)]
    if not view.folds:
        words = (
            "Its folds were not kept apart: models have them since they are published with them."
        )
        return [*parts, html.P(words, className="run-hint")]
    rows = [sheet_row(_FOLD_HEADS, _fold(name, told)) for name, told in view.folds.items()]
    return [*parts, sheet_table("Evaluation by fold", _FOLD_HEADS, rows)]


def _fold(name: str, told: Mapping[str, float]) -> list[Cell]:
    counts = [f"{told.get(count, 0):,.0f}" for count in ("engines", "flights")]
    return [f"{int(name) + 1}", *counts, *(each.text(told) for each in _FOLDS)]


def _served(view: ModelView, as_of: int | None) -> list[Component]:
    if not view.served:
        return [html.P("It never served.", className="runs-empty")]
    return [served_table(view.served, as_of)]


def _looks_at(shares: Shares) -> list[Component]:
    if not shares:
        words = "This was not kept: it is published with every model that is trained from now on."
        return [html.P(words, className="runs-empty")]
    hint = "The share of what its trees gained by each feature, the most telling first."
    cards = []
    for name, title in LEARNERS.items():
        first = list(shares.get(name, {}).items())[:MOST_FEATURES]
        cards.append(html.Section([html.H3(title), share_bars(first)], className="quality-card"))
    return [html.P(hint, className="run-hint"), html.Div(cards, className="mdl-both")]


def _data(view: ModelView, as_of: int | None) -> list[Component]:
    if not view.data:
        return [html.P("Nobody wrote down what it learnt from.", className="runs-empty")]
    pinned = bool(view.served)
    rows = [
        sheet_row(_DATA_HEADS, _learnt(part, pinned, as_of), "tbl-lost-row" if part.lost else "")
        for part in view.data
    ]
    return [sheet_table("What it learnt from", _DATA_HEADS, rows)]


def _learnt(part: Learnt, pinned: bool, as_of: int | None) -> list[Cell]:
    link = dcc.Link(f"v{part.version}", href=table_address(part.table, part.version, as_of))
    rows = "—" if part.facts is None or part.facts.rows is None else f"{part.facts.rows:,}"
    return [
        part.table,
        link,
        rows,
        f"▲ no: {part.lost}" if part.lost else "yes",
        _until(part, pinned),
    ]


def _until(part: Learnt, pinned: bool) -> str:
    if part.lost:
        return "—"
    if pinned:
        return "for good: it has served"
    until = part.facts.kept_until if part.facts else None
    return "nothing has replaced it yet" if until is None else f"{until:%Y-%m-%d}"


def _parameters(parameters: Mapping[str, object]) -> Component:
    shown = [html.Div([html.Dt(name), html.Dd(f"{value}")]) for name, value in parameters.items()]
    return html.Dl(shown, className="run-metrics")
