"""The audit log: what was written is found, and what was tampered with is named."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.audit import AuditError, AuditLog, Entry, Event, Verdict

TEXT = st.text(max_size=40)
EVENTS = st.builds(
    Event, TEXT, TEXT, TEXT, TEXT, st.sampled_from(["allowed", "refused", "failed"]), TEXT,
    after=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ),
)  # fmt: skip


def filled(folder: Path, count: int = 5) -> tuple[AuditLog, Path]:
    log = AuditLog(folder)
    for number in range(count):
        log.append(Event(f"user{number}", "engineer", "retrain", "FD001"))
    return log, folder / "audit.jsonl"


def whole(log: AuditLog) -> int | None:
    """How many entries are whole, None when some are not; what is verified again says the same."""
    found = log.verify()
    assert log.verify() == found
    return found.entries if found.ok else None


def rewrite(file: Path, change: Any) -> None:
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))


def test_a_new_log_is_whole_and_empty(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit")
    log.begin()
    log.begin()
    assert log.verify().ok
    assert log.entries() == []


def test_a_log_that_is_gone_is_not_whole(tmp_path: Path) -> None:
    """Neither a lost folder nor an emptied one is taken for a new log."""
    log = AuditLog(tmp_path / "audit")
    assert (log.verify().ok, log.verify().first_bad) == (False, 1)
    log.append(Event("ada", "engineer", "retrain", "F"))
    for file in ("audit.jsonl", "head.json"):
        (tmp_path / "audit" / file).unlink()
    assert (AuditLog(tmp_path / "audit").verify().ok, log.verify().first_bad) == (False, 1)


@pytest.mark.parametrize("tail", [b"junk", b'{"actor', b"{}"])
def test_a_tail_that_no_crash_can_have_left_is_found_and_kept(tmp_path: Path, tail: bytes) -> None:
    """The next entry goes behind it; what stands there is no entry."""
    log = AuditLog(tmp_path / "audit")
    log.append(Event("ada", "engineer", "retrain", "F"))
    with (tmp_path / "audit" / "audit.jsonl").open("ab") as file:
        file.write(tail)
    assert (log.verify().ok, log.verify().first_bad) == (False, 2)
    log.append(Event("ada", "engineer", "retrain", "G"))
    assert tail in (tmp_path / "audit" / "audit.jsonl").read_bytes()
    assert (log.verify().ok, log.verify().first_bad) == (False, 2)


@settings(deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=6))
def test_what_is_appended_is_read_back_and_whole(
    events: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = AuditLog(tmp_path_factory.mktemp("audit"))
    written = [log.append(event) for event in events]
    assert log.entries() == written
    assert [entry.seq for entry in written] == list(range(1, len(events) + 1))
    assert [entry.actor for entry in written] == [event.actor for event in events]
    assert [entry.after for entry in written] == [event.after for event in events]
    assert whole(log) == len(events)


@settings(deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log, file = filled(tmp_path_factory.mktemp("audit"), 3)
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    file.write_bytes(content)
    changed = file.read_bytes()[:place].count(b"\n") + 1
    assert log.verify().first_bad == changed


@settings(deadline=None)
@given(data=st.data())
def test_any_deleted_or_moved_line_is_found(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log, file = filled(tmp_path_factory.mktemp("audit"))
    lines = file.read_bytes().splitlines(keepends=True)
    kept = data.draw(
        st.permutations(range(5)).flatmap(lambda p: st.sampled_from([p, p[:4], p[2:]]))
    )
    file.write_bytes(b"".join(lines[number] for number in kept))
    first_wrong = next((n for n in range(5) if n >= len(kept) or kept[n] != n), None)
    verdict = log.verify()
    assert verdict.ok is (first_wrong is None)
    assert verdict.first_bad == (None if first_wrong is None else first_wrong + 1)


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_a_cut_tail_stays_found_after_more_was_written(tmp_path: Path, kept: int) -> None:
    log, file = filled(tmp_path)
    rewrite(file, lambda lines: lines[:kept])
    assert log.verify().first_bad == kept + 1
    assert log.append(Event("eve", "admin", "sign_in")).seq == 6
    assert log.verify().first_bad == kept + 1


def test_cutting_the_tail_together_with_the_head_file_stays_found(tmp_path: Path) -> None:
    log, file = filled(tmp_path)
    rewrite(file, lambda lines: lines[:3])
    (tmp_path / "head.json").unlink()
    assert not log.verify().ok
    log.append(Event("eve", "admin", "sign_in"))
    assert log.verify().first_bad == 4


def test_a_forged_entry_in_the_place_of_the_newest_is_found(tmp_path: Path) -> None:
    log, file = filled(tmp_path)
    last = json.loads(file.read_bytes().splitlines()[-1])
    forged = Entry(**last | {"actor": "somebody else"})
    forged = replace(forged, hash=forged.digest())
    rewrite(file, lambda lines: [*lines[:-1], forged.line()])
    assert log.verify().first_bad == 5


def test_foreign_lines_are_found_and_do_not_stop_the_log(tmp_path: Path) -> None:
    log, file = filled(tmp_path)
    file.write_bytes(file.read_bytes() + b'{"seq": 6}\n{"seq": 7}\nnonsense')
    log.append(Event("eve", "admin", "sign_in"))
    assert log.verify().first_bad == 6
    assert log.entries()[-1].actor == "eve"


def test_half_a_line_left_by_a_crash_is_cut_off(tmp_path: Path) -> None:
    log, file = filled(tmp_path)
    file.write_bytes(file.read_bytes() + b'{"action":"retr')
    assert log.verify().ok
    log.append(Event("eve", "admin", "sign_in"))
    assert whole(log) == 6


def test_a_crash_between_line_and_head_loses_nothing(tmp_path: Path) -> None:
    log, _ = filled(tmp_path)
    head = (tmp_path / "head.json").read_bytes()
    log.append(Event("eve", "admin", "sign_in"))
    (tmp_path / "head.json").write_bytes(head)
    assert log.verify().ok
    assert log.append(Event("eve", "admin", "sign_out")).seq == 7
    assert whole(log) == 7


def test_a_full_disk_refuses_the_action_and_leaves_the_log_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, file = filled(tmp_path)
    before = file.read_bytes()
    write = os.write

    def fills_up(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return int(write(descriptor, data[:19]))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fills_up)
        with pytest.raises(AuditError, match="No space left"):
            log.append(Event("eve", "admin", "retrain"))
    assert file.read_bytes() == before
    assert log.append(Event("eve", "admin", "retrain")).seq == 6
    assert log.verify().ok


def test_a_disk_that_is_full_behind_the_entry_leaves_nothing_of_what_was_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line still fits, the head no longer does; again and again."""
    log, file = filled(tmp_path)
    before = file.read_bytes()

    def fills_up(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "_put_head", fills_up)
        for _ in range(3):
            with pytest.raises(AuditError, match="No space left"):
                log.append(Event("eve", "admin", "retrain"))
    assert file.read_bytes() == before
    assert log.append(Event("eve", "admin", "retrain")).seq == 6
    assert log.verify().ok


