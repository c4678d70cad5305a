"""SVG texts that are percent-encoded as they are written, for ``data:`` addresses of images."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_REACH = 4096
_WORDS = tuple(str(number) for number in range(-_REACH, _REACH + 1))


def path(x: Ints, y: Ints) -> str:
    """A line through whole-number points: one move, then relative steps (short and quick)."""
    start = f"M{x[0]},{y[0]}"
    if len(x) == 1:
        return start + "h0"
    steps = np.empty(2 * len(x) - 2, dtype=np.int64)
    np.subtract(x[1:], x[:-1], out=steps[0::2])
    np.subtract(y[1:], y[:-1], out=steps[1::2])
    return start + "l" + words(steps)


def area(x: Ints, low: Ints, high: Ints) -> str:
    """The closed area between two lines over the same ``x``."""
    return path(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])) + "z"


def words(numbers: Ints) -> str:
    """Whole numbers with commas between them."""
    if len(numbers) and np.abs(numbers).max() > _REACH:
        return ",".join(map(str, numbers.tolist()))
    # A table look-up is several times faster than formatting each number.
    return ",".join([_WORDS[number] for number in (numbers + _REACH).tolist()])


def stroke(line: str, colour: str, width: float) -> str:
    """A line that keeps its width however the picture is stretched."""
    return (
        f"%3Cpath%20d='{line}'%20fill='none'%20stroke='{encoded(colour)}'%20stroke-width='{width}'"
        "%20stroke-linejoin='round'%20stroke-linecap='round'"
        "%20vector-effect='non-scaling-stroke'%2F%3E"
    )


def filled(shape: str, colour: str) -> str:
    """A filled area."""
    return f"%3Cpath%20d='{shape}'%20fill='{encoded(colour)}'%2F%3E"


def image(width: int, height: int, *parts: str) -> str:
    """A ``data:`` address of a picture that stretches to its box."""
    box = f"viewBox='0%200%20{width}%20{height}'%20preserveAspectRatio='none'"
    # Without a size of its own the browser would give it the replaced-element default.
    head = f"%3Csvg%20xmlns='http:%2F%2Fwww.w3.org%2F2000%2Fsvg'%20width='{width}'%20"
    return f"data:image/svg+xml,{head}height='{height}'%20{box}%3E{''.join(parts)}%3C%2Fsvg%3E"


def encoded(colour: str) -> str:
    """A colour as it may stand in an address."""
    return colour.replace("#", "%23")
