"""The sensors of one engine: the chosen ones large, all of them as small multiples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from app.components.aria import aria, data
from app.components.corrections_card import value_words
from app.components.engine_findings import count_words, mark_words
from app.components.forecast_card import GRAPH
from app.components.numbers import sigma_text, value_text
from app.figures.multiples import Course, small_multiple
from app.figures.palette import palette
from app.figures.sensors import Mark, Panel, Stack, height, sensors_figure
from app.figures.series import Floats, smooth
from app.queries import engine_findings
from app.queries.engine import EngineView
from lakehouse.profiles import Profile, Signal

MOST = 6
SIGMA = "σ"


@dataclass(frozen=True)
class Look:
    """How the sensors are looked at.

    Attributes:
        theme: light or dark.
        norm: regime-normalised or raw; None leaves it to the engine.
        picks: chosen signals; none leaves it to the engine.
        span: cycle range of the large figure.
    """

    theme: str
    norm: bool | None = None
    picks: tuple[str, ...] = ()
    span: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Sheet:
    """The signals of one engine as they are looked at, worked out once for both cards.

    Attributes:
        values: signal x flight, normalised or raw.
        smooth: the same, smoothed.
        band: level x signal x age, the fleet's levels on the same scale.
        is_norm: which signals are normalised.
        picks: places of the chosen signals.
    """

    view: EngineView
    profile: Profile
    look: Look
    values: Floats
    smooth: Floats
    band: Floats
    is_norm: tuple[bool, ...]
    picks: tuple[int, ...]

    @property
    def norm(self) -> bool:
        """Whether the sensors are shown normalised."""
        return any(self.is_norm)


def sheet(view: EngineView, profile: Profile, look: Look) -> Sheet:
    """The signals of an engine, normalised where that was asked for and is possible."""
    life, band = view.life, view.band
    wanted = view.default_norm if look.norm is None else look.norm
    possible: NDArray[np.bool_] = np.asarray(np.isfinite(life.norm).any(axis=1) & wanted)
    values = np.where(possible[:, None], life.norm, life.raw)
    levels = np.where(possible[None, :, None], band.norm, band.raw)
    is_norm = tuple(possible.tolist())
    picks = _picks(view, profile, look.picks)
    return Sheet(view, profile, look, values, smooth(life.cycle, values), levels, is_norm, picks)


def _picks(view: EngineView, profile: Profile, asked: tuple[str, ...]) -> tuple[int, ...]:
    names = profile.signal_names
    known = dict.fromkeys(names.index(name) for name in asked if name in names)
    return tuple(known)[:MOST] or view.chosen()


def chosen_figure(shown: Sheet) -> tuple[dict[str, Any], dict[str, Any]]:
    """The chosen signals as one figure with a common crosshair, and the style of its box."""
    panels = tuple(_panel(shown, place) for place in shown.picks)
    name = f"{shown.view.fleet}/{shown.view.row.engine}/{shown.norm}"
    stack = Stack(shown.view.life.cycle, panels, shown.look.span, name)
    return sensors_figure(stack, shown.look.theme), {"height": height(len(panels))}


def chosen_card(shown: Sheet, graph: str) -> Component:
    """The chosen signals, large."""
    head = html.H2("Chosen sensors")
    hint = "Tap a sensor below to add or remove it; drag to zoom, double-click to zoom out."
    drawn, style = chosen_figure(shown)
    body = html.Div(dcc.Graph(id=graph, figure=drawn, config=GRAPH, style=style), className="sheet")
    return html.Section(
        [html.Div([head, html.P(hint, className="hint")], className="card-head"), body],
        className="card-part",
    )


def multiples_card(shown: Sheet) -> Component:
    """All signals as small multiples, with the choice between raw and normalised."""
    head = html.H2("Sensors against the fleet at the same age")
    can = bool(np.isfinite(shown.view.life.norm).any())
    modes = [
        _mode("raw", "Raw", not shown.norm, True),
        _mode("norm", "Regime-normalised", shown.norm, can),
    ]
    toggle = html.Div(modes, className="segments", role="group", **aria(label="Values"))
    sensors = range(len(shown.profile.settings), len(shown.profile.signals))
    order = [*sensors, *range(len(shown.profile.settings))]
    grid = html.Div([_multiple(shown, place) for place in order], className="multiples")
    return html.Section(
        [html.Div([head, toggle], className="card-head"), grid], className="card-part"
    )


def _mode(name: str, label: str, pressed: bool, possible: bool) -> Component:
    return html.Button(
        label,
        type="button",
        disabled=not possible,
        **data(norm=name),
        **aria(pressed="true" if pressed else "false"),
    )


def _panel(shown: Sheet, place: int) -> Panel:
    signal = shown.profile.signals[place]
    unit = SIGMA if shown.is_norm[place] else signal.unit
    title = f"<b>{signal.symbol}</b> {signal.description}" + (f", {unit}" if unit else "")
    marks = tuple(
        Mark(*mark.span, mark.anomaly.blocks, mark_words(mark, shown.profile))
        for mark in _found(shown, place, rows=True)
        if mark.span
    )
    marks += _corrected(shown, signal.name)
    values, even, band = shown.values[place], shown.smooth[place], shown.band[:, place]
    return Panel(signal.symbol, title, unit, values, even, band, marks)


def _corrected(shown: Sheet, column: str) -> tuple[Mark, ...]:
    """The values of a signal that are a person's word."""
    return tuple(
        Mark(word.cycle, word.cycle, False, f"✎ {value_words(word, shown.profile)}, {one.who}")
        for one in shown.view.corrections
        for word in one.words
        if word.holds and word.column == column
    )


