"""Read models of the run pages: pages, details, marks, and the words for what happened."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.queries.run_words import (
    asked,
    duration,
    fleet_of,
    outcome,
    stopped_at,
    subject,
    trouble,
)
from app.queries.runs import PAGE_SIZE, changed, drawn_marks, marks, run_detail, run_page
from app.queries.trouble import Around
from app.services import Services
from lakehouse.journal import Step
from lakehouse.runs import Run, RunError, RunStore
from tests.app.sample_runs import START, SampleRuns, run_id, sample_run, sample_runs, training_steps

FILES = "train_FD001.txt, test_FD001.txt.gz"
RUNS = {run.run_id: run for run in sample_runs()}


def services_with(services: Services, *runs: Any, alive: bool = True) -> Services:
    return replace(services, runs=SampleRuns(runs, alive))  # type: ignore[arg-type]


def test_a_page_holds_fifty_runs_and_says_whether_there_are_more(run_services: Services) -> None:
    many = services_with(run_services, *[sample_run("score", "SUCCEEDED")] * (PAGE_SIZE + 1))
    first, second = run_page(many), run_page(many, page=2)
    assert (len(first.runs), first.more, first.page) == (PAGE_SIZE, True, 1)
    assert (len(second.runs), second.more, second.page) == (1, False, 2)


@pytest.mark.parametrize("page", [-3, 0, 10**9])
def test_a_page_number_from_outside_is_bounded(run_services: Services, page: int) -> None:
    assert 1 <= run_page(run_services, page=page).page <= 200


def test_runs_of_one_kind(run_services: Services) -> None:
    assert {run.kind for run in run_page(run_services, "ingest").runs} == {"ingest"}
    assert len(run_page(run_services, "drop table").runs) == len(RUNS)


def test_as_of_a_snapshot_runs_stand_as_they_did_then(run_services: Services) -> None:
    """What ended later was running, what began later was queued, what was asked later was not."""
    then = run_services.pinned().snapshot
    assert then.time is not None
    minute = timedelta(minutes=1)

    def at(number: int, *after: int) -> Run:
        queued, started, finished = (then.time + n * minute for n in after)  # type: ignore[operator]
        times = {"queued": queued, "started": started, "finished": finished}
        return sample_run("score", "SUCCEEDED", number, result={"rows": 7}, **times)

    runs = [at(1, 1, 2, 3), at(2, -1, 1, 2), at(3, -2, -1, 1), at(4, -4, -3, -2), at(5, -3, -2, 1)]
    runs[4] = replace(runs[4], run_id=then.run_id)
    page = run_page(services_with(run_services, *runs), as_of=then.seq)
    assert [run.state for run in page.runs] == ["QUEUED", "RUNNING", "SUCCEEDED", "SUCCEEDED"]
    queued, running, done, own = page.runs
    assert (queued.started, queued.result) == (None, None)
    assert (duration(running), running.result) == (60.0, None)
    assert (done, own.state, page.active) == (runs[3], "SUCCEEDED", False)


def test_run_records_that_cannot_be_read_are_a_sentence(run_services: Services) -> None:
    class Locked(SampleRuns):
        def recent(self, *_: Any) -> Any:
            raise OperationalError("SELECT", {}, Exception("database is locked"))

        def run(self, _run_id: str) -> Any:
            raise OperationalError("SELECT", {}, Exception("database is locked"))

    locked = replace(run_services, runs=Locked())  # type: ignore[arg-type]
    assert "cannot be read" in run_page(locked).problem
    with pytest.raises(RunError, match="cannot be read"):
        run_detail(locked, run_id("score", 1))


def test_a_home_without_run_records_says_what_to_do(run_services: Services) -> None:
    empty = replace(run_services, runs=RunStore(run_services.settings))
    assert "stillwater init" in run_page(empty).problem


def test_marks_change_with_records_journals_and_the_worker(run_services: Services) -> None:
    settings = run_services.settings
    run = RUNS[run_id("retrain", 8)]
    settings.journals.mkdir(parents=True)
    drawn = marks(run_services, [run.run_id])
    assert not changed(run_services, drawn)
    (settings.journals / f"{run.run_id}.jsonl").write_text("{}\n")
    assert changed(run_services, drawn)
    drawn = marks(run_services, [run.run_id])
    settings.runs.write_text("")
    assert changed(run_services, drawn)
    drawn = marks(run_services, [run.run_id])
    assert changed(services_with(run_services, run, alive=False), drawn)


def test_marks_look_at_runs_only(run_services: Services) -> None:
    """What a browser sends as a run is no way to ask about other files."""
    asked_for = ["../../secret", "/etc/passwd", run_id("score", 1), *[run_id("score", 1)] * 500]
    assert set(marks(run_services, asked_for)["ids"]) == {run_id("score", 1)}
    assert len(marks(run_services, asked_for)["ids"]) <= PAGE_SIZE


def test_a_journal_that_was_not_looked_at_is_looked_at_next_time(run_services: Services) -> None:
    running = RUNS[run_id("retrain", 8)]
    first = drawn_marks(marks(run_services, []), [running])
    assert changed(run_services, first)
    second = drawn_marks(marks(run_services, first["ids"]), [running])
    assert not changed(run_services, second)
    assert drawn_marks(second, [RUNS[run_id("score", 1)]])["ids"] == []


@pytest.mark.parametrize(
    ("state", "shown"),
    [("CRASHED", "STOPPED"), ("FAILED", "FAILED"), ("CANCELLED", "CANCELED"), ("RUNNING",) * 2],
)
def test_a_step_that_was_at_work_when_its_run_ended_is_not_running(
    run_services: Services, state: str, shown: str
) -> None:
    run = sample_run("ingest", state, steps=(Step("ExampleGen", "RUNNING"), Step("Clean")))
    steps = run_detail(services_with(run_services, run), run.run_id).run.steps
    assert [step.state for step in steps] == [shown, "PENDING"]


def test_a_retry_shows_the_steps_that_it_reuses(run_services: Services) -> None:
    pending = ["PENDING"] * 5
    first = RUNS[run_id("retrain", 6)]
    second = sample_run(
        "retrain", "FAILED", 11, retry_of=first.run_id, steps=training_steps(*pending)
    )
    third = sample_run(
        "retrain", "QUEUED", 12, retry_of=second.run_id, steps=training_steps(*pending)
    )
    services = services_with(run_services, third, second, first)
    steps = run_detail(services, third.run_id).run.steps
    assert [step.state for step in steps] == ["CACHED", *["PENDING"] * 4]
    gone = services_with(run_services, third)
    assert run_detail(gone, third.run_id).run.steps == third.steps


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (("retrain", 8), ("FD001", "Trainer · fold 3 of 5")),
        (("retrain", 6), ("FD001", "at Trainer")),
        (("retrain", 4), ("FD001", "fd001-7c1e22aa is live")),
        (("ingest", 3), (FILES, "1 accepted, 1 rejected · 20,629 rows")),
        (("report", 2), ("FD001/test-007@31 failure", "")),
        (("score", 1), ("FD001", "100 predictions")),
    ],
)
def test_subject_and_outcome_in_words(number: tuple[str, int], words: tuple[str, str]) -> None:
    run = RUNS[run_id(*number)]
    assert (subject(run), outcome(run)) == words


def test_a_model_that_was_not_published_says_why() -> None:
    result = {"pushed": False, "blessed": False, "reasons": ["too_few_failures"], "model_id": None}
    run = sample_run("retrain", "SUCCEEDED", result=result)
    assert outcome(run) == "not published: too few failures"


def test_what_was_asked_for_in_words() -> None:
    assert asked(RUNS[run_id("retrain", 4)]) == "from silver/readings v3, rounds 300"
    plain = sample_run("retrain", "QUEUED", request={"fleet": "F", "silver_version": 1})
    assert asked(plain) == "from silver/readings v1, default parameters"
    named = {"paths": ["/x/a.csv"], "fleet": "F", "kind": "in_service"}
    assert asked(sample_run("ingest", "QUEUED", request=named)) == "as F, in service"
    assert asked(RUNS[run_id("report", 2)]) == "“fan blade”"
    fetched = sample_run("ingest", "QUEUED", request={"fetch": "fd001", "paths": []})
    assert subject(fetched) == "FD001 from NASA"


def test_durations_are_never_negative_and_absent_while_queued() -> None:
    assert duration(RUNS[run_id("retrain", 9)]) is None
    assert duration(RUNS[run_id("retrain", 4)]) == 74
    run = RUNS[run_id("retrain", 4)]
    assert duration(replace(run, finished=run.queued)) == 0


def test_a_failed_run_says_what_failed_what_holds_and_what_to_do() -> None:
    told = trouble(RUNS[run_id("retrain", 6)], Around(live_model="fd001-1"))
    assert told is not None
    assert told.what == "Trainer failed."
    assert "no space left" in told.detail
    assert told.since is not None
    assert told.holds == "What Transform wrote is kept. fd001-1 stays live."
    assert "Retry starts again at Trainer" in told.todo


def test_a_crashed_run_says_that_it_goes_on_by_itself() -> None:
    steps = training_steps("COMPLETE", "STOPPED", "PENDING", "PENDING", "PENDING")
    told = trouble(replace(RUNS[run_id("retrain", 7)], steps=steps), Around(alive=False))
    assert told is not None
    assert told.what == "The worker stopped during Trainer. The run is not lost."
    assert "stillwater worker" in told.todo
    assert "goes on by itself at Trainer" in told.todo


def test_a_queued_run_says_what_it_waits_for() -> None:
    queued = RUNS[run_id("retrain", 9)]
    assert trouble(queued, Around()) is None
    behind, alone = trouble(queued, Around(ahead=2)), trouble(queued, Around(alive=False))
    assert behind is not None
    assert behind.what == "Waits for 2 earlier runs."
    assert alone is not None
    assert "stillwater worker" in alone.todo


def test_only_earlier_runs_of_the_same_kind_are_waited_for(run_services: Services) -> None:
    queued = sample_run("retrain", "QUEUED", 3, queued=START + timedelta(seconds=9))
    later = sample_run("retrain", "QUEUED", 4, queued=START + timedelta(seconds=10))
    others = (sample_run("retrain", "RUNNING", 2), sample_run("ingest", "RUNNING", 1), later)
    told = run_detail(services_with(run_services, queued, *others), queued.run_id).trouble
    assert told is not None
    assert told.what == "Waits for 1 earlier run."


def test_a_run_that_fails_before_its_first_step_still_has_words() -> None:
    run = sample_run("ingest", "FAILED", error="SourceError: nothing to ingest")
    told = trouble(run, Around())
    assert told is not None
    assert (told.what, stopped_at(run)) == ("The run failed.", "")
    assert told.holds.startswith("No step had finished")
    assert outcome(run) == "SourceError: nothing to ingest"


def test_looking_at_marks_does_not_open_the_run_records(
    run_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred tabs ask every two seconds: a look is a few file times."""
    real = replace(run_services, runs=RunStore(run_services.settings))
    monkeypatch.setattr(RunStore, "client", property(lambda _: pytest.fail("opened")))
    drawn = marks(real, [run_id("score", 1)])
    assert not changed(real, drawn)
    run_services.settings.heartbeat.parent.mkdir(parents=True, exist_ok=True)
    run_services.settings.heartbeat.touch()
    assert changed(real, drawn)
    os.utime(run_services.settings.heartbeat, (0, 0))
    assert not changed(real, drawn)


