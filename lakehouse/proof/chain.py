"""A proof as values: links in order, each with what it says, its verdict and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

MOST = 8
"""So many reasons of a link are told."""


class Verdict(StrEnum):
    """What a check of one link came to; UNCHECKED is neither sound nor broken."""

    GREEN = "green"
    RED = "red"
    UNCHECKED = "unchecked"


About = Mapping[str, str | int]
"""What the address of a page is made of, by name."""


@dataclass(frozen=True)
class Part:
    """One thing that a link names.

    Attributes:
        label: what it is.
        value: which one.
        about: what its page's address is made of: ``table`` and ``version``, ``run``, ``model``,
            ``delivery``, ``fleet`` and so on; empty where it has no page.
    """

    label: str
    value: str
    about: About = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was left.

    Attributes:
        where: a file relative to the home, ``<table>@<version>``, or another name of the place.
        detail: what is wrong with it, in words.
    """

    where: str
    detail: str


@dataclass(frozen=True)
class Finding:
    """What a check of one thing found.

    Attributes:
        faults: what is broken; none: nothing is.
        gaps: what could not be checked, in words, and what holds all the same.
        facts: what was checked and is as it should be, in words.
    """

    faults: tuple[Fault, ...] = ()
    gaps: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    def __add__(self, other: "Finding") -> "Finding":
        return Finding(
            _once(self.faults + other.faults),
            _once(self.gaps + other.gaps),
            _once(self.facts + other.facts),
        )

    @property
    def verdict(self) -> Verdict:
        """Broken where anything is, else open where anything could not be checked."""
        if self.faults:
            return Verdict.RED
        return Verdict.UNCHECKED if self.gaps else Verdict.GREEN


def sound(*facts: str) -> Finding:
    """Nothing is wrong: what was looked at, in words."""
    return Finding(facts=facts)


def broken(where: str, detail: str) -> Finding:
    """One thing is wrong."""
    return Finding((Fault(where, detail),))


def unknown(gap: str) -> Finding:
    """Something cannot be checked, in words."""
    return Finding(gaps=(gap,))


@dataclass(frozen=True)
class Link:
    """One link of a chain.

    Attributes:
        name: code of the link: rows, silver, training and so on.
        label: the same in words.
        parts: what it names, in order.
        verdict: what the check of it came to.
        reason: why, in words.
        where: the places that are broken: the files and versions that a red verdict names.
    """

    name: str
    label: str
    parts: tuple[Part, ...]
    verdict: Verdict
    reason: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """One issued prediction: a row of gold/predictions; ``window_to`` is None for an open window.

    ``outdated_by`` names people's decisions since by which its rows are no more.
    """

    fleet: str
    engine: str
    cycle: int
    model_id: str
    input_digest: str
    probability: float
    window_from: int
    window_to: int | None
    coverage: float
    rul: float
    features_version: int | None
    run_id: str
    predicted_at: datetime
    outdated_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """FLEET/ENGINE@CYCLE."""
        return f"{self.fleet}/{self.engine}@{self.cycle}"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Said":
        """A prediction from its row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__ if name in row})


@dataclass(frozen=True)
class Chain:
    """The proof of one prediction: from the rows that it was made from to when it served."""

    said: Said
    links: tuple[Link, ...]

    @property
    def verdict(self) -> Verdict:
        """Red where any link is, else unchecked where any is, else green."""
        found = {link.verdict for link in self.links}
        worst = (Verdict.RED, Verdict.UNCHECKED)
        return next((verdict for verdict in worst if verdict in found), Verdict.GREEN)


def link(name: str, label: str, parts: Iterable[Part], finding: Finding) -> Link:
    """A link with what its checks found."""
    words = [f"{fault.where}: {fault.detail}" for fault in finding.faults]
    words += finding.gaps if finding.verdict is not Verdict.GREEN else ()
    where = tuple(fault.where for fault in finding.faults)
    reason = _sentence(words or finding.facts)
    return Link(name, label, tuple(parts), finding.verdict, reason, where)


def told_once(links: Iterable[Link]) -> tuple[Link, ...]:
    """The same links, each fault red at the first that needs it.

    What stands on something that is red above can itself not be checked.
    """
    seen: dict[str, str] = {}
    found = []
    for each in links:
        if each.where and all(place in seen for place in each.where):
            above = "; ".join(f"{place} is red at {seen[place]}" for place in each.where)
            each = replace(each, verdict=Verdict.UNCHECKED, reason=above, where=())
        for place in each.where:
            seen.setdefault(place, each.label)
        found.append(each)
    return tuple(found)


def _sentence(words: Sequence[str]) -> str:
    """The first of many."""
    more = len(words) - MOST
    return "; ".join(words[:MOST]) + (f"; and {more:,} more" if more > 0 else "")


def _once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))
