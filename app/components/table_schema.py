"""The schema of a table at one version, and what earlier versions changed in it."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import table_address
from app.components.sheet_table import Head, sheet_row, sheet_table
from app.queries.table_history import TableView
from lakehouse.history import SchemaChange, VersionFacts

MOST_COLUMNS = 100
MOST_CHANGES = 40
_HEADS = (Head("Column"), Head("Delta type"), Head("Unit"), Head("Meaning", "tbl-meaning"))
_CHANGE_HEADS = (Head("Version"), Head("Column"), Head("Before"), Head("After"))


def schema_card(view: TableView, facts: VersionFacts) -> list[Component]:
    """Columns at that version, behind a disclosure, and the history of them."""
    known = {column.name: column for column in view.table.columns}
    rows = []
    for name, kind in list(facts.fields.items())[:MOST_COLUMNS]:
        column = known.get(name)
        meaning = column.description if column else "in no contract: a feature of the model"
        unit = column.unit if column else ""
        rows.append(sheet_row(_HEADS, (name, kind, unit or None, meaning)))
    left = len(facts.fields) - MOST_COLUMNS
    rest = [html.P(f"{left:,} more columns.", className="run-hint")] if left > 0 else []
    sheet = sheet_table(f"Columns at v{facts.version}", _HEADS, rows)
    title = f"{len(facts.fields):,} columns, their types and meanings"
    return [
        html.H2(f"Schema at v{facts.version}"),
        html.Details([html.Summary(title), sheet, *rest], className="tbl-schema"),
        *_changes(view, facts),
    ]


def change_words(changes: Sequence[SchemaChange]) -> str:
    """Changes of a schema in a line."""
    came = sum(change.before is None for change in changes)
    went = sum(change.after is None for change in changes)
    other = len(changes) - came - went
    counts = ((came, "came"), (went, "went"), (other, "changed type"))
    return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def _changes(view: TableView, facts: VersionFacts) -> list[Component]:
    """What every version up to that one changed; the first one made the table."""
    told = [
        (each.version, change)
        for each in view.facts
        if each.version <= facts.version and each != view.facts[-1]
        for change in each.schema_changes
    ]
    if not told:
        text = "No version up to this one has changed the columns that the table was made with."
        return [html.P(text, className="run-hint")]
    rows = [
        sheet_row(_CHANGE_HEADS, (_link(view, version), change.column, change.before or "—",
                                  change.after or "gone"))
        for version, change in told[:MOST_CHANGES]
    ]  # fmt: skip
    left = len(told) - MOST_CHANGES
    rest = [html.P(f"{left:,} more changes before.", className="run-hint")] if left > 0 else []
    summary = html.Summary(f"What changed in it: columns {change_words([c for _, c in told])}")
    sheet = sheet_table("Changes of the schema", _CHANGE_HEADS, rows)
    return [html.Details([summary, sheet, *rest], className="tbl-schema")]


def _link(view: TableView, version: int) -> Component:
    href = table_address(view.table.name, version, view.ask.as_of)
    return dcc.Link(f"v{version}", href=href)
