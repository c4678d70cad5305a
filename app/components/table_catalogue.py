"""The data catalogue: the tables of each layer, each of which opens to its columns."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import retention_address, table_address
from app.components.aria import aria
from app.components.run_facts import size, utc
from app.components.sheet_table import Head, sheet_row, sheet_table
from app.components.table_words import by, operation_words, rows_words
from app.queries.tables import LAYERS, Entry

_HEADS = ("Table", "Newest version", "Written by", "Rows", "Size", "Files", "Versions")
_COLUMNS = (Head("Column"), Head("Type"), Head("Unit"), Head("Meaning", "tbl-meaning"))


def catalogue_view(entries: Sequence[Entry], as_of: int | None) -> list[Component]:
    """A section for each layer."""
    return [
        html.Section([html.H2(layer.capitalize()), html.P(words, className="run-hint"),
                      _layer([each for each in entries if each.layer == layer], as_of)],
                     className="tbl-layer")
        for layer, words in LAYERS.items()
    ]  # fmt: skip


def retention_line(lost: Sequence[str], as_of: int | None) -> Component:
    """Whether the data of every model can still be read, and the way to the details."""
    link = dcc.Link("Until when training data can be read", href=retention_address(as_of))
    if not lost:
        return html.P(link, className="tbl-line")
    verb = "lost its" if len(lost) == 1 else "lost their"
    words = f"▲ {', '.join(lost)} {verb} training data. "
    return html.P([html.Strong(words), link, "."], className="notice tbl-lost", role="alert")


def _layer(entries: Sequence[Entry], as_of: int | None) -> Component:
    heads = [html.Span(name, className=f"tbl-c{place}") for place, name in enumerate(_HEADS)]
    head = html.Div(heads, className="tbl-grid tbl-head", **aria(hidden="true"))
    return html.Div([head, *(_entry(entry, as_of) for entry in entries)], className="tbl-sheet")


def _entry(entry: Entry, as_of: int | None) -> Component:
    name = entry.table.name
    link = dcc.Link(name, href=table_address(name, as_of=as_of))
    words = html.Span(f"{_sentence(entry.table.description)}.", className="tbl-purpose")
    title = html.Span([html.Strong(link), words], className="tbl-c0")
    summary = html.Summary([title, *_facts(entry)], className="tbl-grid")
    return html.Details([summary, _columns(entry)], className="tbl-entry")


def _facts(entry: Entry) -> list[Component]:
    newest = entry.newest
    if newest is None:
        text = f"▲ {entry.problem}" if entry.problem else "never written"
        return [html.Span(text, className="tbl-c1 tbl-nothing")]
    values: tuple[tuple[str, str | list[Component | str]], ...] = (
        ("", [html.B(f"v{newest.version}"), f" {utc(newest.time)[:16]}"]),
        ("", [operation_words(newest), " · ", by(newest)]),
        ("rows", rows_words(newest.rows)),
        ("", size(newest.bytes)),
        ("files", f"{newest.files:,}"),
        ("versions", f"{entry.versions:,}"),
    )
    return [
        html.Span([*([value] if isinstance(value, str) else value), _unit(unit)],
                  className=f"tbl-c{place}")
        for place, (unit, value) in enumerate(values, 1)
    ]  # fmt: skip


def _unit(word: str) -> Component | None:
    """What a number counts, for a narrow screen, where no head says so."""
    return html.Span(f" {word}", className="tbl-unit") if word else None


def _columns(entry: Entry) -> Component:
    table, owner = entry.table, entry.owner
    writers = ", ".join(owner.writers) or "every run"
    facts = [
        html.Span(["Domain ", html.B(owner.domain)]),
        html.Span(["Written by ", html.B(writers)]),
        html.Span(["Key ", html.B(", ".join(table.key))]),
    ]
    rows = [
        sheet_row(_COLUMNS, (column.name, column.type, column.unit or None, column.description))
        for column in table.columns
    ]
    more = f"And {entry.more_columns:,} columns more, of type float: one a feature."
    rest = [html.P(more, className="run-hint")] if entry.more_columns else []
    sheet = sheet_table(f"Columns of {table.name}", _COLUMNS, rows)
    return html.Div([html.P(facts, className="tbl-facts"), sheet, *rest], className="tbl-body")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
