"""Which model served a fleet when: a strip of time, a table, and what was live at a moment."""

from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import model_address, run_address
from app.components.aria import aria
from app.components.run_facts import utc
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.queries.served import Served, Timeline

MOST = 50
HOW = {"retrain": "passed the gate", "promote": "promoted", "roll_back": "rolled back"}
_HEADS = (
    Head("Model", "runs-cell-run"), Head("From (UTC)"), Head("To (UTC)"), Head("How"),
    Head("Why", "runs-cell-why"), Head("Who"), Head("Predictions", "runs-number"), Head("Run"),
)  # fmt: skip


class Ids(StrEnum):
    """Ids of the field that asks what was live."""

    WHEN = "models-when"
    ASK = "models-ask"


def served_view(found: Timeline, as_of: int | None) -> list[Component]:
    """Strip, question and table; in words when nothing ever served."""
    if not found.served:
        text = f"No model has served {found.fleet or 'any fleet'} yet. Once one is live, it stands "
        text += "here from when to when, who made it live and why."
        return [html.P(text, className="runs-empty")]
    return [_strip(found.served), _question(found), *_answer(found, as_of), _table(found, as_of)]


def served_table(served: tuple[Served, ...], as_of: int | None) -> Component:
    """Periods as a table."""
    rows = [sheet_row(_HEADS, _cells(one, as_of)) for one in served[:MOST]]
    return sheet_table("What served when", _HEADS, rows)


def _table(found: Timeline, as_of: int | None) -> Component:
    left = len(found.served) - MOST
    rest = html.P(f"{left:,} earlier ones: ask for their time above.", className="run-hint")
    table = served_table(found.served, as_of)
    return html.Div([table, *([rest] if left > 0 else [])])


def _cells(one: Served, as_of: int | None) -> list[Cell]:
    period = one.period
    return [
        dcc.Link(period.model_id, href=model_address(period.model_id, as_of)),
        utc(period.start),
        utc(period.end) if period.end else "now" if as_of is None else "then",
        HOW.get(one.how, "—"),
        one.reason.replace("_", " ") or "—",
        one.who or "—",
        f"{period.predictions:,}",
        dcc.Link(one.run_id.partition("-")[0], href=run_address(one.run_id), title=one.run_id),
    ]


def _strip(served: tuple[Served, ...]) -> Component:
    """One bar over time, oldest left, as wide as each period was long."""
    shown = served[:MOST][::-1]
    ends = [one.period.end or shown[-1].period.start for one in shown]
    lengths = [
        (end - one.period.start).total_seconds() for one, end in zip(shown, ends, strict=True)
    ]
    lengths[-1] = max(lengths[-1], sum(lengths) / 3, 1.0)  # what serves now is not a sliver
    parts = [
        html.Span(
            html.Span(one.period.model_id),
            className="mdl-period" + ("" if one.period.end else " mdl-now"),
            style={"flexGrow": round(length, 3)},
            title=f"{one.period.model_id} from {utc(one.period.start)}",
        )
        for one, length in zip(shown, lengths, strict=True)
    ]
    return html.Div(parts, className="mdl-strip", **aria(hidden="true"))


def _question(found: Timeline) -> Component:
    field = dbc.Input(
        id=Ids.WHEN,
        value=found.asked,
        placeholder="2026-11-20 or 2026-11-20 10:02",
        autocomplete="off",
        maxLength=40,
    )
    button = html.Button("Ask", id=Ids.ASK, type="button", className="btn btn-secondary")
    label = html.Label("What was live on a day, or at a time (UTC)?", htmlFor=Ids.WHEN)
    return html.Div([label, html.Div([field, button])], className="mdl-question", role="search")


def _answer(found: Timeline, as_of: int | None) -> list[Component]:
    if found.problem:
        return [html.P(found.problem, className="quality-refused", role="alert")]
    if not found.asked:
        return []
    if not found.then:
        words: list[Component | str] = [f"{found.asked}: nothing was live for {found.fleet}."]
        return [html.P(words, className="quality-verdict", role="status")]
    words = [f"{found.asked}: {found.fleet} was served by "]
    for place, one in enumerate(found.then):
        words += [", then " if place else "", _named(one, as_of), _until(one)]
    return [html.P([*words, "."], className="quality-verdict", role="status")]


def _named(one: Served, as_of: int | None) -> Component:
    name = one.period.model_id
    link: Component = dcc.Link(name, href=model_address(name, as_of))
    return link


def _until(one: Served) -> str:
    since, end = utc(one.period.start), one.period.end
    return f" (from {since}, " + (f"until {utc(end)})" if end else "still live)")
