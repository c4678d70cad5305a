"""The head of an engine page: where it is, its state, the sentence, and what that stands on."""

from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    engine_address,
    evidence_address,
    fleet_address,
    lineage_address,
    model_address,
    proof_address,
    run_address,
    table_address,
)
from app.components.aria import aria, data
from app.components.correction_form import DIALOG
from app.components.numbers import cycles_text, percent_text
from app.components.sentence import sentence
from app.components.stamp import Part, stamp
from app.components.state_badge import state_badge
from app.components.times import exactly
from app.queries.engine import EngineView
from app.queries.provenance import Link
from app.security.roles import Action
from lakehouse.profiles import Profile


def engine_head(
    view: EngineView, profile: Profile, as_of: int | None, may: frozenset[Action]
) -> Component:
    """Everything over the charts of one engine."""
    row = view.row
    name = html.Div([html.H1(row.engine), state_badge(row.state)], className="engine-name")
    buttons = [
        *_turns(view, as_of),
        *_evidence(view, may),
        *correct_button(may),
        *_report(view, may),
    ]
    actions = html.Div(buttons, className="actions")
    return html.Header(
        [
            _crumb(view, as_of),
            html.Div([name, actions], className="engine-line"),
            sentence(row, view.forecasts, profile),
            _provenance(view, profile, as_of),
        ],
        className="engine-head",
    )


def _crumb(view: EngineView, as_of: int | None) -> Component:
    link = dcc.Link(f"Fleet {view.fleet}", href=fleet_address(view.fleet, as_of))
    return html.Nav([link, html.Span(" / engine")], className="crumb", **aria(label="Where"))


def _turns(view: EngineView, as_of: int | None) -> list[Component]:
    return [
        _turn("←", "previous", "k", _neighbour(view, view.before, as_of)),
        _turn("→", "next", "j", _neighbour(view, view.after, as_of)),
    ]


def _neighbour(view: EngineView, engine: str | None, as_of: int | None) -> tuple[str, str] | None:
    return (engine, engine_address(view.fleet, engine, as_of)) if engine else None


def _turn(arrow: str, word: str, key: str, to: tuple[str, str] | None) -> Component:
    if to is None:
        return html.Span(arrow, className="btn btn-secondary turn disabled", **aria(hidden="true"))
    engine, href = to
    return dcc.Link(
        [arrow, html.Span(f"{word} engine, {engine}", className="visually-hidden")],
        href=href,
        id=f"engine-{word}",
        className="btn btn-secondary turn",
        title=f"{engine}: {word} in the order of the fleet page (key {key})",
    )


def _evidence(view: EngineView, may: frozenset[Action]) -> list[Component]:
    row = view.row
    if Action.READ_AUDIT not in may or row.said_at is None:
        return []
    href = evidence_address(f"{view.fleet}/{row.engine}@{row.said_at}")
    what = "Everything that proves the newest prediction, in one file"
    return [html.A("Evidence", href=href, download="", title=what, className="btn btn-secondary")]


def correct_button(may: frozenset[Action]) -> list[Component]:
    """The button that opens the form for corrections, for those who may."""
    if Action.CORRECT not in may:
        return []
    words = "Correct data…"
    return [html.Button(words, className="btn btn-secondary", type="button", **data(open=DIALOG))]


def _report(view: EngineView, may: frozenset[Action]) -> list[Component]:
    if Action.REPORT not in may or view.row.failed_at is not None:
        return []
    button = html.Button(
        "Report failure…",
        className="btn btn-secondary",
        type="button",
        **data(report=str(view.row.cycle)),
    )
    return [button]


def _provenance(view: EngineView, profile: Profile, as_of: int | None) -> Component:
    row, chain = view.row, view.provenance
    parts = [Part(f"{cycles_text(row.cycles_seen)} seen, newest", f"cycle {row.cycle:,}")]
    if row.probability is not None:
        label = f"P(within {profile.label_cycles} cycles)"
        parts = [
            Part(label, percent_text(row.probability)),
            Part("said at cycle", str(row.said_at), hint=exactly(chain.predicted_at)),
        ]
    if chain.model:
        parts.append(Part("model", chain.model, href=model_address(chain.model, as_of)))
    for label, link, before in (
        ("features", chain.features, " · "),
        ("silver", chain.silver, " ← "),
        ("delivery", chain.delivery, " ← " if chain.features else " · "),
    ):
        parts += _chain(Part(label, "", before=before), link, (view.fleet, row.engine), as_of)
    if chain.run_id:
        parts.append(Part("run", chain.run_id, href=run_address(chain.run_id)))
    if row.said_at is not None and chain.model:
        href = proof_address((view.fleet, row.engine), row.said_at, chain.run_id or "", as_of)
        parts.append(Part("each link", "proof", href=href))
    said = f"@{row.said_at}" if row.probability is not None else ""
    whole = lineage_address(f"{view.fleet}/{row.engine}{said}", as_of)
    return stamp([*parts, Part("whole", "lineage", href=whole)])


def _chain(part: Part, link: Link | None, engine: tuple[str, str], as_of: int | None) -> list[Part]:
    """A table version leads to the engine's rows at it, a delivery to the run that took it in."""
    if link is None:
        return []
    run = f"written by run {link.run_id}" if link.run_id else ""
    href = run_address(link.run_id) if link.run_id else ""
    if link.table:
        href = table_address(link.table, link.version, as_of, engine)
    return [replace(part, value=link.label, href=href, hint=run)]
