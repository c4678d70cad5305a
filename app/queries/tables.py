"""The data catalogue: every table of the lake, what it holds, who answers for it, how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock

from cachetools import LRUCache, cached

from lakehouse.commits import BrokenLogError
from lakehouse.contract import Table
from lakehouse.history import VersionFacts, table_history
from lakehouse.lake import Lake
from lakehouse.owners import OWNERS, Owner
from lakehouse.snapshots import Pinned
from lakehouse.tables import TABLES

LAYERS: Mapping[str, str] = {
    "bronze": "What arrived, as it arrived, with the line it came from. Rows are only ever added.",
    "silver": "One clean row a flight: a function of accepted deliveries and people's decisions.",
    "gold": "What models see and what they said; each row belongs to a transform or a model.",
    "quality": "What was found in the data, and the schemas that it is held against.",
    "ops": "Book-keeping about the tables above and about decisions; in no snapshot.",
}


@dataclass(frozen=True)
class Entry:
    """One table of the catalogue.

    Attributes:
        table: its contract.
        owner: who answers for it.
        newest: facts of its newest version, None while it was never written.
        versions: how many versions its log tells of.
        more_columns: columns beyond those of the contract, such as a model's features.
        problem: why its log cannot be read, empty when it can.
    """

    table: Table
    owner: Owner
    newest: VersionFacts | None = None
    versions: int = 0
    more_columns: int = 0
    problem: str = ""

    @property
    def layer(self) -> str:
        """First part of the name."""
        return self.table.name.partition("/")[0]


def catalogue(pinned: Pinned, as_of: int | None) -> tuple[Entry, ...]:
    """Every table, in the order of the contracts, at the newest version or the snapshot's."""
    return tuple(_entry(pinned, table, as_of) for table in TABLES.values())


def shown_version(pinned: Pinned, name: str, as_of: int | None) -> int | None:
    """The version that pages show unless told otherwise: the newest, or the snapshot's.

    Snapshots leave out ``ops/*``: of those it is always the newest. None where there is none.
    """
    held = as_of is not None and TABLES[name].is_data
    return pinned.version(name) if held else pinned.lake.version(name)


def _entry(pinned: Pinned, table: Table, as_of: int | None) -> Entry:
    owner = OWNERS[table.name]
    try:
        version = shown_version(pinned, table.name, as_of)
        if version is None:
            return Entry(table, owner)
        newest, versions = _newest(pinned.lake, table.name, version)
    except BrokenLogError as error:
        return Entry(table, owner, problem=str(error))
    more = sum(name not in table.column_names for name in newest.fields) if newest else 0
    return Entry(table, owner, newest, versions, more)


# What a version is does not change; whether its files are there is not told here.
@cached(LRUCache(128), lock=RLock())
def _newest(lake: Lake, name: str, version: int) -> tuple[VersionFacts | None, int]:
    facts = table_history(lake, name, until=version)
    return (facts[0] if facts else None), len(facts)
