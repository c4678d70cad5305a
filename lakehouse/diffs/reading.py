"""What it means that two versions cannot be compared, said once for all who compare them."""

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.commits import BrokenLogError
from lakehouse.export import DamagedError, GoneError
from lakehouse.row_diff import UNREADABLE


@contextmanager
def reading(name: str, before: int, after: int) -> Iterator[None]:
    """Say why what differs between two versions of a table cannot be read.

    Raises:
        GoneError: a commit or a data file is gone.
        DamagedError: a data file cannot be read.
    """
    try:
        yield
    except (BrokenLogError, FileNotFoundError) as error:
        why = f"what differs between versions {before} and {after} of {name} can no longer be read"
        raise GoneError(f"{why}; the table's history says which versions can be") from error
    except UNREADABLE as error:
        why = f"a data file of version {before} or {after} of {name} is damaged"
        raise DamagedError(f"{why}; `stillwater verify` says which") from error
