"""Which entries fit: exactly what is asked for, in the precision in which it is asked."""

from pathlib import Path

import pytest

from lakehouse.audit import AuditLog, Entry, Event
from lakehouse.audit.selection import Selection, SelectionError

ENTRIES = [
    Entry("ada", "engineer", "retrain", "FD001", seq=1, time="2026-11-20T09:59:59.999999Z"),
    Entry("bob", "auditor", "retrain", "FD001", "refused", seq=2,
          time="2026-11-20T10:02:00.000000Z"),
    Entry("ada", "engineer", "queue", "retrain-7", request_id="r1", seq=3,
          time="2026-11-20T10:02:59.500000Z"),
    Entry("ada", "engineer", "sign_out", "10.0.0.1", seq=4, time="2026-11-21T00:00:00.000000Z"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"since": "2026-11-20T10:02"}, [2, 3, 4]),
        ({"since": "2026-11-20 10:02:00.1"}, [3, 4]),
        ({"until": "2026-11-20"}, [1, 2, 3]),
        ({"until": "2026-11-20T10:02Z"}, [1, 2, 3]),
        ({"since": "2026-11-20T10", "until": "2026-11-20T10:02:00"}, [2]),
        ({"actor": "ada"}, [1, 3, 4]),
        ({"actor": "ad"}, []),
        ({"role": "auditor"}, [2]),
        ({"action": "retrain", "outcome": "refused"}, [2]),
        ({"object": "fd0"}, [1, 2]),
        ({"request_id": "r1"}, [3]),
    ],
)
def test_what_is_asked_for_is_shown(asked: dict[str, str], expected: list[int]) -> None:
    """A day, an hour or a minute means the whole of it, at both ends."""
    assert [entry.seq for entry in Selection(**asked).of(ENTRIES)] == expected


@pytest.mark.parametrize("text", ["yesterday", "2026-1-1", "2026-11-20T10:02+01:00", "20261120"])
def test_what_is_no_time_is_refused_with_how_to_write_one(text: str) -> None:
    """Also a time zone: the log is in UTC."""
    for name in ("since", "until"):
        with pytest.raises(SelectionError, match="write 2026-11-20"):
            Selection(**{name: text}).of(ENTRIES)


def test_a_selection_reads_a_log(tmp_path: Path) -> None:
    """As the log hands its entries out, one at a time."""
    log = AuditLog(tmp_path)
    for actor in ("ada", "bob", "ada"):
        log.append(Event(actor, "engineer", "retrain"))
    assert [entry.seq for entry in Selection(actor="ada").of(log.read())] == [1, 3]
