"""The head of a diff: which two versions, what they are, how to get to others."""

from collections.abc import Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import diff_address, table_address, tables_address
from app.components.aria import aria
from app.components.kpi import Kpi, kpi_row
from app.components.run_facts import size
from app.components.table_words import (
    by,
    changes,
    counted,
    gone_words,
    operation_words,
    ranges_words,
    rows_words,
)
from app.components.times import exactly
from app.queries.table_diff import DiffAsk, DiffView, Ends
from app.queries.table_history import readable
from lakehouse.history import VersionFacts

COMMITS = 20


@dataclass(frozen=True)
class EndIds:
    """Ids of the fields for the two versions."""

    before: str
    after: str


def diff_head(ask: DiffAsk, found: Ends, ids: EndIds) -> Component:
    """Trail, title, and the fields that choose the versions."""
    trail: list[Component | str] = [dcc.Link("Tables", href=tables_address(ask.as_of)), " / "]
    trail += [dcc.Link(ask.table, href=table_address(ask.table, as_of=ask.as_of)), " / diff"]
    before, after = found.asked
    title = f"{ask.table} v{before} → v{after}" if found.facts else ask.table
    return html.Header(
        [
            html.Nav(trail, className="run-trail", **aria(label="Where this is")),
            html.H1(title),
            *([_chooser(ask, found, ids)] if found.facts else []),
        ],
        className="tbl-head-of",
    )


def no_diff(ask: DiffAsk, found: Ends, problem: str = "") -> Component:
    """Why there is no diff, and which versions can be compared."""
    if not found.facts and not found.problem:
        when = "" if ask.as_of is None else f" before snapshot {ask.as_of}"
        text = f"{ask.table} was never written{when}, so nothing has changed in it."
        return html.P(text, className="sheet empty")
    if found.problem:
        text = f"The log of {ask.table} cannot be read: {found.problem}."
        return html.P(text, className="notice tbl-lost", role="alert")
    return html.P(_why(ask, found, problem), className="notice", role="alert")


def both_cards(ask: DiffAsk, found: Ends) -> Component:
    """The commit facts of the two versions, side by side."""
    cards = [_card(ask, facts) for facts in (found.before, found.after) if facts is not None]
    return html.Div(cards, className="tbl-both")


def figures(view: DiffView) -> Component:
    """How much changed."""
    diff = view.diff
    return kpi_row(
        [
            Kpi("Rows added", f"{diff.rows_added:,}", "whose key came"),
            Kpi("Rows removed", f"{diff.rows_removed:,}", "whose key went"),
            Kpi("Rows changed", f"{diff.rows_changed:,}", "same key, other values"),
            Kpi("Engines", f"{len(diff.engines):,}", _files(view)),
        ]
    )


def commits_between(ask: DiffAsk, commits: Sequence[VersionFacts]) -> list[Component]:
    """What happened between the two, newest first; nothing where it was one commit."""
    if len(commits) < 2:
        return []
    lines = [_commit(ask, facts) for facts in commits[:COMMITS]]
    left = len(commits) - COMMITS
    rest = [html.Li(f"{left:,} more before", className="run-hint")] if left > 0 else []
    title = html.Summary(f"{len(commits):,} commits lead from one to the other")
    lists = html.Ul([*lines, *rest], className="run-list")
    return [html.Details([title, lists], className="tbl-schema")]


def _chooser(ask: DiffAsk, found: Ends, ids: EndIds) -> Component:
    (before, after), newest = found.asked, found.facts[0].version
    oldest = found.facts[-1].version
    fields = [
        _field("From version", ids.before, before, (oldest, newest)),
        _field("to version", ids.after, after, (oldest, newest)),
    ]
    links = [
        _step(ask, "← Earlier", (before - 1, after - 1), (oldest, newest)),
        _step(ask, "Later →", (before + 1, after + 1), (oldest, newest)),
        _step(ask, "⇄ Swap", (after, before), (oldest, newest)),
    ]
    return html.Div([*fields, *links], className="tbl-chooser", role="search")


def _field(label: str, id_: str, value: int, limits: tuple[int, int]) -> Component:
    field = dbc.Input(
        id=id_, type="number", value=value, min=limits[0], max=limits[1], step=1, debounce=True
    )
    return html.Div([html.Label(label, htmlFor=id_), field], className="tbl-field")


def _step(ask: DiffAsk, label: str, to: tuple[int, int], limits: tuple[int, int]) -> Component:
    if not limits[0] <= min(to) <= max(to) <= limits[1]:
        return html.Span(label, className="btn btn-secondary disabled", **aria(hidden="true"))
    href = diff_address(ask.table, to, ask.as_of, (ask.fleet, ask.engine), ask.column)
    return dcc.Link(label, href=href, className="btn btn-secondary")


def _why(ask: DiffAsk, found: Ends, problem: str) -> str:
    ranges = f" Readable: {ranges_words(readable(found.facts))}."
    lost = [number for number, facts in zip(found.asked, (found.before, found.after), strict=True)
            if facts is None]  # fmt: skip
    if lost:
        names = " and ".join(f"v{number}" for number in dict.fromkeys(lost))
        return f"{ask.table} has no version {names} that its log still tells of.{ranges}"
    broken = [facts for facts in (found.before, found.after) if facts and not facts.readable]
    if broken:
        words = "; ".join(f"v{facts.version}: {gone_words(facts)}" for facts in broken)
        return f"They can no longer be compared: {words}.{ranges}"
    return f"They cannot be compared: {problem}.{ranges}"


def _card(ask: DiffAsk, facts: VersionFacts) -> Component:
    href = table_address(ask.table, facts.version, ask.as_of, (ask.fleet, ask.engine))
    told: tuple[tuple[str, str | Component | list[Component | str]], ...] = (
        ("Written", exactly(facts.time)),
        ("By", [operation_words(facts), " · ", by(facts)]),
        ("Asked by", facts.who or "nobody"),
        ("Rows", rows_words(facts.rows)),
        ("That commit", changes(facts)),
        ("Size", f"{size(facts.bytes)} in {counted(facts.files, 'file')}"),
    )
    parts = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in told]
    head = html.H2(dcc.Link(f"v{facts.version}", href=href))
    return html.Section([head, html.Dl(parts)], className="tbl-card")


def _commit(ask: DiffAsk, facts: VersionFacts) -> Component:
    link = dcc.Link(f"v{facts.version}", href=table_address(ask.table, facts.version, ask.as_of))
    words = f" {exactly(facts.time)} · {operation_words(facts)} · "
    return html.Li([link, words, by(facts), html.Span(changes(facts))])


def _files(view: DiffView) -> str:
    diff = view.diff
    read = counted(diff.files_read, "file") + f" read, {diff.files_shared:,} shared"
    return read if diff.fields.keys() >= {"fleet", "engine"} else f"tells of none; {read}"
