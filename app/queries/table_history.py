"""The versions of one table: what each did, which can be read, and which one is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.queries.retention import pinned_versions
from app.queries.tables import shown_version
from app.services import Services
from lakehouse.commits import BrokenLogError
from lakehouse.contract import Table
from lakehouse.history import VersionFacts, table_history
from lakehouse.owners import OWNERS, Owner
from lakehouse.snapshots import Pinned
from lakehouse.tables import TABLES

PAGE = 20


@dataclass(frozen=True)
class Ask:
    """What the URL asks of a table.

    Attributes:
        version: the version to look at, None for the newest or the snapshot's.
        page: page of the list of versions, from 1; 0 for the one with the version looked at.
        fleet: fleet of the engine that is looked at, empty for all.
        engine: only rows of that engine, empty for all.
        as_of: the snapshot, None for now.
    """

    version: int | None = None
    page: int = 0
    fleet: str = ""
    engine: str = ""
    as_of: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], as_of: int | None) -> "Ask":
        """What a query says; what makes no sense is as if it were not there."""
        fleet, _, engine = query.get("engine", "").partition("/")
        page = number(query.get("page")) or 0
        mine = (fleet, engine) if fleet and engine else ("", "")
        return cls(number(query.get("version")), page, *mine, as_of)


@dataclass(frozen=True)
class TableView:
    """One table.

    Attributes:
        table: its contract.
        ask: what was asked for.
        facts: its versions up to the one shown by default, newest first.
        chosen: the version that is looked at, None where there is no such one.
        snapshot: newest snapshot's version of it, None where that does not name it.
        last: the newest version that there is, whatever snapshot was asked for.
        problem: why the log cannot be read, empty when it can.
    """

    table: Table
    ask: Ask
    facts: tuple[VersionFacts, ...] = ()
    chosen: VersionFacts | None = None
    snapshot: int | None = None
    last: int | None = None
    problem: str = ""

    @property
    def owner(self) -> Owner:
        """Who answers for it."""
        return OWNERS[self.table.name]

    @property
    def pages(self) -> int:
        """How many pages the list of versions has, at least 1."""
        return max(1, -(-len(self.facts) // PAGE))

    @property
    def page(self) -> int:
        """The page that is shown, from 1."""
        at = self.ask.page
        if not at and self.chosen is not None:
            at = self.facts.index(self.chosen) // PAGE + 1
        return min(max(at, 1), self.pages)

    @property
    def listed(self) -> tuple[VersionFacts, ...]:
        """The versions of that page."""
        return self.facts[(self.page - 1) * PAGE : self.page * PAGE]


def table_view(services: Services, pinned: Pinned, name: str, ask: Ask) -> TableView:
    """One table as it was asked for; ``name`` is one of :data:`lakehouse.tables.TABLES`."""
    table = TABLES[name]
    try:
        shown = shown_version(pinned, name, ask.as_of)
        if shown is None:
            return TableView(table, ask)
        pins, _ = pinned_versions(services, name)
        days = services.settings.maintain.days
        facts = table_history(services.lake, name, until=shown, pinned=pins, days=days)
    except BrokenLogError as error:
        return TableView(table, ask, problem=str(error))
    wanted = shown if ask.version is None else ask.version
    chosen = next((each for each in facts if each.version == wanted), None)
    named, last = services.pinned().version(name), services.lake.version(name)
    return TableView(table, ask, facts, chosen, named, last)


def readable(facts: Sequence[VersionFacts]) -> tuple[tuple[int, int], ...]:
    """Stretches (first, last) of versions that can be read, the newest first."""
    found: list[tuple[int, int]] = []
    for each in facts:
        if not each.readable:
            continue
        if found and found[-1][0] == each.version + 1:
            found[-1] = (each.version, found[-1][1])
        else:
            found.append((each.version, each.version))
    return tuple(found)


def number(text: str | None) -> int | None:
    """A version or page as a URL names it."""
    return int(text) if text and text.isdecimal() and len(text) < 16 else None
