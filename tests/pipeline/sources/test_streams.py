"""Batches of a watched folder: complete files only, each once, and the same again after a crash."""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lakehouse.failpoints import FailpointError
from pipeline.sources.folder import FolderSource
from pipeline.sources.streams import Batch, BatchLog, StreamError

SOURCE = "the watched folder"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Watched:
    """A watched folder with its log and a source that can crash."""

    def __init__(self, home: Path, most_files: int = 50) -> None:
        self.folder, self.log_folder = home / "landing", home / "log"
        self.clock = Clock()
        self.most_files = most_files
        self.changed = 1_700_000_000_000_000_000
        self.open()

    def open(self) -> None:
        self.log = BatchLog(self.log_folder, SOURCE)
        self.source = FolderSource(self.folder, self.log, self.most_files, self.clock)

    def crash(self) -> None:
        """All that a process leaves behind is its files."""
        self.log.close()
        self.open()

    def write(self, name: str, text: str) -> Path:
        """Write a file as another process would, at a time of its own."""
        path = self.folder / name
        path.write_text(text)
        self.changed += 10_000_000
        os.utime(path, ns=(self.changed, self.changed))
        return path

    def settle(self) -> Batch | None:
        """What two polls give between which everything stands still."""
        self.source.poll()
        self.clock.seconds += 0.5
        return self.source.poll()

    def names(self) -> list[str]:
        """Names in the next batch, which is committed."""
        batch = self.settle()
        if batch is None:
            return []
        self.source.commit(batch)
        return [Path(file).name for file in batch.files]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """An empty watched folder."""
    return Watched(tmp_path)


def test_a_file_counts_when_two_polls_saw_it_alike(watched: Watched) -> None:
    """Half a second apart; until then it is pending."""
    path = watched.write("a.txt", "1")
    assert watched.source.poll() is None
    assert watched.source.pending
    watched.clock.seconds += 0.49
    assert watched.source.poll() is None
    watched.clock.seconds += 0.01
    batch = watched.source.poll()
    assert batch == Batch(0, (str(path),))
    assert not watched.source.pending


def test_a_growing_file_never_counts(watched: Watched) -> None:
    """Each poll that sees another size begins to wait anew."""
    for size in range(1, 6):
        watched.write("a.txt", "x" * size)
        assert watched.source.poll() is None
        assert watched.source.pending
        watched.clock.seconds += 0.4
    assert watched.names() == ["a.txt"]


def test_a_marker_says_that_a_file_is_complete(watched: Watched) -> None:
    """At once; one that is older than the file speaks of what stood there before."""
    watched.write("a.txt", "1")
    watched.write("a.txt.ok", "")
    batch = watched.source.poll()
    assert batch is not None
    assert [Path(file).name for file in batch.files] == ["a.txt"]
    watched.source.commit(batch)
    watched.write("a.txt", "another")
    assert watched.source.poll() is None
    assert watched.names() == ["a.txt"]


def test_other_things_in_the_folder_are_left_alone(watched: Watched, tmp_path: Path) -> None:
    """Unfinished and hidden names, folders, and links, which are named."""
    for name in (".a.txt", "_a.txt", "a.tmp", "a.part", "a.ok", "b.ok"):
        watched.write(name, "1")
    (watched.folder / "uploads").mkdir()
    (watched.folder / "uploads" / "c.txt").write_text("1")
    (tmp_path / "secret").write_text("1")
    (watched.folder / "link.txt").symlink_to(tmp_path / "secret")
    Path(os.fsdecode(os.fsencode(watched.folder) + b"/\xff.txt")).write_text("1")
    assert watched.names() == []
    assert not watched.source.pending
    assert sorted(watched.source.left_out) == ["link.txt", "\udcff.txt"]


def test_a_batch_is_bounded_and_in_order_of_time_and_name(tmp_path: Path) -> None:
    """The rest comes in the next one; numbers have no gap."""
    watched = Watched(tmp_path, most_files=3)
    for name in ("d", "c", "b", "a"):
        watched.write(name, name)
    same = watched.write("0", "0")
    os.utime(same, ns=(watched.changed - 10_000_000,) * 2)
    first, second = watched.settle(), None
    assert first is not None
    watched.source.commit(first)
    second = watched.source.poll()
    assert second is not None
    assert [Path(file).name for file in first.files] == ["d", "c", "b"]
    assert [Path(file).name for file in second.files] == ["0", "a"]
    assert (first.number, second.number) == (0, 1)


def test_a_replaced_file_is_a_new_one(watched: Watched) -> None:
    """Other content under the same name; a file that stands as it was is not."""
    watched.write("a.txt", "1")
    assert watched.names() == ["a.txt"]
    assert watched.names() == []
    watched.write("a.txt", "2")
    assert watched.names() == ["a.txt"]
    watched.crash()
    assert watched.names() == []


