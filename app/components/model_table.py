"""The registered models of a fleet, newest first."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import RUNS, compared_address, model_address, table_address
from app.components.metrics import METRICS
from app.components.run_facts import utc
from app.components.run_state import model_state
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.times import minute
from app.queries.models import Models, Row
from lakehouse.registry import Verdict

_SHORT = {
    "average_precision": "Avg. precision",
    "rmse_capped": "RMSE, cycles",
    "coverage": "Coverage, %",
    "mean_width": "Width, cycles",
}
_METRICS = tuple(each for each in METRICS if each.name in _SHORT)
_HEADS = (
    Head("Model", "runs-cell-run"), Head("State", "runs-cell-state"), Head("Trained (UTC)"),
    *(Head(_SHORT[metric.name], "runs-number") for metric in _METRICS),
    Head("Learnt from"), Head("Asked by"), Head("The gate", "runs-cell-why"), Head("Compare"),
)  # fmt: skip
SILVER = "silver/readings"


def model_table(found: Models, live: str, as_of: int | None) -> Component:
    """All of them, or one sentence when there are none.

    Args:
        found: the models.
        live: the model that they are compared with, empty for none.
        as_of: the snapshot that was asked for, None for now.
    """
    if found.problem:
        return html.P(found.problem, className="runs-empty", role="alert")
    if not found.rows:
        text = "No model was trained yet. Every one that is, stands here with its evaluation and "
        text += "what the gate said of it. "
        link = dcc.Link("Retrain", href=RUNS, className="btn btn-primary")
        return html.Section([html.P(text), link], className="sheet empty")
    rows = [
        sheet_row(_HEADS, _cells(row, live, as_of), "mdl-live" if row.state == "live" else "")
        for row in found.rows
    ]
    return sheet_table("Models", _HEADS, rows)


def _cells(row: Row, live: str, as_of: int | None) -> list[Cell]:
    model, verdict = row.model, row.model.verdict
    metrics = verdict.metrics if verdict else {}
    version = model.silver_version
    return [
        dcc.Link(model.model_id, href=model_address(model.model_id, as_of)),
        model_state(row.state),
        html.Span(minute(model.created), title=f"{utc(model.created)} UTC"),
        *(each.text(metrics) for each in _METRICS),
        dcc.Link(f"silver v{version}", href=table_address(SILVER, version, as_of)),
        row.asked.who or "—",
        _gate(verdict),
        _compare(model.model_id, live, as_of),
    ]


def _gate(verdict: Verdict | None) -> Component | str:
    """The code of the gate's first reason; all of them in words when it is pointed at."""
    if verdict is None or not verdict.reasons:
        return "—"
    code, _, _ = verdict.reasons[0].partition(":")
    return html.Span(code.replace("_", " "), title="; ".join(verdict.reasons))


def _compare(model_id: str, live: str, as_of: int | None) -> Component | None:
    if not live or live == model_id:
        return None
    link: Component = dcc.Link("with the live one", href=compared_address(live, model_id, as_of))
    return link
