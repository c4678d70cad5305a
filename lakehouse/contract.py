"""What a table contract is: columns with type, unit and meaning, key, order of rows."""

from dataclasses import dataclass
from typing import Literal

Type = Literal["int64", "float64", "float32", "timestamp", "string", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of a table contract; ``timestamp`` is UTC in microseconds."""

    name: str
    type: Type
    description: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """One table contract.

    Attributes:
        name: ``<layer>/<table>``, also its folder under the lake.
        description: what one row is.
        key: columns that identify a row; the same key written again writes nothing.
        columns: the columns, in order.
        sort: how rows are ordered inside files, so that a read prunes to a few row groups.
        partitions: columns that split the table into folders.
        open: further float32 columns are allowed (one per feature).
        bulk: grows with the flights; the others hold a row a delivery, engine or snapshot.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    open: bool = False
    bulk: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the contract's columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def is_data(self) -> bool:
        """Whether the table holds data; ``ops/*`` tables are the book-keeping about it."""
        return not self.name.startswith("ops/")