def test_a_replaced_file_among_thousands_is_found_in_some_polls(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old files are looked at in turns."""
    monkeypatch.setattr("pipeline.sources.folder._LOOKED_AT_AGAIN", 3)
    for number in range(12):
        watched.write(f"{number}.txt", "1")
    assert len(watched.names()) == 12
    watched.write("7.txt", "2")
    assert [name for _ in range(6) for name in watched.names()] == ["7.txt"]


def test_a_batch_stays_out_until_it_is_committed(watched: Watched) -> None:
    """Also after a crash, when other files are there, and when a file of it is gone."""
    path = watched.write("a.txt", "1")
    batch = watched.settle()
    path.unlink()
    watched.write("b.txt", "1")
    assert watched.settle() == batch
    watched.crash()
    assert watched.settle() == batch
    assert batch is not None
    watched.source.commit(batch)
    watched.source.commit(batch)
    assert watched.names() == ["b.txt"]


def test_a_folder_that_is_gone_is_made_again(watched: Watched) -> None:
    """Nothing comes until something is put there."""
    watched.folder.rmdir()
    assert watched.names() == []
    watched.write("a.txt", "1")
    assert watched.names() == ["a.txt"]


def test_a_torn_line_of_the_log_is_as_if_it_was_never_written(watched: Watched) -> None:
    """At every byte: what was not written whole was not given out."""
    watched.write("a.txt", "1")
    assert watched.names() == ["a.txt"]
    file = watched.log_folder / "batches.jsonl"
    before = file.read_bytes()
    watched.write("b.txt", "1")
    batch = watched.settle()
    assert batch is not None
    whole = file.read_bytes()
    for size in range(len(before), len(whole)):
        file.write_bytes(whole[:size])
        watched.crash()
        assert watched.log.open is None
        assert file.read_bytes() == before
        assert watched.settle() == batch
    file.write_bytes(before + b"\0" * 40 + b"\n")
    watched.crash()
    assert watched.settle() == batch


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"plan":0', b'{"plan":7'),
        (b'{"done":0}\n', b""),
        (b'{"plan":0', b'"plan":0'),
    ],
)
def test_a_log_that_no_crash_broke_so_is_refused(
    watched: Watched, before: bytes, after: bytes
) -> None:
    """A stream that guessed would lose files or take them twice."""
    for name in ("a.txt", "b.txt"):
        watched.write(name, "1")
        watched.names()
    file = watched.log_folder / "batches.jsonl"
    content = file.read_bytes()
    assert before in content
    file.write_bytes(content.replace(before, after))
    with pytest.raises(StreamError, match=r"batches\.jsonl"):
        watched.crash()


def test_a_log_goes_on_with_its_own_source_only(watched: Watched) -> None:
    """Another folder on the same log would be taken for the old one."""
    with pytest.raises(StreamError, match="is the log of the watched folder"):
        BatchLog(watched.log_folder, "another folder")


def test_two_writers_of_one_log_are_found_out(watched: Watched) -> None:
    """Before the second one gives anything out."""
    other = BatchLog(watched.log_folder, SOURCE)
    other.plan({"files": []})
    watched.write("a.txt", "1")
    with pytest.raises(StreamError, match="another process"):
        watched.settle()
    with pytest.raises(StreamError, match="never planned"):
        watched.source.commit(Batch(3, ()))


@pytest.mark.parametrize("written", [0, 5, None])
def test_a_full_disk_gives_no_batch_out(watched: Watched, written: int | None) -> None:
    """Half a line or a line that was not synced: the next start finds out."""
    watched.write("a.txt", "1")
    full = OSError(28, "No space left on device")
    real = os.write
    with (
        patch(
            "os.write", lambda file, data: real(file, data if written is None else data[:written])
        ),
        patch("os.fsync", side_effect=full),
        pytest.raises(OSError, match="No space left"),
    ):
        watched.settle()
    with pytest.raises(StreamError, match="closed"):
        watched.settle()
    watched.open()
    assert watched.names() == ["a.txt"]


@pytest.mark.parametrize("point", ["stream.planned", "stream.before_done"])
def test_a_crash_between_writing_and_saying_repeats_the_batch(
    watched: Watched, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planned is planned, and not done is not done."""
    watched.write("a.txt", "1")
    monkeypatch.setenv("STILLWATER_FAILPOINT", f"{point}:raise")
    with pytest.raises(FailpointError):
        watched.names()
    monkeypatch.delenv("STILLWATER_FAILPOINT")
    watched.crash()
    assert watched.names() == ["a.txt"]
    assert watched.names() == []


def test_the_hundred_thousandth_batch_costs_what_the_first_did(tmp_path: Path) -> None:
    """The log is read once, and no folder grows with it."""
    BatchLog(tmp_path, SOURCE).close()
    with (tmp_path / "batches.jsonl").open("a") as file:
        for number in range(100_000):
            content = f'{{"files":[["{number}.jsonl",1,{number}]]}}'
            file.write(f'{{"plan":{number},"content":{content}}}\n{{"done":{number}}}\n')
    log = BatchLog(tmp_path, SOURCE)
    with patch("os.fsync"):
        start = time.perf_counter()
        for number in range(100):
            log.done(log.plan({"files": [(f"{number}.jsonl", 2, number)]}).number)
        seconds = time.perf_counter() - start
    assert seconds < 1
    assert log.last is not None
    assert log.last.number == 100_099
    assert sum(1 for _ in log.planned()) == 100_100
    assert [path.name for path in tmp_path.iterdir()] == ["batches.jsonl"]


class Stream(RuleBasedStateMachine):
    """Files that arrive in every way, polls, commits and crashes in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.home = TemporaryDirectory()
        self.watched = Watched(Path(self.home.name), most_files=2)
        self.arrived: list[tuple[str, str]] = []
        self.growing: dict[str, str] = {}
        self.out: Batch | None = None
        self.held: list[tuple[str, str]] = []
        self.committed: list[tuple[str, str]] = []
        self.numbers: list[int] = []

    @rule(name=st.sampled_from("abc"), marked=st.booleans())
    def arrive(self, name: str, marked: bool) -> None:
        """A whole file, perhaps with its marker, perhaps in the place of one that was taken."""
        standing = [text for held, text in self.arrived if held == name]
        if name in self.growing or (standing and (name, standing[-1]) not in self.committed):
            return
        text = "x" * (1 + len(self.arrived))
        self.watched.write(name, text)
        self.arrived.append((name, text))
        if marked:
            self.watched.write(f"{name}.ok", "")

    @rule(name=st.sampled_from("de"))
    def begin(self, name: str) -> None:
        """A file that is written over several polls."""
        if not any(name == held for held, _ in self.arrived):
            self.growing.setdefault(name, "")

    @rule(name=st.sampled_from("de"))
    def end(self, name: str) -> None:
        """What was being written is complete now."""
        text = self.growing.pop(name, None)
        if text:
            self.arrived.append((name, text))

    @rule(seconds=st.sampled_from([0.0, 0.3, 0.6]))
    def poll(self, seconds: float) -> None:
        """A batch that is out comes again unchanged, and holds complete files only."""
        self.watched.clock.seconds += seconds
        for name, text in self.growing.items():
            self.growing[name] = text + "y"
            self.watched.write(name, text + "y")
        batch = self.watched.source.poll()
        if self.out is not None:
            assert batch == self.out
        elif batch is not None:
            self.out = batch
            self.held = [(Path(file).name, Path(file).read_text()) for file in batch.files]
            assert set(self.held) <= set(self.arrived)
            assert 1 <= len(batch.files) <= 2

    @rule()
    def commit(self) -> None:
        """The batch is in the lake."""
        if self.out is not None:
            self.watched.source.commit(self.out)
            self.numbers.append(self.out.number)
            self.committed += self.held
            self.out = None

    @rule(torn=st.integers(0, 30))
    def crash(self, torn: int) -> None:
        """A new process on the same folders, perhaps with a line that was being written."""
        self.watched.log.close()
        with (self.watched.log_folder / "batches.jsonl").open("ab") as log:
            log.write(b'{"plan":9,"content":{"files":[]}}'[:torn])
        self.watched.open()

    @invariant()
    def nothing_twice(self) -> None:
        """No file is in two committed batches, and numbers have no gap."""
        assert len(set(self.committed)) == len(self.committed)
        assert self.numbers == list(range(len(self.numbers)))

    def teardown(self) -> None:
        """When all has arrived and settled, every file was committed."""
        for name in list(self.growing):
            self.end(name)
        for _ in range(2 * len(self.arrived) + 4):
            self.poll(0.6)
            self.commit()
        assert sorted(self.committed) == sorted(self.arrived)
        assert self.watched.source.poll() is None
        assert not self.watched.source.pending
        self.watched.log.close()
        self.home.cleanup()


def test_every_file_is_committed_once_however_it_arrives_and_whatever_crashes() -> None:
    """A batch that was given out before a crash is given out again as it was."""
    run_state_machine_as_test(Stream, settings=settings(max_examples=60, stateful_step_count=30))
