"""What streams have taken in, and the words for a run that has no end of its own."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from app.queries.run_words import asked, outcome, subject, trouble
from app.queries.runs import run_detail, run_page
from app.queries.stream_words import command
from app.queries.streams import Newest, Taken, newest, taken
from app.queries.trouble import Around
from app.services import Services
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin, take
from lakehouse.writes import Commit
from tests.app.sample_runs import SampleRuns, run_id, sample_run, stream_steps

STREAM, OTHER = run_id("stream", 1), run_id("stream", 2)
CAME = datetime(2026, 11, 23, 4, 48, tzinfo=UTC)
TAKEN = Taken({"accepted": 2, "duplicate": 1}, 8_240, 3, 5, 0, CAME)


def deliver(lake: Lake, part: str, run: str, *deliveries: tuple[str, int]) -> None:
    """Deliveries by state and records, and a snapshot that shows them."""
    rows = [
        {
            "delivery_id": f"{part}-{number}", "fleet": "FD001", "kind": "in_service",
            "state": state, "source": "/data/incoming/a.csv", "member": "", "sha256": part,
            "rows": records + 1, "accepted": records, "quarantined": 1, "duplicates": 2,
            "conflicts": 0, "received_at": CAME.replace(minute=number), "simulated": False,
            "run_id": run,
        }
        for number, (state, records) in enumerate(deliveries)
    ]  # fmt: skip
    commit = Commit(part, run, "Sample", "cli:test")
    lake.append("bronze/deliveries", nw.from_native(pl.LazyFrame(rows)), commit)
    take(lake, {}, replace(commit, node="Snapshot"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two streams that took turns."""
    lake = Lake(tmp_path / "lake", LocalEngine())
    deliver(lake, "a", STREAM, ("accepted", 10), ("received", 5))
    deliver(lake, "b", OTHER, ("accepted", 7))
    deliver(lake, "c", STREAM, ("duplicate", 0))
    return lake


def test_what_a_stream_took_in_is_counted_from_its_deliveries(lake: Lake) -> None:
    """However often its worker was started anew; what was only received counts as accepted."""
    found = taken(pin(lake), (STREAM, OTHER, run_id("stream", 3)))
    assert found[STREAM] == Taken(
        {"accepted": 2, "duplicate": 1}, 15, 3, 6, 0, CAME.replace(minute=1)
    )
    assert (found[OTHER].records, found[OTHER].count) == (7, 1)
    assert len(found) == 2


def test_an_older_snapshot_shows_what_was_there_then(lake: Lake) -> None:
    """The count is pinned like everything that a page shows."""
    assert taken(pin(lake, 1), (STREAM, OTHER)).keys() == {STREAM}
    assert taken(pin(lake), ()) == {}


def test_the_newest_snapshot_of_a_stream_is_its_own(lake: Lake) -> None:
    """Other runs take snapshots too."""
    for run, seq in ((STREAM, 3), (OTHER, 2)):
        found = newest(lake, run)
        assert found is not None
        assert found.seq == seq
    assert newest(lake, run_id("stream", 3)) is None


def test_a_lake_without_tables_has_taken_nothing(tmp_path: Path) -> None:
    """Before the first batch every page draws."""
    empty = Lake(tmp_path / "empty", LocalEngine())
    assert taken(pin(empty), (STREAM,)) == {}
    assert newest(empty, STREAM) is None


@pytest.mark.parametrize(
    ("request_", "about", "whole"),
    [
        (
            {"folder": "/data/incoming"},
            "data/incoming",
            "from /data/incoming, until it is cancelled",
        ),
        (
            {"folder": "/var/landing/replay/FD001", "fleet": "FD001", "kind": "in_service"},
            "FD001 from replay",
            "from /var/landing/replay/FD001, in service, until it is cancelled",
        ),
        ({"folder": "/in", "once": True}, "/in", "from /in, until nothing more is there"),
        (
            {"brokers": "k:9092", "topic": "flights", "fleet": "FD001", "kind": "history"},
            "FD001 from topic flights",
            "from topic flights of k:9092, history, until it is cancelled",
        ),
    ],
)
def test_the_source_of_a_stream_in_words(request_: dict[str, Any], about: str, whole: str) -> None:
    """Short in a list, whole over its page."""
    run = sample_run("stream", "RUNNING", request=request_)
    assert (subject(run), asked(run)) == (about, whole)


