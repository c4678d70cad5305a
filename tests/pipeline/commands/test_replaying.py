"""`stillwater replay`: what goes where, its document, its controls and its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import polars as pl
import pytest
from click.testing import CliRunner

from lakehouse.audit import AuditLog
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from pipeline.cli import main
from pipeline.sources.files import discover
from pipeline.sources.kafka import KafkaSource
from pipeline.sources.kafka_topic import Topic
from pipeline.sources.parsing import parse
from pipeline.sources.streams import BatchLog
from tests.pipeline.command import document, quick, stillwater
from tests.pipeline.oracle import assert_sound, tables
from tests.pipeline.sources.kafka_broker import kafka_broker
from tests.pipeline.sources.nasa_files import as_csv, nasa_line, nasa_text, with_line

FAST = ("--speed", "100000")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two engines in service, of 12 and 5 flights."""
    path = tmp_path / "test_FD001.txt"
    path.write_text(nasa_text([12, 5]))
    return path


def landed(folder: Path) -> list[dict[str, Any]]:
    """Every flight in a folder, in the order of arrival."""
    files = sorted(folder.iterdir())
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def records(paths: list[Path], fleet: str) -> pl.DataFrame:
    """The records of some files without the lines that they stood on."""
    found = discover(paths, fleet, "in_service")
    parts = [parse(delivered, PROFILE).records for delivered in found.deliveries]
    return pl.concat(parts).drop("line").sort("engine", "cycle")


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that took the same two engines by one ingest."""
    folder = tmp_path_factory.mktemp("batch")
    (folder / "test_FD001.txt").write_text(nasa_text([12, 5]))
    document(folder / "var", "ingest", str(folder / "test_FD001.txt"))
    return folder / "var"


def test_a_replay_lands_in_the_home_and_is_taken_in(
    tmp_path: Path, file: Path, batch: Path
) -> None:
    """One command, no worker: the document, the default folder, and silver as by an ingest."""
    home = tmp_path / "var"
    told = document(home, "replay", str(file), "--speed", "24")
    folder = home / "landing" / "replay" / "FD001"
    run = RunStore(Settings.load(home=home)).run(told["run_id"])
    assert told == {
        "file": str(file),
        "fleet": "FD001",
        "kind": "in_service",
        "ticks": 12,
        "records": 17,
        "files": 2,
        "skipped_lines": 0,
        "to": str(folder),
        "run_id": run.run_id,
        "state": "CANCELLED",
        "taken": 17,
    }
    assert [flight["cycle"] for flight in landed(folder)][:5] == [1, 1, 2, 2, 3]
    assert records(list(folder.iterdir()), "FD001").equals(records([file], "FD001"))
    assert (run.kind, run.state) == ("stream", "CANCELLED")
    assert_same_silver(home, batch)
    assert_sound(home)
    asked = [(entry.action, entry.object) for entry in AuditLog(home / "audit").entries()]
    assert asked == [("stream", str(folder)), ("queue", run.run_id)]


def assert_same_silver(home: Path, batch: Path) -> None:
    """Engines, cycles and values are the same to the last bit."""
    mine, theirs = tables(home), tables(batch)
    for name in ("silver/readings", "gold/engine_status"):
        assert mine[name].equals(theirs[name], null_equal=True), name


def test_a_second_replay_of_a_file_brings_nothing_new(tmp_path: Path, file: Path) -> None:
    """History and engines in service of one fleet do not meet in one folder."""
    home = tmp_path / "var"
    assert document(home, "replay", str(file), *FAST)["taken"] == 17
    silver = tables(home)["silver/readings"]
    again = document(home, "replay", str(file), *FAST)
    assert (again["records"], again["taken"], again["state"]) == (17, 0, "CANCELLED")
    assert tables(home)["silver/readings"].equals(silver, null_equal=True)
    history = file.rename(tmp_path / "train_FD001.txt")
    told = document(home, "replay", str(history), *FAST)
    assert told["to"] == str(home / "landing" / "replay" / "FD001" / "history")
    assert told["taken"] == 17
    assert tables(home)["silver/readings"]["engine"].n_unique() == 4


def test_a_second_replay_does_not_touch_the_files_of_the_first(tmp_path: Path, file: Path) -> None:
    """Nothing but whole JSON lines ever stands in the folder."""
    for _ in range(2):
        to = ("--to", str(tmp_path / "to"), "--start", "3", "--stop", "6")
        told = document(tmp_path / "var", "replay", str(file), "--speed", "8", *to)
        assert (told["ticks"], told["records"], told["files"]) == (4, 7, 2)
        time.sleep(1)
    names = [path.name for path in (tmp_path / "to").iterdir()]
    assert len(names) == 4
    assert all(name.startswith("FD001-") and name.endswith(".jsonl") for name in names)
    assert len(landed(tmp_path / "to")) == 14


def test_fleet_and_kind_are_asked_for_or_given(tmp_path: Path, file: Path) -> None:
    """As an ingest of the same file; history flies as engines in service if that is said."""
    csv = tmp_path / "flights.csv"
    csv.write_text(as_csv(file.read_text()))
    assert quick(tmp_path / "var", "replay", str(csv)).exit_code == 2
    aside = (*FAST, "--to", str(tmp_path / "aside"))
    words = ("--fleet", "A320", "--kind", "in_service")
    assert document(tmp_path / "var", "replay", str(csv), *words, *aside)["fleet"] == "A320"
    history = file.rename(tmp_path / "train_FD001.txt")
    assert document(tmp_path / "var", "replay", str(history), *aside)["kind"] == "history"
    to = (*FAST, "--to", str(tmp_path / "to"))
    told = document(tmp_path / "var", "replay", str(history), *words, *to)
    assert told["kind"] == "in_service"
    assert landed(tmp_path / "to")[0]["engine"] == "test-001"


def test_an_archive_of_one_fleet_flies_as_one(tmp_path: Path, file: Path) -> None:
    """Truth in it stays on the ground; two kinds are not mixed."""
    archive = tmp_path / "data.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("test_FD001.txt", file.read_text())
        packed.writestr("RUL_FD001.txt", "7\n8\n")
    to = (*FAST, "--to", str(tmp_path / "to"))
    told = document(tmp_path / "var", "replay", str(archive), *to)
    assert told["records"] == 17
    assert "run_id" not in told
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("train_FD001.txt", file.read_text())
    done = quick(tmp_path / "var", "replay", str(archive), *FAST)
    assert done.exit_code == 2
    assert "train_FD001.txt" in done.stderr


def test_lines_in_quarantine_end_with_exit_code_3(tmp_path: Path, file: Path) -> None:
    """The others fly; of a useless file nothing does."""
    file.write_text(with_line(with_line(file.read_text(), 3, "1 3"), 7, nasa_line(1, 7, "hot")))
    told = document(tmp_path / "var", "replay", str(file), *FAST, code=3)
    assert (told["records"], told["skipped_lines"], told["taken"]) == (15, 2, 15)
    file.write_text("dear engine\n")
    told = document(tmp_path / "var", "replay", str(file), *FAST, code=3)
    assert (told["records"], told["files"], told["skipped_lines"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--speed", "0"), "0"),
        (("--speed", "fast"), "fast"),
        (("--kafka", "localhost:1"), "--topic"),
        (("--topic", "flights"), "--kafka"),
        (("--to", "x", "--kafka", "localhost:1", "--topic", "flights"), "not both"),
        (("--start", "13"), "there are 12"),
        (("--start", "5", "--stop", "4"), "--stop"),
        (("--kind", "truth"), "truth"),
        (("--fleet", "../up"), "../up"),
    ],
)
def test_wrong_use_says_what_is_wrong(
    tmp_path: Path, file: Path, words: tuple[str, ...], said: str
) -> None:
    """Exit code 2, and nothing is written."""
    done = quick(tmp_path / "var", "replay", str(file), *words)
    assert done.exit_code == 2, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "var").exists()


def test_truth_does_not_fly(tmp_path: Path) -> None:
    """Exit code 2."""
    path = tmp_path / "RUL_FD001.txt"
    path.write_text("7\n8\n")
    done = quick(tmp_path / "var", "replay", str(path))
    assert done.exit_code == 2
    assert "truth" in done.stderr


def test_lines_of_the_standard_input_control_it(tmp_path: Path, file: Path) -> None:
    """A pause that nobody is left to end ends with the input."""
    words = ["replay", str(file), "--speed", "1", "--to", str(tmp_path / "to"), "--json"]
    typed = "seek 11\nfly away\nspeed 1000\npause\n"
    done = CliRunner().invoke(
        main, words, input=typed, env={"STILLWATER_HOME": str(tmp_path / "var")}
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["ticks"] == 2
    assert [flight["cycle"] for flight in landed(tmp_path / "to")] == [11, 12]
    assert [line for line in done.stderr.splitlines() if line.startswith("stillwater: ")] == [
        "stillwater: at 11 of 12",
        "stillwater: 'fly away' is not understood; known: pause, resume, seek CYCLE, speed N, stop "
        "(CYCLE from 1 to 12, N more than 0)",
        "stillwater: 1000 a second",
        "stillwater: paused",
        "stillwater: goes on",
    ]


class Running:
    """The command as a process whose input a test writes."""

    def __init__(self, home: Path, *words: str) -> None:
        environment = os.environ | {"STILLWATER_HOME": str(home)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "replay", *words, "--json"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        """Write one control line."""
        stdin = self.process.stdin
        assert stdin is not None
        stdin.write(f"{line}\n")
        stdin.flush()

    def hear(self) -> str:
        """The next message."""
        stderr: IO[str] | None = self.process.stderr
        assert stderr is not None
        return stderr.readline().strip()

    def end(self) -> Any:
        """The document, once it has ended."""
        out, messages = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, messages
        return json.loads(out)


def wait_until(true: Callable[[], bool]) -> None:
    """Until something holds, a minute at most."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_running_replay_is_paused_sought_and_stopped(tmp_path: Path, file: Path) -> None:
    """Through a pipe, while it flies; what was flown until then is taken in."""
    home = tmp_path / "var"
    folder = home / "landing" / "replay" / "FD001"
    running = Running(home, str(file), "--speed", "0.01")
    running.say("pause")
    assert running.hear() == "stillwater: paused"
    running.say("seek 8\nresume")
    assert [running.hear(), running.hear()] == ["stillwater: at 8 of 12", "stillwater: goes on"]
    wait_until(lambda: folder.is_dir() and bool(landed(folder)))
    running.say("stop")
    told = running.end()
    assert (told["ticks"], told["records"], told["files"]) == (1, 1, 1)
    assert (told["taken"], told["state"]) == (1, "CANCELLED")
    assert [flight["cycle"] for flight in landed(folder)] == [8]
    assert tables(home)["silver/readings"]["cycle"].to_list() == [8]


