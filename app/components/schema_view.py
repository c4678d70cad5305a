"""The schema page: the schema in force as a table, then against now, and what is proposed."""

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import RUNS, run_address, schema_file_address
from app.components.aria import aria, data
from app.components.decision_form import About, decision_form
from app.components.times import exactly, minute
from app.queries.schemas import Facts, SchemaVersion
from lakehouse.validation.changes import Change

_HEADS = ("Column", "Type", "Presence", "Shape", "Domain", "Drift", "Skew")
_CHANGE_HEADS = ("Column", "What", "Before", "After")
_PROPOSED = "Accepted, it holds for what is delivered from then on; rejected, what holds stays."
_PAST = "It then holds again for what is delivered from then on."


def no_schema(fleet: str) -> Component:
    """Before the first delivery."""
    text = f"{fleet} has no schema yet." if fleet else "There is no fleet yet."
    text += " The first delivery proposes one; every later change to it is decided here."
    link = dcc.Link("Ingest data", href=RUNS, className="btn btn-primary")
    return html.Section([html.P(text), link], className="sheet empty")


def unreadable(version: SchemaVersion, why: str) -> Component:
    """Its text is no schema: nothing is drawn that it does not say."""
    text = f"{version.schema_id} cannot be read: {why}"
    return html.P(text, className="sheet empty", role="alert")


def head(version: SchemaVersion, title: str) -> Component:
    """Which schema, who decided on it, when and why."""
    last = version.last
    words: list[Component | str] = [f"{last.state} by ", html.B(last.who or "nobody")]
    words += [f" on {exactly(last.at)}"]
    if last.run_id:
        words += [" (", dcc.Link("run", href=run_address(last.run_id)), ")"]
    words += [f": {last.reason}"] if last.reason else []
    name = html.Code(version.schema_id)
    return html.Div([html.H2([title, " ", name]), html.P(words, className="hint schema-why")])


def facts_table(every: Sequence[Facts]) -> Component:
    """What a schema says, a column a row."""
    rows = [
        (each.name, each.type, each.presence, each.shape, each.domain, each.drift, each.skew)
        for each in every
    ]
    return _table(_HEADS, rows, "schema-table", "Schema in force")


def changes_table(changes: Sequence[Change], label: str) -> Component:
    """Before and after of each difference."""
    if not changes:
        return html.P("They say the same.", className="hint")
    rows = [
        (change.feature, change.what, change.before or "—", change.after or "—")
        for change in changes
    ]
    return _table(_CHANGE_HEADS, rows, "schema-changes", label)


def raw(version: SchemaVersion) -> Component:
    """The file itself."""
    parts = [
        html.Summary("schema.pbtxt, as TFX reads it"),
        html.A("Download", href=schema_file_address(version.schema_id), className="run-download"),
        html.Pre(version.text, className="schema-raw", tabIndex=0),
    ]
    return html.Details(parts, className="sheet schema-file")


def proposal(version: SchemaVersion, changes: Sequence[Change], may_decide: bool) -> Component:
    """What is proposed, and the decision for who may take it."""
    parts = [head(version, "Proposed:"), changes_table(changes, f"Changes of {version.schema_id}")]
    if may_decide:
        choices = {"accept": "Accept", "reject": "Reject"}
        parts.append(decision_form(About("schema", version.schema_id), choices, _PROPOSED))
    else:
        parts.append(html.P("An engineer decides on it.", className="hint"))
    return html.Section(parts, className="sheet schema-proposal")


def past_decision(version: SchemaVersion) -> Component:
    """The decision that puts one of before in force."""
    return decision_form(About("schema", version.schema_id), {"accept": "Put it in force"}, _PAST)


def past_choice(id_: str, every: Sequence[SchemaVersion], chosen: str) -> Component:
    """The list of schemas to hold against the one in force."""
    options = [
        {
            "label": f"{minute(each.last.at)} · {each.schema_id} · {_state(each)}",
            "value": each.schema_id,
        }
        for each in every
    ]
    choice = dbc.Select(id=id_, options=options, value=chosen, placeholder="Choose a schema")
    label = html.Label("Then", htmlFor=id_)
    return html.Div([label, choice], className="cmp-field cmp-delivery")


def life(version: SchemaVersion) -> Component:
    """Every decision on a schema, oldest first."""
    lines = [
        html.Li(f"{minute(each.at)} {each.state} by {each.who or 'nobody'}: {each.reason}")
        for each in version.decisions
    ]
    return html.Ul(lines, className="run-list")


def _state(version: SchemaVersion) -> str:
    return "in force" if version.holds else version.last.state


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str, label: str) -> Component:
    top = html.Tr([html.Th(name, scope="col") for name in heads])
    body = [
        html.Tr(
            [
                html.Td(value or "—", className=_kind(name, value), **data(head=name))
                for name, value in zip(heads, row, strict=True)
            ]
        )
        for row in rows
    ]
    table = html.Table([html.Thead(top), html.Tbody(body)], className=f"schema-grid {kind}")
    return html.Div(table, className="schema-sheet", tabIndex=0, role="region", **aria(label=label))


def _kind(name: str, value: str) -> str:
    return f"s-{name.lower()}" + ("" if value and value != "—" else " s-none")