@pytest.mark.parametrize(
    ("kind", "request_", "result", "about", "came_of_it"),
    [
        ("review", {"decision": "accept", "delivery_id": "d-1", "reason": "seen"},
         {"delivery": {"fleet": "FD001", "before": "blocked", "after": "accepted"}},
         "accept d-1", "blocked → accepted"),
        ("schema", {"decision": "reject", "schema_id": "s-1", "reason": "seen"},
         {"schema": {"schema_id": "s-1", "fleet": "FD001", "after": "rejected"}},
         "reject s-1", "rejected"),
        ("limit", {"fleet": "FD001", "sensor": "sensor_2", "regime": "0/0/100", "reason": "hot"},
         {"limit_id": "l-1", "fleet": "FD001"}, "FD001/sensor_2 at 0/0/100", "set as l-1"),
        ("correct", {"action": "correct", "fleet": "FD001", "engine": "e-1", "cycle": 3,
                     "until": None, "changes": {"sensor_2": {}}, "reason": "swapped"},
         {"correction": {"correction_id": "c-1"}}, "FD001/e-1@3 sensor_2", "said as c-1"),
        ("correct", {"action": "withdraw", "fleet": "FD001", "engine": "e-1", "cycle": 3,
                     "until": 5, "reason": "bench"},
         {"correction": {"correction_id": "c-2"}}, "FD001/e-1@3-5 withdrawn", "said as c-2"),
        ("promote", {"fleet": "FD001", "model_id": "fd001-7c", "replaces": None, "reason": "why"},
         {"promoted": {"model_id": "fd001-7c"}}, "fd001-7c", "fd001-7c is live"),
        ("promote", {"fleet": "FD001", "model_id": "fd001-7c", "roll_back": True, "reason": "why"},
         {"promoted": {"model_id": "fd001-7c"}}, "FD001 back to fd001-7c", "fd001-7c is live"),
        ("correct", {"action": "retract", "fleet": "FD001", "engine": "e-1", "retracts": "c-2",
                     "reason": "no"},
         {"correction": {"correction_id": "c-3"}}, "FD001/e-1: take c-2 back", "said as c-3"),
    ],
)  # fmt: skip
def test_decisions_on_data_are_told_in_words(
    kind: str, request_: dict[str, Any], result: dict[str, Any], about: str, came_of_it: str
) -> None:
    run = replace(sample_runs()[0], kind=kind, request=request_, result=result, state="SUCCEEDED")
    assert subject(run) == about
    assert outcome(run) == came_of_it
    assert asked(run) == f"“{request_['reason']}”"
    assert fleet_of(run) == "FD001"


