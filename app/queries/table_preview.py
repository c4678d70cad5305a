"""A few rows of a table at one of its versions."""

from dataclasses import dataclass
from threading import RLock
from typing import Any

from cachetools import LRUCache, cached

from lakehouse.export import Selection, SelectionError, selected
from lakehouse.lake import Lake
from lakehouse.row_diff import UNREADABLE

ROWS = 25
COLUMNS = 32


@dataclass(frozen=True)
class Preview:
    """Rows for display.

    Attributes:
        columns: at most :data:`COLUMNS` of them.
        rows: at most :data:`ROWS`, in the order of the columns.
        more_columns: how many columns are not shown.
        cut: whether there are more rows than these.
        problem: why there are none, empty where there is no reason.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    more_columns: int = 0
    cut: bool = False
    problem: str = ""


def preview(lake: Lake, name: str, version: int, engine: tuple[str, str] = ("", "")) -> Preview:
    """The first rows as the files hold them; those of one engine (fleet, engine) in order."""
    try:
        return _preview(lake, name, version, engine)
    except SelectionError as error:
        return Preview(problem=f"{str(error).rstrip('.')}.")
    except UNREADABLE:
        # Its message names paths of the machine, which is nobody's business on a page.
        return Preview(problem=f"A data file of v{version} is gone or damaged.")


# A version's rows never change.
@cached(LRUCache(64), lock=RLock())
def _preview(lake: Lake, name: str, version: int, engine: tuple[str, str]) -> Preview:
    fleet, one = (part or None for part in engine)
    rows = selected(lake, Selection(name, version, fleet=fleet, engine=one))
    every = rows.collect_schema().names()
    columns = every[:COLUMNS]
    found = rows.select(columns).head(ROWS + 1).collect()
    return Preview(
        columns=tuple(columns),
        rows=tuple(found.head(ROWS).iter_rows()),
        more_columns=len(every) - len(columns),
        cut=found.height > ROWS,
    )