def test_the_command_that_goes_on_can_be_pasted_into_a_shell() -> None:
    """Names with spaces are quoted; both sources."""
    folder = {"folder": "/data/my files", "fleet": "FD001", "kind": "in_service", "once": True}
    assert command(folder) == (
        "stillwater stream '/data/my files' --fleet FD001 --kind in_service --once"
    )
    topic = {"folder": None, "brokers": "k:9092", "topic": "f", "fleet": "A", "kind": "history"}
    assert command(topic) == ("stillwater stream --kafka k:9092 --topic f --fleet A --kind history")


@pytest.mark.parametrize(
    ("state", "found", "words"),
    [
        ("QUEUED", None, ""),
        ("RUNNING", None, "waits for data"),
        ("RUNNING", TAKEN, "8,240 records · batch 411"),
        ("CANCELLED", TAKEN, "8,240 records"),
        ("CANCELLED", None, "nothing had come"),
        ("FAILED", TAKEN, "StreamError: no topic"),
    ],
)
def test_the_list_says_how_much_a_stream_took_in(
    state: str, found: Taken | None, words: str
) -> None:
    """While it runs, with the batch that it is at."""
    error = "StreamError: no topic" if state == "FAILED" else ""
    run = sample_run("stream", state, steps=stream_steps(), error=error)
    assert outcome(run, found) == words


def test_a_cancelled_stream_is_no_failure_and_says_how_to_go_on() -> None:
    """Cancelling is its normal end."""
    told = trouble(sample_run("stream", "CANCELLED"), Around(taken=TAKEN))
    assert told is not None
    assert told.level == "note"
    assert told.what == "The stream was cancelled, which is how a stream ends."
    assert told.holds == "What it took in is kept: 8,240 records in 3 deliveries."
    assert told.todo.startswith("Nothing. Start again goes on where it stopped")
    assert told.todo.endswith("stillwater stream /data/incoming --fleet FD001 --kind in_service")


def test_a_stream_that_cannot_go_on_by_itself_says_why_and_what_to_do() -> None:
    """Failed, without its worker, or waiting for one."""
    failed = trouble(sample_run("stream", "FAILED", error="StreamError: no topic"), Around())
    assert failed is not None
    assert (failed.level, failed.detail) == ("act", "StreamError: no topic")
    assert failed.holds == "Nothing had come yet."
    crashed = trouble(sample_run("stream", "CRASHED"), Around(alive=False, taken=TAKEN))
    assert crashed is not None
    assert "goes on by itself" in crashed.todo
    waiting = trouble(sample_run("stream", "QUEUED"), Around(alive=False))
    assert waiting is not None
    assert "stillwater worker" in waiting.todo
    for state in ("QUEUED", "RUNNING", "CANCELLING", "SUCCEEDED"):
        assert trouble(sample_run("stream", state), Around()) is None


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("RUNNING", "STREAMING"),
        ("CANCELLING", "STREAMING"),
        ("CANCELLED", "ENDED"),
        ("CRASHED", "STOPPED"),
        ("FAILED", "STOPPED"),
    ],
)
def test_components_of_a_stream_are_streaming_until_it_ends(
    run_services: Services, state: str, shown: str
) -> None:
    """None of them failed or was cancelled in the middle; only the first one counts batches."""
    run = sample_run("stream", state, steps=stream_steps())
    services = replace(run_services, runs=SampleRuns((run,)))  # type: ignore[arg-type]
    steps = run_detail(services, run.run_id).run.steps
    assert [step.state for step in steps] == [shown] * 3
    assert [step.message for step in steps] == ["batch 411", "", ""]


def test_pages_of_runs_carry_what_their_streams_took_in(run_services: Services, lake: Lake) -> None:
    """From the newest snapshot, for streams only."""
    runs = (sample_run("stream", "RUNNING", 1), sample_run("score", "SUCCEEDED", 2))
    services = replace(run_services, lake=lake, runs=SampleRuns(runs))  # type: ignore[arg-type]
    assert run_page(services).taken.keys() == {STREAM}
    detail = run_detail(services, STREAM)
    assert detail.taken is not None
    assert detail.taken.records == 15
    assert isinstance(detail.newest, Newest)
    other = run_detail(services, run_id("score", 2))
    assert (other.taken, other.newest) == (None, None)
