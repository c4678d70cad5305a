"""The forecast card: probability and every window said before, with what the marks mean."""

from math import isnan
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from app.components.addresses import proof_address
from app.figures.series import gaps_after
from app.figures.track import HEIGHT, Track, Windows, track_figure
from app.queries.engine import EngineView
from app.queries.forecasts import Said
from lakehouse.profiles import Profile

GRAPH: Any = {"displayModeBar": False, "responsive": True, "doubleClick": "autosize"}
WINDOWS = 200
PROOFS = 12


def forecast_card(
    view: EngineView, profile: Profile, theme: str, graph: str, as_of: int | None = None
) -> Component:
    """The card of one engine; before the first forecast it says what will stand here."""
    head = html.H2("Forecast over its life")
    if not len(view.forecasts.issued) and not len(view.forecasts.backfill):
        text = "Once a model is live, the probability and every window said stand here."
        return html.Section([head, html.P(text, className="sheet nothing")], className="card-part")
    drawn = track_figure(_track(view, profile), theme)
    figure = dcc.Graph(id=graph, figure=drawn, config=GRAPH, style={"height": HEIGHT})
    sheet = html.Div([figure, _legend(view, profile), *_proofs(view, as_of)], className="sheet")
    return html.Section([head, sheet], className="card-part")


def _track(view: EngineView, profile: Profile) -> Track:
    row, said = view.row, view.forecasts
    held = None if row.failed_at is None else said.issued.held(row.failed_at)
    return Track(
        gaps=gaps_after(view.life.cycle),
        course=(said.backfill.cycle, 100 * said.backfill.probability),
        backfill=_windows(_thinned(said.backfill)),
        issued=_windows(said.issued, held),
        held=held,
        outdated=said.issued.is_outdated,
        in_training=said.in_training,
        now=row.cycle,
        window=None if row.window_from is None else (row.window_from, row.window_to),
        failed_at=row.failed_at,
        state=row.state,
        act_percent=100 * profile.act_probability,
        title=f"P(within its last {profile.label_cycles} cycles), %",
        revision=f"{view.fleet}/{row.engine}",
    )


def _thinned(said: Said) -> Said:
    if len(said) <= WINDOWS:
        return said
    at = np.unique(np.linspace(0, len(said) - 1, WINDOWS).round().astype(np.int64))
    models = tuple(said.models[i] for i in at.tolist())
    return Said(said.cycle[at], said.probability[at], said.start[at], said.end[at], models)


def _windows(said: Said, held: NDArray[np.bool_] | None = None) -> Windows:
    ends = [None if isnan(end) else int(end) for end in said.end.tolist()]
    parts: Any = zip(said.cycle.tolist(), said.start.tolist(), ends, said.models, strict=True)
    words = [f"at {at}: {_span(start, end)}, {model}" for at, start, end, model in parts]
    if held is not None:
        marks = ("✕ missed", "✓ held")
        words = [f"{word}, {marks[ok]}" for word, ok in zip(words, held.tolist(), strict=True)]
    for place, by in enumerate(said.outdated):
        words[place] += f", outdated by {', '.join(by)}" if by else ""
    return Windows(said.cycle, 100 * said.probability, said.start, said.end, tuple(words))


def _span(start: float, end: int | None) -> str:
    return f"{start:.0f} or later" if end is None else f"{start:.0f}–{end}"


def _proofs(view: EngineView, as_of: int | None) -> list[Component]:
    """The newest cycles that something was issued for, each with its proof."""
    cycles = sorted(set(view.forecasts.issued.cycle.tolist()), reverse=True)[:PROOFS]
    if not cycles:
        return []
    words: list[Component | str] = ["Proof of what was issued at cycle "]
    for cycle in cycles:
        href = proof_address((view.fleet, view.row.engine), cycle, as_of=as_of)
        words += [dcc.Link(f"{cycle:,}", href=href), " · "]
    return [html.P(words[:-1], className="run-hint forecast-proofs")]


def _legend(view: EngineView, profile: Profile) -> Component:
    later = "worked out later from the rows up to that cycle"
    if view.forecasts.in_training:
        later += "; this engine taught the model, so it says little"
    marks = [("mark-issued", "issued when that cycle was the newest"), ("mark-later", later)]
    if view.row.failed_at is not None and len(view.forecasts.issued):
        marks[:1] = [("mark-issued", "issued, held"), ("mark-missed", "issued, missed")]
    elif view.row.window_from is not None:
        marks.append((f"mark-now tone-{view.row.state}", "the current window"))
    if view.forecasts.issued.is_outdated.any():
        marks.append(("mark-outdated", "issued, its rows were corrected since"))
    marks.append(("mark-act", f"act from {100 * profile.act_probability:.0f} %"))
    items = [html.Li([html.Span(className=f"swatch {kind}"), text]) for kind, text in marks]
    return html.Ul(items, className="legend")
