"""How the distribution of each column moved between two sets of rows, by TFX's own measures."""

from collections.abc import Collection
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from lakehouse.validation.distances import jensen_shannon, l_infinity
from lakehouse.validation.reading import Told, dataset
from lakehouse.validation.statistics import statistics

SAMPLE_ROWS = 20_000


@dataclass(frozen=True)
class Shift:
    """One column in two sets of rows.

    Attributes:
        column: its name.
        measure: jensen_shannon (numbers, 0 to 1) or l_infinity (text: how far the share of the
            value apart furthest moved, 0 to 1).
        distance: by that measure.
        old_median: median of numbers before, None of text.
        new_median: median of numbers after, None of text.
        value: of text, the value whose share moved furthest.
    """

    column: str
    measure: str
    distance: float
    old_median: float | None = None
    new_median: float | None = None
    value: str | None = None


def shifts(old: pl.DataFrame, new: pl.DataFrame, leave_out: Collection[str]) -> tuple[Shift, ...]:
    """The shift of each column that both sets of rows fill, the furthest first.

    Args:
        old: rows before.
        new: rows after.
        leave_out: columns that name a row rather than measure something.
    """
    names = [
        name
        for name, kind in new.schema.items()
        if name not in leave_out and (kind.is_numeric() or kind == pl.String)
    ]
    if old.is_empty() or new.is_empty() or not names:
        return ()
    before, after = (_told(frame.select(names)) for frame in (old, new))
    found = (_shift(before[name], after[name]) for name in names)
    return tuple(sorted((shift for shift in found if shift), key=lambda s: (-s.distance, s.column)))


def _told(rows: pl.DataFrame) -> dict[str, Told]:
    return dict(dataset(statistics(nw.from_native(rows.lazy()))).by_name)


def _shift(old: Told, new: Told) -> Shift | None:
    if old.is_text or new.is_text:
        value, distance = l_infinity(old.values, new.values)
        return Shift(new.name, "l_infinity", distance, value=value) if value else None
    apart = jensen_shannon(old, new)
    if apart is None:
        return None
    medians = old.numbers.median, new.numbers.median
    return Shift(new.name, "jensen_shannon", apart, *medians)