def test_what_json_cannot_hold_is_refused(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for value in (float("nan"), object()):
        with pytest.raises(AuditError):
            log.append(Event("eve", "admin", "retrain", after=value))
    assert log.entries() == []


def test_an_unwritable_folder_refuses_the_action(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("in the way")
    with pytest.raises(AuditError):
        AuditLog(tmp_path / "audit").append(Event("eve", "admin", "retrain"))


def test_entries_are_paged_from_a_number_on(tmp_path: Path) -> None:
    log, _ = filled(tmp_path)
    assert [entry.seq for entry in log.entries(after=2, limit=2)] == [3, 4]


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    entry = AuditLog(tmp_path).append(Event("eve", "admin", "retrain", reason="x" * 10_000))
    assert len(entry.reason) == 2_000


@settings(deadline=None)
@given(data=st.data())
def test_a_byte_that_changes_after_the_log_was_found_whole_is_found_too(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was verified once is not believed again: every byte of it is read each time."""
    log, file = filled(tmp_path_factory.mktemp("audit"), 3)
    newest = log.entries()[-1]
    assert log.verify() == Verdict(True, entries=3, newest=newest.hash)
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1
    whole_before = file.read_bytes()
    file.write_bytes(content)
    verdict = log.verify()
    assert verdict.first_bad == bytes(whole_before[:place]).count(b"\n") + 1
    file.write_bytes(whole_before)
    assert whole(log) == 3


def test_what_stands_behind_a_bad_entry_can_still_be_read(tmp_path: Path) -> None:
    """It is shown, and said to be unproven."""
    log, file = filled(tmp_path)
    assert whole(log) == 5
    rewrite(file, lambda lines: [*lines[:2], lines[2].replace(b"user2", b"user9"), *lines[3:]])
    verdict, entries = log.proven()
    assert (verdict.ok, verdict.first_bad, verdict.entries) == (False, 3, 2)
    assert [entry.actor for entry in entries] == ["user0", "user1", "user9", "user3", "user4"]


def test_a_log_that_grows_is_verified_to_its_end(tmp_path: Path) -> None:
    """By who has looked before, and by who has not, with the same verdict."""
    log, _ = filled(tmp_path)
    for number in range(3):
        log.append(Event("ada", "engineer", "retrain", str(number)))
        assert log.verify() == AuditLog(tmp_path).verify()
        assert whole(log) == 6 + number


@pytest.mark.parametrize("head", ["{}", "[1]", '{"seq":"x","hash":1,"size":"y"}', "nonsense"])
def test_a_head_file_that_holds_no_head_is_found(tmp_path: Path, head: str) -> None:
    """Whatever somebody wrote into it."""
    log, _ = filled(tmp_path)
    (tmp_path / "head.json").write_text(head)
    assert log.verify().first_bad == 1
    assert "head file" in log.verify().detail


@pytest.mark.parametrize("seq", [-3, 0, 2, 9])
def test_a_head_that_tells_of_another_entry_is_found(tmp_path: Path, seq: int) -> None:
    """Also one before the first."""
    log, _ = filled(tmp_path)
    told = json.loads((tmp_path / "head.json").read_text())
    (tmp_path / "head.json").write_text(json.dumps(told | {"seq": seq}))
    assert not log.verify().ok


def test_what_is_in_the_place_of_the_folder_is_no_whole_log(tmp_path: Path) -> None:
    """Nobody can say that it is whole."""
    (tmp_path / "audit").write_text("in the way")
    with pytest.raises(OSError, match="exists"):
        AuditLog(tmp_path / "audit").verify()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    _, file = filled(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600


def _append_many(folder: Path) -> None:
    log = AuditLog(folder)
    for number in range(20):
        log.append(Event("somebody", "engineer", "retrain", str(number)))


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(_append_many, [tmp_path] * 4))
    assert whole(AuditLog(tmp_path)) == 80


@pytest.mark.parametrize(
    ("name", "value"), [("outcome", ["allowed"]), ("seq", 3.0), ("seq", True), ("actor", None)]
)
def test_a_value_of_another_kind_makes_a_line_unreadable(
    tmp_path: Path, name: str, value: Any
) -> None:
    """Whoever shows or exports the entries can rely on what each field is."""
    log, file = filled(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = json.dumps(json.loads(lines[2]) | {name: value}).encode() + b"\n"
    file.write_bytes(b"".join(lines))
    assert log.verify().first_bad == 3
    assert [entry.seq for entry in log.entries()] == [1, 2, 4, 5]
