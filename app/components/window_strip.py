"""The window strip: failure windows as bars on one shared axis, cycles from now."""

from bisect import bisect_right

from dash import html
from dash.development.base_component import Component

# The near future gets the room: every step is a quarter of the strip.
TICKS = (0, 20, 40, 80, 125)


def place(cycles: float) -> float:
    """Where on the strip, from 0 to 100 %, so many cycles from now lie."""
    inside = min(max(cycles, TICKS[0]), TICKS[-1])
    step = min(bisect_right(TICKS, inside), len(TICKS) - 1) - 1
    share = (inside - TICKS[step]) / (TICKS[step + 1] - TICKS[step])
    return round(100 * (step + share) / (len(TICKS) - 1), 2)


def scale() -> Component:
    """The axis over the strips."""
    marks = [html.Span(str(tick), style={"left": f"{place(tick)}%"}) for tick in TICKS]
    return html.Div(marks, className="strip-scale")


def strip(opens: int, closes: int | None, rul: float | None, state: str) -> Component:
    """One window; open (``closes`` None) it runs out of the strip."""
    start, end = place(opens), 100.0 if closes is None else place(closes)
    style = {"--from": f"{start}%", "--wide": f"{round(end - start, 2)}%"}
    if rul is not None and closes is not None:
        style["--rul"] = f"{place(min(max(rul, opens), max(closes, 0)))}%"
    kind = "strip open" if closes is None else "strip"
    return html.Div(className=f"{kind} tone-{state}", style=style)


def window_words(opens: int, closes: int | None) -> str:
    """``4–8``, ``4``, or ``106+`` for an open window: cycles from now."""
    if closes is None:
        return f"{opens}+"
    if closes < 0:
        return "passed"
    return f"{opens}–{closes}" if closes > opens else f"{opens}"


def window_sentence(opens: int, closes: int | None) -> str:
    """The window in words, for cards and readers."""
    if closes is None:
        return f"will probably fly {opens} cycles or more" if opens else "may fail any time"
    if closes < 0:
        return "has outlived its window"
    if opens == 0:
        return f"will probably fail within {closes} cycles"
    return f"will probably fail in {window_words(opens, closes)} cycles"