def _found(shown: Sheet, place: int, *, rows: bool) -> tuple[engine_findings.Mark, ...]:
    """What was found about a signal; with ``rows`` also what is about whole flights."""
    about = (shown.profile.signal_names[place], *((None,) if rows else ()))
    return tuple(mark for mark in shown.view.found if mark.anomaly.column in about)


def _multiple(shown: Sheet, place: int) -> Component:
    signal = shown.profile.signals[place]
    values, band = shown.values[place], shown.band[:, place]
    muted = bool(shown.view.band.constant[place])
    found = _found(shown, place, rows=False)
    marks = tuple((*mark.span, mark.anomaly.blocks) for mark in found if mark.span)
    course = Course(shown.view.life.cycle, values, shown.smooth[place], band[0], band[2], marks)
    picture = small_multiple(course, palette(shown.look.theme), muted)
    value, unit = _newest(shown, place)
    words = [
        html.Strong(signal.symbol),
        html.Span(signal.description, className="what"),
        html.Span([value, html.Span(f" {unit}")] if unit else value, className="value"),
        html.Img(src=picture, alt=_alt(signal, f"{value} {unit}".strip(), muted)),
        *_count(found, shown.profile),
    ]
    return html.Button(
        words,
        className="multiple muted" if muted else "multiple",
        type="button",
        **data(pick=signal.name),
        **aria(pressed="true" if place in shown.picks else "false"),
    )


def _count(found: tuple[engine_findings.Mark, ...], profile: Profile) -> list[Component]:
    if not found:
        return []
    told = "\n".join(mark_words(mark, profile) for mark in found)
    tone = "act" if any(mark.anomaly.blocks for mark in found) else "watch"
    return [html.Span(count_words(found), className=f"found found-{tone}", title=told)]


def _newest(shown: Sheet, place: int) -> tuple[str, str]:
    known = np.flatnonzero(np.isfinite(shown.values[place]))
    newest = float(shown.values[place][known[-1]]) if len(known) else np.nan
    if shown.is_norm[place]:
        return sigma_text(newest), SIGMA
    return value_text(newest), shown.profile.signals[place].unit


def _alt(signal: Signal, value: str, muted: bool) -> str:
    course = "constant in this fleet" if muted else "its course against the fleet's 5–95 % band"
    return f"{signal.symbol}, {signal.description}: {value}; {course}"