def test_a_replay_whose_stream_is_cancelled_ends(tmp_path: Path, file: Path) -> None:
    """Nobody is left who would take in what flies."""
    settings = Settings.load(home=tmp_path / "var")
    running = Running(settings.home, str(file), "--speed", "0.01")
    running.say("speed 0.02")
    assert running.hear() == "stillwater: 0.02 a second"
    runs = RunStore(settings)
    wait_until(lambda: runs.recent(1)[0].state == "RUNNING")
    runs.cancel(runs.recent(1)[0].run_id)
    assert running.hear() == "stillwater: stopped"
    told = running.end()
    assert (told["state"], told["run_id"]) == ("CANCELLED", runs.recent(1)[0].run_id)


@pytest.mark.fault
def test_a_killed_replay_leaves_its_stream_to_the_next_worker(tmp_path: Path, file: Path) -> None:
    """Another command that meets it takes its own and does not wait for it."""
    settings = Settings.load(home=tmp_path / "var")
    running = Running(settings.home, str(file), "--speed", "0.01")
    running.say("speed 0.02")
    assert running.hear() == "stillwater: 0.02 a second"
    runs = RunStore(settings)
    wait_until(lambda: runs.recent(1)[0].state == "RUNNING")
    running.process.kill()
    running.process.wait()
    left = runs.recent(1)[0].run_id
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "flights.csv").write_text(as_csv(nasa_text([3])))
    words = ("stream", str(tmp_path / "other"), "--fleet", "A320", "--kind", "in_service", "--once")
    done = stillwater(settings.home, *words, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 3
    assert left in done.stderr
    # Of the same source only what has no end could answer, and that would never come back.
    folder = settings.home / "landing" / "replay" / "FD001"
    words = ("stream", str(folder), "--fleet", "FD001", "--kind", "in_service", "--once")
    done = stillwater(settings.home, *words)
    assert (done.returncode, f"run cancel {left}" in done.stderr) == (4, True)
    # The same replay again meets the stream that waits, and ends it: it is of its source.
    assert document(settings.home, "replay", str(file), *FAST)["run_id"] == left
    assert runs.run(left).state == "CANCELLED"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_its_document(tmp_path: Path, file: Path, number: int) -> None:
    """Like `stop`: what was sent stands, and nothing half."""
    running = Running(tmp_path / "var", str(file), "--speed", "0.01", "--to", str(tmp_path / "to"))
    running.say("speed 0.02")
    assert running.hear() == "stillwater: 0.02 a second"
    running.process.send_signal(number)
    told = running.end()
    assert told["ticks"] <= 1
    assert len(landed(tmp_path / "to")) == told["records"]


def test_the_command_line_does_not_load_kafka() -> None:
    """Most verbs send nothing; a start must not pay for it."""
    code = "import sys, pipeline.cli; sys.exit('confluent_kafka' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.kafka
def test_a_replay_through_kafka_brings_the_same_records(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, file: Path
) -> None:
    """Sent by the command, landed by the source, read by the reader; a missing topic is said."""
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as broker:
        words = ("replay", str(file), "--kafka", broker.address, *FAST, "--topic")
        done = quick(tmp_path / "var", *words, "nowhere")
        assert done.exit_code == 5
        assert "nowhere" in done.stderr
        broker.make_topic("flights", 3)
        told = document(tmp_path / "var", *words, "flights")
        assert (told["records"], told["files"]) == (17, 0)
        assert told["to"] == f"kafka://{broker.address}/flights"
        log = BatchLog(tmp_path / "log", "flights")
        source = KafkaSource(Topic(broker.address, "flights"), log, tmp_path / "landing")
        while (batch := source.poll()) is not None or source.pending:
            if batch is not None:
                source.commit(batch)
        source.close()
    landing = sorted((tmp_path / "landing").iterdir())
    assert records(landing, "FD001").equals(records([file], "FD001"))
