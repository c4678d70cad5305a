"""The head of a table's page: what it is, which version is looked at, what stands for it."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    diff_address,
    lineage_address,
    run_address,
    table_address,
    tables_address,
)
from app.components.aria import aria
from app.components.kpi import Kpi, kpi_row
from app.components.run_facts import size
from app.components.stamp import Part, stamp
from app.components.table_words import (
    changes,
    counted,
    gone_words,
    is_loss,
    kept_sentence,
    operation_words,
    ranges_words,
    rows_words,
)
from app.components.times import exactly
from app.queries.table_history import TableView, readable
from lakehouse.history import VersionFacts


def table_head(view: TableView) -> list[Component]:
    """Trail, title, what the table holds, and the line that says which version this is."""
    name, owner, ask = view.table.name, view.owner, view.ask
    layer = name.partition("/")[0]
    trail: list[Component | str] = [dcc.Link("Tables", href=tables_address(ask.as_of)), " / "]
    writers = ", ".join(owner.writers) or "every run"
    text = view.table.description
    purpose = f"{text[:1].upper()}{text[1:]}. {owner.domain}, written by {writers}."
    if ask.as_of is not None and not view.table.is_data:
        purpose += " Snapshots leave it out: this is how it stands now."
    line = html.Div([html.H1(name), *_actions(view)], className="tbl-title")
    return [
        html.Header(
            [html.Nav([*trail, layer], className="run-trail", **aria(label="Where this is")), line,
             html.P(purpose, className="tbl-purpose"), *_stamp(view)],
            className="tbl-head-of",
        )
    ]  # fmt: skip


def version_card(view: TableView, facts: VersionFacts) -> list[Component]:
    """Key figures of the version that is looked at, and until when it can be read."""
    is_newest = facts.version == view.last
    figures = [
        Kpi("Version", f"v{facts.version}", _place(view, facts)),
        Kpi("Rows", rows_words(facts.rows), _changed(facts)),
        Kpi("Size", size(facts.bytes), f"{counted(facts.files, 'file')}, {_files(facts)}"),
        Kpi("Can be read", "yes" if facts.readable else "no", _until(facts, is_newest),
            tone="act" if is_loss(facts) else ""),
    ]  # fmt: skip
    sentence = kept_sentence(facts, is_newest, facts.version == view.snapshot)
    if not facts.readable:
        sentence += f" {_others(view)}"
    tone = "" if facts.readable else " notice tbl-lost" if is_loss(facts) else " notice"
    return [kpi_row(figures), html.P(sentence, className=f"tbl-kept{tone}")]


def no_such_version(view: TableView) -> Component:
    """The version that was asked for is not there: which ones are."""
    asked, newest, oldest = view.ask.version, view.facts[0].version, view.facts[-1].version
    text = f"{view.table.name} has no version {asked}: its log tells of v{oldest} to v{newest}. "
    if asked is not None and asked < oldest:
        text = f"The log no longer tells of v{asked} of {view.table.name}. "
    link = dcc.Link(f"Look at v{newest}", href=table_address(view.table.name, newest))
    words: list[Component | str] = [f"{text}{_others(view)} ", link, "."]
    return html.P(words, className="notice tbl-lost", role="alert")


def no_versions(view: TableView) -> Component:
    """What stands here before the first write, or while the log is broken."""
    if view.problem:
        what = f"The log of {view.table.name} cannot be read: {view.problem}. Rows that are shown "
        what += "elsewhere may be missing. "
        words: list[Component | str] = [
            what,
            html.Code("stillwater verify"),
            " says what else is damaged.",
        ]
        return html.P(words, className="notice tbl-lost", role="alert")
    text = f"{view.table.name} was never written"
    text += "." if view.ask.as_of is None else f" before snapshot {view.ask.as_of}."
    link = dcc.Link("Ingest data", href="/runs", className="btn btn-primary")
    text += " Once it is, its versions, its rows and what changed in them stand here."
    return html.Section([html.P(text), link], className="sheet empty")


def _actions(view: TableView) -> list[Component]:
    """The diff to the version before, where there is one."""
    chosen, ask = view.chosen, view.ask
    if chosen is None or chosen.version <= view.facts[-1].version:
        return []
    versions = (chosen.version - 1, chosen.version)
    href = diff_address(view.table.name, versions, ask.as_of, (ask.fleet, ask.engine))
    return [dcc.Link(f"What changed since v{versions[0]}", href=href, className="btn btn-primary")]


def _stamp(view: TableView) -> list[Component]:
    chosen = view.chosen
    if chosen is None:
        return []
    run = chosen.run_id
    parts = [
        Part("version", f"v{chosen.version}"),
        Part("of", exactly(chosen.time)),
        Part("by", operation_words(chosen)),
        Part("run", run, href=run_address(run))
        if run
        else Part("asked by", chosen.who or "nobody"),
    ]
    read = [
        Part(name, f"v{version}", href=table_address(name, version, view.ask.as_of),
             before=", " if place else " ← ")
        for place, (name, version) in enumerate(sorted(chosen.inputs.items()))
    ]  # fmt: skip
    href = lineage_address(f"{view.table.name}@{chosen.version}", view.ask.as_of)
    return [stamp([*parts, *read, Part("whole", "lineage", href=href)])]


def _place(view: TableView, facts: VersionFacts) -> str:
    newest, as_of = view.facts[0].version, view.ask.as_of
    word = "the newest" if as_of is None else f"that of snapshot {as_of}"
    return word if facts.version == newest else f"{word} is v{newest}"


def _changed(facts: VersionFacts) -> str:
    words = [each if isinstance(each, str) else str(each.children) for each in changes(facts)]
    return f"this version: {' '.join(words)}"


def _files(facts: VersionFacts) -> str:
    return f"+{facts.files_added:,} −{facts.files_removed:,}"


def _until(facts: VersionFacts, is_newest: bool) -> str:
    if not facts.readable:
        return gone_words(facts)
    if facts.pinned_by:
        return "kept: a model learnt from it"
    if facts.kept_until is None:
        return "kept: the newest" if is_newest else "nothing has replaced its files"
    return f"until {facts.kept_until:%Y-%m-%d} at least"


def _others(view: TableView) -> str:
    ranges = readable(view.facts)
    return f"Readable: {ranges_words(ranges)}." if ranges else "No version can be read any more."
