"""The head of the lineage page: what is asked for, how far to look, and the downloads."""

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    LINEAGE,
    engine_address,
    lineage_address,
    lineage_export_address,
    lineage_view_address,
    run_address,
    table_address,
)
from app.components.aria import aria
from app.components.lineage_graph import more_words
from app.components.stamp import Part, stamp
from app.queries.lineage import Ask, Lineage
from lakehouse.snapshots import Pinned

_WAYS = (("Both ways", "both"), ("What it came from", "back"), ("What came of it", "forward"))
_STEPS = ((1, "1"), (2, "2"), (4, "4"), (8, "8"), (0, "all"))
_FILES = (
    ("OpenLineage", "openlineage.jsonl"), ("Mermaid", "mermaid.mmd"), ("CSV", "nodes.csv"),
)  # fmt: skip
EXAMPLES = (
    "FD001/test-007@31, FD001/test-007, silver/readings@5, or the id of a model, run or delivery"
)
OTHERS = "the name of a run, a step or an artifact of this store"


def lineage_head(found: Lineage, pinned: Pinned) -> list[Component]:
    """Title, stamp, the field for another start, and the choices."""
    title = found.start.title if found.start else "Lineage"
    parts: list[Component] = [html.H1(title), stamp(_stamp(found, pinned)), _form(found.ask)]
    if found.start is not None:
        parts.insert(0, _trail(found.ask))
    if found.problem:
        parts.append(html.P(found.problem, className="notice lin-problem", role="alert"))
    if found.store.problem:
        words = f"The metadata store is busy ({found.store.problem}): shown as it was last read."
        parts.append(html.P(words, className="notice lin-problem", role="status"))
    if found.start is None:
        return [html.Header(parts, className="lin-head")]
    notes = [text for text in (found.start.note, more_words(found)) if text]
    parts += [html.P(text, className="notice", role="status") for text in notes]
    return [html.Header([*parts, _choices(found)], className="lin-head")]


def _stamp(found: Lineage, pinned: Pinned) -> list[Part]:
    parts = [Part("store", found.ask.store or "this home's own")]
    if not found.ask.store:
        parts.append(Part("snapshot", str(pinned.snapshot.seq)))
    start = found.start
    if start is None:
        return parts
    if all(start.engine):
        parts.append(
            Part("engine", start.engine[1], href=engine_address(*start.engine, found.ask.as_of))
        )
    if start.kind == "table":
        table, _, version = start.name.partition("@")
        parts.append(
            Part(
                "rows of",
                start.name,
                href=table_address(table, int(version), as_of=found.ask.as_of),
            )
        )
    if start.kind == "run" and not found.ask.store:
        run = start.name.removeprefix("run:")
        parts.append(Part("page of run", run, href=run_address(run)))
    return parts


def _trail(ask: Ask) -> Component:
    """The way back to where one may begin, and to the whole of a store of others."""
    links: list[Component | str] = [dcc.Link("Lineage", href=lineage_address("", ask.as_of))]
    if ask.store and ask.of:
        whole = lineage_view_address(Ask(store=ask.store, as_of=ask.as_of).to())
        links += [" / ", dcc.Link(ask.store, href=whole)]
    return html.Nav(links, className="run-trail", **aria(label="Where this is"))


def _form(ask: Ask) -> Component:
    """A plain form: what is written goes into the address, with or without a script."""
    label = html.Label("Start", htmlFor="lineage-of", className="visually-hidden")
    field = dbc.Input(id="lineage-of", name="of", value=ask.of, maxlength=300)
    kept = {"store": ask.store, "as_of": ask.as_of}
    fields = [
        dbc.Input(type="hidden", name=name, value=str(value))
        for name, value in kept.items()
        if value not in ("", None)
    ]
    button = html.Button("Show", type="submit", className="btn btn-primary")
    examples = OTHERS if ask.store else EXAMPLES
    hint = html.P(f"Write {examples}.", className="run-hint")
    return html.Form(
        [html.Div([label, field, *fields, button], className="lin-field"), hint],
        method="get", action=LINEAGE, className="lin-form",
    )  # fmt: skip


def _choices(found: Lineage) -> Component:
    ask = found.ask
    ways = [(label, ask.to(way=way), ask.way == way) for label, way in _WAYS]
    steps = [(label, ask.to(steps=count), ask.steps == count) for count, label in _STEPS]
    runs = [
        ("steps", ask.to(runs=False), not ask.runs), ("runs", ask.to(runs=True), ask.runs),
    ]  # fmt: skip
    books = [
        ("not followed", ask.to(books=False), not ask.books),
        ("followed", ask.to(books=True), ask.books),
    ]
    groups = [
        *([] if found.whole else [_group("Direction", ways), _group("Steps away", steps)]),
        _group("Show", runs),
        *([] if ask.store else [_group("Book-keeping", books)]),
        _exports(ask),
    ]
    return html.Div(groups, className="lin-choices")


def _group(name: str, links: list[tuple[str, dict[str, str | int | None], bool]]) -> Component:
    shown = [
        html.Span(
            dcc.Link(label, href=lineage_view_address(query)),
            **(aria(current="true") if chosen else {}),
        )
        for label, query, chosen in links
    ]
    return html.Nav(
        [html.Span(name, className="run-hint"), *shown], className="runs-filter", **aria(label=name)
    )


def _exports(ask: Ask) -> Component:
    links = [
        html.Span(html.A(label, href=lineage_export_address(form, ask.to()), download=""))
        for label, form in _FILES
    ]
    name = html.Span("Download", className="run-hint")
    return html.Nav([name, *links], className="runs-filter lin-exports", **aria(label="Download"))
