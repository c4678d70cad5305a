"""Fields of the filters that stand over tables; what is chosen stands in the URL."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

ANY = "any"


def given(value: str | None) -> str:
    """What a field asks for, empty for nothing."""
    return "" if value in (None, ANY) else str(value)


def select_field(
    field_id: Mapping[str, Any], label: str, options: Sequence[tuple[str, str]], value: str
) -> Component:
    """A choice among (value, words), or all; what the URL asks for is there, known or not."""
    known = [{"label": "All", "value": ANY}]
    known += [{"label": words, "value": each} for each, words in options]
    if value and value not in [each for each, _ in options]:
        known.append({"label": value, "value": value})
    return html.Label(
        [html.Span(label), dbc.Select(id=field_id, options=known, value=value or ANY)]
    )


def text_field(
    field_id: Mapping[str, Any], label: str, value: str, placeholder: str = "All"
) -> Component:
    """A text that is asked for once it is left, or Enter is pressed."""
    field = dbc.Input(
        id=field_id, value=value, type="search", debounce=True, maxlength=100,
        placeholder=placeholder,
    )  # fmt: skip
    return html.Label([html.Span(label), field])
