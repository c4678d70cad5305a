"""Which entries of the audit log somebody wants to see."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from lakehouse.audit.entries import Entry

_TIME = re.compile(r"\d{4}-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?)?)?")


class SelectionError(ValueError):
    """What was asked for makes no sense; the message says what does."""


@dataclass(frozen=True)
class Selection:
    """What an entry must be to be shown; empty text asks for nothing.

    Attributes:
        since: not before that time in UTC: a month, day, hour, minute, second or part of it.
        until: not after it; the whole of what it names is in.
        actor: exactly that one; ``role``, ``action``, ``outcome`` and ``request_id`` too.
        object: part of the object, whatever the case.
    """

    since: str = ""
    until: str = ""
    actor: str = ""
    role: str = ""
    action: str = ""
    object: str = ""
    outcome: str = ""
    request_id: str = ""

    def of(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries that fit, in their order.

        Raises:
            SelectionError: a time is none.
        """
        since, until, part = moment(self.since), moment(self.until), self.object.casefold()
        exact = [(name, getattr(self, name)) for name in _EXACT if getattr(self, name)]

        def fits(entry: Entry) -> bool:
            # Times are text of one length, so that a beginning stands for all that begin with it.
            return (
                entry.time[: len(since)] >= since
                and (not until or entry.time[: len(until)] <= until)
                and part in entry.object.casefold()
                and all(getattr(entry, name) == value for name, value in exact)
            )

        return filter(fits, entries)

    @property
    def asked(self) -> dict[str, str]:
        """What is asked for, by name."""
        return {name: value for name, value in vars(self).items() if value}


_EXACT = ("actor", "role", "action", "outcome", "request_id")
NAMES = tuple(field.name for field in fields(Selection))


def moment(text: str) -> str:
    """A time as the log writes it, as far as it is given; empty for an empty text.

    Raises:
        SelectionError: it is none.
    """
    given = text.strip().removesuffix("Z").replace(" ", "T")
    if given and not _TIME.fullmatch(given):
        raise SelectionError(
            f"{text[:40]!r} is no time: write 2026-11-20, or 2026-11-20T10:02 for a minute, in UTC"
        )
    return given
