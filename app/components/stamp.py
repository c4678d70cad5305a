"""The provenance stamp: what a page was drawn from, in one quiet line."""

from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component


@dataclass(frozen=True)
class Part:
    """One part of a stamp.

    Attributes:
        label: what it is.
        value: which one, set in ink.
        href: where it leads, empty for nowhere.
        hint: the whole truth, shown on hovering.
        before: what joins it to the part before.
    """

    label: str
    value: str
    href: str = ""
    hint: str = ""
    before: str = " · "


def stamp(parts: list[Part]) -> Component:
    """The parts in a line."""
    words: list[Component | str] = []
    for part in parts:
        words.append(html.Span((part.before if words else "") + part.label + " "))
        words.append(_value(part))
    return html.P(words, className="stamp-line")


def _value(part: Part) -> Component:
    hint = part.hint or None
    if part.href:
        return dcc.Link(part.value, href=part.href, title=hint, className="stamp-link")
    return html.Span(part.value, title=hint, className="stamp-value")
