"""Until when the data that models learnt from can be read: one section a model."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import model_address, table_address, tables_address
from app.components.aria import aria
from app.components.run_facts import utc
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.components.table_words import rows_words
from app.queries.retention import Learnt, ModelData, Retention

MOST = 50
_HEADS = (
    Head("Table", "runs-cell-run"), Head("Version"), Head("Written (UTC)"),
    Head("Rows", "runs-number"), Head("Can be read"), Head("If no model needed it"),
)  # fmt: skip
_RULES = (
    "Maintenance lets a version go {days} days after a later one has replaced its files, but "
    "never the newest version of a table, what the newest snapshot names, or what a published "
    "model learnt from. Log entries stay for good unless maintenance is told otherwise, and then "
    "go only behind the oldest version that is needed."
)


def retention_view(found: Retention, as_of: int | None) -> list[Component]:
    """Title, verdict, rules, and every model with its versions."""
    trail = [dcc.Link("Tables", href=tables_address(as_of)), html.Span(" / training data")]
    head = html.Header(
        [html.Nav(trail, className="run-trail", **aria(label="Where this is")),
         html.H1("Until when training data can be read"),
         html.P(_RULES.format(days=found.days), className="tbl-purpose tbl-rules")],
        className="tbl-head-of",
    )  # fmt: skip
    ordered = sorted(found.models, key=lambda model: not model.lost)
    left = len(ordered) - MOST
    rest = [html.P(f"{left:,} more models, all readable.", className="run-hint")]
    return [
        head,
        _verdict(found),
        *(_model(model, as_of) for model in ordered[:MOST]),
        *(rest if left > 0 else []),
    ]


def _verdict(found: Retention) -> Component:
    if found.problem:
        return html.P(found.problem, className="notice tbl-lost", role="alert")
    if not found.models:
        text = "No model was published yet. Once one is, the versions that it learnt from stand "
        text += "here, and maintenance keeps them."
        return html.P(text, className="sheet empty")
    if not found.lost:
        every = "its" if len(found.models) == 1 else "every model's"
        return html.P(f"All of {every} training data can be read.", className="notice")
    names = ", ".join(model.model_id for model in found.lost)
    verb = "has" if len(found.lost) == 1 else "have"
    words: list[Component | str] = [
        html.Strong(f"▲ {names} {verb} lost training data. "),
        "What it learnt from can no longer be shown or proven; its predictions stand. Take the "
        "files from a backup, or retrain.",
    ]
    return html.P(words, className="notice tbl-lost", role="alert")


def _model(model: ModelData, as_of: int | None) -> Component:
    state = "live" if model.live else "was live"
    name = dcc.Link(model.model_id, href=model_address(model.model_id, as_of))
    title = html.H2([name, html.Span(f" fleet {model.fleet} · {state}")])
    rows = [_row(part, as_of) for part in model.parts]
    sheet = sheet_table(f"What {model.model_id} learnt from", _HEADS, rows)
    return html.Section([title, sheet], className="tbl-part tbl-model")


def _row(part: Learnt, as_of: int | None) -> Component:
    facts = part.facts
    link = dcc.Link(f"v{part.version}", href=table_address(part.table, part.version, as_of))
    cells: tuple[Cell, ...] = (
        part.table,
        link,
        utc(facts.time)[:16] if facts else "—",
        rows_words(facts.rows if facts else None),
        f"▲ no: {part.lost}" if part.lost else "yes, as long as the model is published",
        _otherwise(part),
    )
    return sheet_row(_HEADS, cells, "tbl-lost-row" if part.lost else "")


def _otherwise(part: Learnt) -> str:
    """When maintenance could let the version go if no model had learnt from it."""
    if part.lost or part.facts is None:
        return "—"
    until = part.facts.kept_until
    return "nothing has replaced it yet" if until is None else f"until {until:%Y-%m-%d}"
