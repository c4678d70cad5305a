"""A finished part of a page as JSON bytes: written once, sent often."""

from typing import Any, cast

import numpy as np
import orjson
from dash.development.base_component import Component

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def packed(part: Component) -> bytes:
    """The part as JSON."""
    return orjson.dumps(part, default=_plain, option=_OPTIONS)


def rendered(part: Component) -> Any:
    """The part as a piece of JSON that a callback returns in a component's place.

    Dash walks every component of an answer each time that it is sent; a finished piece it passes
    on as it is, so that a cached page costs nothing but its bytes.
    """
    return orjson.Fragment(packed(part))


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        return cast(Any, value).to_plotly_json()
    if isinstance(value, np.ndarray):
        # orjson writes an array straight from its memory, so it wants it in one piece.
        return np.ascontiguousarray(value)
    raise TypeError(f"{type(value).__name__} cannot be sent to the browser")