@pytest.mark.parametrize(
    ("kind", "request_", "result", "about", "came_of_it"),
    [
        ("restore", {"table": "silver/readings", "version": 4, "reason": "bench"},
         {"restored": {"engines": 2, "deliveries": {"d-1": "withdrawn"}}},
         "silver/readings@4", "2 engines changed, 1 deliveries decided anew"),
        ("maintain", {"days": 30, "log_days": None, "guard": True},
         {"tables": [{"files_deleted": 3}, {"files_deleted": 4}], "kept": [{}], "lost": []},
         "versions replaced 30 days ago", "7 files let go, 1 versions kept for models"),
        ("maintain", {"days": 0}, {"tables": [], "lost": [{}]},
         "versions replaced 0 days ago", "0 files let go, 1 proofs lost"),
        ("verify", {"deep": False}, {"ok": True, "count": 0}, "everything", "whole"),
        ("verify", {"deep": True}, {"ok": False, "count": 2}, "everything, to the row",
         "▲ 2 findings"),
    ],
)  # fmt: skip
def test_what_is_done_to_tables_is_told_in_words(
    kind: str, request_: dict[str, Any], result: dict[str, Any], about: str, came_of_it: str
) -> None:
    run = replace(sample_runs()[0], kind=kind, request=request_, result=result, state="SUCCEEDED")
    assert (subject(run), outcome(run)) == (about, came_of_it)
    assert not fleet_of(run)
