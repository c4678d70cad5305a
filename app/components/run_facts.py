"""Small facts about runs in text: times, durations, table versions, sizes."""

from collections.abc import Mapping
from datetime import UTC, datetime

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import table_address

_FIRST = ("gold/predictions", "silver/readings")


def utc(time: datetime | None) -> str:
    """A time as the pages write it: ``2026-11-23 04:48:12``."""
    return "—" if time is None else time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def seconds(value: float | None) -> str:
    """A duration: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``1 h 02 min``, ``3 d 04 h``."""
    if value is None:
        return "—"
    if value < 9.95:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24:02d} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def size(count: int) -> str:
    """A number of bytes: ``812 B``, ``34.5 kB``, ``2.1 MB``, ``1.4 GB``."""
    if count < 1_000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1_000_000_000 else f"{count / 1e9:.1f} GB"


def versions(tables: Mapping[str, int], most: int = 99) -> Component:
    """Tables with the version that was read or written; those that tell most come first."""
    shown = sorted(tables.items(), key=_most_telling)[:most]
    parts: list[str | Component] = []
    for name, version in shown:
        parts += [", " if parts else "", _version(name, version)]
    left_out = len(tables) - len(shown)
    every = ", ".join(f"{name} v{version}" for name, version in sorted(tables.items()))
    rest = [html.Span(f" +{left_out}", className="run-hint")] if left_out > 0 else []
    return html.Span([*parts, *rest], title=every)


def _version(name: str, version: int) -> Component:
    href = table_address(name, version)
    return dcc.Link(f"{name} v{version}", href=href, className="run-version")


def _most_telling(table: tuple[str, int]) -> tuple[bool, str]:
    return table[0] not in _FIRST, table[0]
