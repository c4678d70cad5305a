"""Read model of the audit page: entries newest first, and whether the log is whole."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from lakehouse.audit import AuditLog, Entry, Verdict
from lakehouse.audit.entries import readable
from lakehouse.audit.selection import NAMES, Selection, SelectionError
from lakehouse.clock import now

PAGE_SIZE = 50
LONGEST = 200
# More different names than this are no list to choose from.
MOST_NAMES = 500


@dataclass(frozen=True)
class Ask:
    """What is asked for, as the URL says it: which entries, and which page of them, from 1."""

    selection: Selection = field(default_factory=Selection)
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """From a URL's query; what makes no sense there is left out."""
        given = {name: query.get(name, "").strip()[:LONGEST] for name in NAMES}
        page = query.get("page", "")
        number = int(page) if page.isdecimal() and len(page) < 10 else 1
        return cls(Selection(**given), max(number, 1))

    def to(self, **changes: str) -> dict[str, str]:
        """The query of another view: its first page, unless one is asked for."""
        page = changes.pop("page", "1")
        asked = replace(self.selection, **changes).asked
        return asked if page == "1" else {**asked, "page": page}


@dataclass(frozen=True)
class Change:
    """One value that an entry tells: what it is, before and after as text, None where not told."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class AuditPage:
    """What the page shows.

    Attributes:
        ask: what was asked for.
        entries: those of the page, newest first.
        matched: how many fit, on all pages.
        verdict: whether the log is whole; None when it cannot be read.
        checked: when that was looked at.
        choices: values that there are of actor, role, action and outcome.
        problem: why nothing is shown, in words; empty when something is.
    """

    ask: Ask
    entries: tuple[Entry, ...] = ()
    matched: int = 0
    verdict: Verdict | None = None
    checked: datetime | None = None
    choices: Mapping[str, tuple[str, ...]] | None = None
    problem: str = ""

    @property
    def last(self) -> int:
        """The last page."""
        return max(-(-self.matched // PAGE_SIZE), 1)


def audit_page(log: AuditLog, ask: Ask, until: datetime | None = None) -> AuditPage:
    """One page of the log, checked whole on the way.

    Args:
        log: the log.
        ask: which entries.
        until: leave out what came after that moment.
    """
    try:
        verdict, entries = log.proven()
    except OSError as error:
        return AuditPage(ask, problem=f"The audit log cannot be read: {error.strerror or error}.")
    told = AuditPage(ask, verdict=verdict, checked=now(), choices=_choices(entries))
    try:
        found = [*fitting(ask, entries, until)]
    except SelectionError as error:
        return replace(told, problem=f"{str(error)[0].upper()}{str(error)[1:]}.")
    page = min(ask.page, max(-(-len(found) // PAGE_SIZE), 1))
    end = len(found) - (page - 1) * PAGE_SIZE
    shown = tuple(reversed(found[max(end - PAGE_SIZE, 0) : end]))
    return replace(told, ask=replace(ask, page=page), entries=shown, matched=len(found))


def fitting(ask: Ask, entries: Iterable[Entry], until: datetime | None) -> Iterator[Entry]:
    """The entries that are asked for, without those after ``until``.

    Raises:
        SelectionError: what is asked for makes no sense.
    """
    if until is not None:
        entries = Selection(until=f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}").of(entries)
    return ask.selection.of(entries)


def changes(entry: Entry) -> tuple[Change, ...]:
    """What an entry tells of before and after, value by value."""
    before, after = _flat(entry.before), _flat(entry.after)
    names = dict.fromkeys([*before, *after])
    return tuple(Change(name, before.get(name), after.get(name)) for name in names)


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Values by the path to them, such as ``changes.sensor_2.old``."""
    if value is None and not name:
        return {}
    if not isinstance(value, dict) or not value:
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return {name: readable(told)}
    parts = [_flat(part, f"{name}.{key}" if name else str(key)) for key, part in value.items()]
    return {path: text for part in parts for path, text in part.items()}


def _choices(entries: Iterable[Entry]) -> Mapping[str, tuple[str, ...]]:
    met: dict[str, set[str]] = {"actor": set(), "role": set(), "action": set(), "outcome": set()}
    for entry in entries:
        met["actor"].add(entry.actor)
        met["role"].add(entry.role)
        met["action"].add(entry.action)
        met["outcome"].add(entry.outcome)
    return {name: tuple(sorted(filter(None, values))[:MOST_NAMES]) for name, values in met.items()}
