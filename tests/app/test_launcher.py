"""The one write door: who may, what makes sense, what is written down, what is submitted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from dbos import run_dbos_database_migrations
from sqlalchemy.exc import OperationalError

from app.launcher import Files, Launcher, LaunchError, LaunchUnavailableError, NewLimit
from app.security.roles import Refused
from app.services import Services
from app.uploads import UploadTooLargeError
from lakehouse.requests import (
    CorrectRequest,
    IngestRequest,
    ReportRequest,
    RetrainRequest,
    ScoreRequest,
)
from lakehouse.runs import RunStore, database_url
from lakehouse.users import User
from tests.app.sample_runs import SampleRuns, run_id

ENGINEER, OPERATOR = User("erik", "engineer"), User("olga", "operator")
FAILED, RUNNING = run_id("retrain", 6), run_id("retrain", 8)
Ask = Callable[[Launcher, User], Any]


def correction(**more: Any) -> dict[str, Any]:
    """What a form asks for: two flights withdrawn."""
    about = {"action": "withdraw", "fleet": "FD001", "engine": "test-001", "reason": "bench"}
    return about | {"cycle": 3, "until": 4} | more


ENGINEERS_ONLY: dict[str, Ask] = {
    "upload": lambda launcher, user: launcher.upload(user, "a.csv", BytesIO(b"x")),
    "ingest": lambda launcher, user: launcher.ingest(user, Files(landing=("a.csv",))),
    "fetch": lambda launcher, user: launcher.fetch_dataset(user, "fd001"),
    "retrain": lambda launcher, user: launcher.retrain(user, "FD001", {}),
    "score": lambda launcher, user: launcher.score(user, "FD001"),
    "cancel": lambda launcher, user: launcher.cancel(user, RUNNING),
    "retry": lambda launcher, user: launcher.retry(user, FAILED),
    "review": lambda launcher, user: launcher.review(user, "d-1", "accept", "seen"),
    "schema": lambda launcher, user: launcher.decide_schema(user, "s-1", "accept", "seen"),
    "correct": lambda launcher, user: launcher.correct(user, correction()),
    "restore": lambda launcher, user: launcher.restore(user, "silver/readings", 0, "seen"),
    "maintain": lambda launcher, user: launcher.maintain(user),
    "promote": lambda launcher, user: launcher.promote(user, "fd001-7c1e22aa", "seen"),
    "roll back": lambda launcher, user: launcher.roll_back(user, "FD001", "seen"),
    "limit": lambda launcher, user: launcher.set_limit(user, NewLimit("FD001", "sensor_2")),
}


@pytest.fixture
def launcher(run_services: Services) -> Launcher:
    return Launcher(run_services)


def land(services: Services, name: str, text: str = "1 1\n") -> Path:
    """A file that has been in the landing folder for a while."""
    file = services.settings.landing_folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    (file.parent / f"{name}.ok").touch()
    return file


@pytest.mark.parametrize("role", ["operator", "auditor", "", "engineer "])
@pytest.mark.parametrize("ask", ENGINEERS_ONLY.values(), ids=ENGINEERS_ONLY.keys())
def test_who_may_not_launches_nothing_and_the_refusal_is_written_down(
    run_services: Services, store: SampleRuns, ask: Ask, role: str
) -> None:
    with pytest.raises(Refused):
        ask(Launcher(run_services), User("mallory", role))
    assert not store.submitted
    assert not store.cancelled
    assert not run_services.settings.uploads.exists()
    (entry,) = run_services.audit.entries()
    assert (entry.actor, entry.outcome) == ("mallory", "refused")


def test_an_operator_may_report_a_failure_and_an_auditor_may_not(
    run_services: Services, launcher: Launcher, store: SampleRuns
) -> None:
    launcher.report_failure(OPERATOR, "FD001", "test-008", 5, "fan blade")
    request, who = store.submitted[0]
    assert isinstance(request, ReportRequest)
    assert (request.origin, request.engine, request.cycle, who) == (
        "failure", "test-008", 5, "olga",
    )  # fmt: skip
    with pytest.raises(Refused):
        launcher.report_failure(User("a", "auditor"), "FD001", "test-008", 5, "fan blade")
    assert run_services.audit.entries()[-1].outcome == "refused"


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        (("test-001", 1, "broke"), "Readings go up to cycle"),
        (("test-001", 10**30, "broke"), "Readings go up to cycle"),
        (("test-999", 100, "broke"), "no engine"),
        (("../../x", 100, "broke"), "no engine"),
        (("test-008", 5, "  "), "reason"),
        (("test-008", 5, "x" * 501), "reason"),
    ],
)
def test_a_failure_that_cannot_be_is_refused(
    launcher: Launcher, store: SampleRuns, report: tuple[str, int, str], problem: str
) -> None:
    with pytest.raises(LaunchError, match=problem):
        launcher.report_failure(ENGINEER, "FD001", *report)
    assert not store.submitted


def test_the_same_failure_is_not_reported_twice(launcher: Launcher, store: SampleRuns) -> None:
    with pytest.raises(LaunchError, match="Readings go up to") as refused:
        launcher.report_failure(ENGINEER, "FD001", "train-001", 1, "again")
    last = int(str(refused.value).split("cycle ")[1].split(":")[0])
    with pytest.raises(LaunchError, match="recorded already"):
        launcher.report_failure(ENGINEER, "FD001", "train-001", last, "again")
    assert not store.submitted


def test_an_ingest_takes_landed_files_and_uploads(
    run_services: Services, launcher: Launcher, store: SampleRuns
) -> None:
    landed = land(run_services, "train_FD003.txt")
    upload = launcher.upload(ENGINEER, "../../etc/test_FD003.txt", BytesIO(b"1 1\n"))
    launcher.ingest(ENGINEER, Files((upload.upload_id,), (landed.name,)))
    request, who = store.submitted[0]
    assert isinstance(request, IngestRequest)
    assert who == "erik"
    kept = run_services.settings.uploads / upload.upload_id
    assert request.paths == (str(kept), str(landed))
    assert kept.name == "test_FD003.txt"
    assert (request.fleet, request.kind) == (None, None)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (Files(), "at least one file"),
        (Files(landing=("absent.csv",)), "not in the landing folder"),
        (Files(landing=("../home/secret",)), "not in the landing folder"),
        (Files(landing=("link_FD001.txt",), fleet="F", kind="history"), "not in the landing"),
        (Files(landing=("folder.csv",)), "not in the landing folder"),
        (Files(landing=("new.csv",), fleet="F", kind="history"), "still being written"),
        (Files(landing=("plain.csv",)), "give both"),
        (Files(landing=("plain.csv",), fleet="F"), "give both"),
        (Files(landing=("plain.csv",), fleet="../F", kind="history"), "fleet"),
        (Files(landing=("plain.csv",), fleet="F", kind="future"), "kind"),
        (Files(uploads=("0" * 64 + "/x.csv",)), "upload the file again"),
        (Files(uploads=("../../../etc/passwd",)), "upload the file again"),
        (Files(uploads=("0" * 64 + "/../../x",)), "upload the file again"),
        (Files(uploads=("x",) * 201), "At most 200"),
    ],
)
def test_an_ingest_that_makes_no_sense_is_refused(
    run_services: Services, launcher: Launcher, store: SampleRuns, files: Files, problem: str
) -> None:
    plain = land(run_services, "plain.csv")
    (plain.parent / "new.csv").write_text("x")
    (plain.parent / "folder.csv").mkdir()
    (plain.parent / "link_FD001.txt").symlink_to(plain)
    with pytest.raises(LaunchError, match=problem):
        launcher.ingest(ENGINEER, files)
    assert not store.submitted
    assert run_services.audit.entries()[-1].outcome == "failed"


def test_an_upload_over_the_limit_leaves_nothing(
    run_services: Services, launcher: Launcher
) -> None:
    settings = run_services.settings
    small = settings.model_copy(update={"web": settings.web.model_copy(update={"upload_mb": 1})})
    with pytest.raises(UploadTooLargeError, match="1 MiB"):
        Launcher(replace(run_services, settings=small)).upload(
            ENGINEER, "big.csv", BytesIO(b"x" * (2**20 + 1))
        )
    assert [*settings.uploads.rglob("*")] == []


def test_a_retrain_carries_the_silver_version_and_what_differs_from_the_defaults(
    run_services: Services, launcher: Launcher, store: SampleRuns
) -> None:
    launcher.retrain(ENGINEER, "FD001", {"rounds": " 300", "depth": "6", "seed": "0"})
    request, _ = store.submitted[0]
    assert isinstance(request, RetrainRequest)
    assert request.parameters == {"rounds": "300"}
    assert request.silver_version == run_services.lake.version("silver/readings")


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"rounds": "1000000"}, "rounds = '1000000': expected a whole number from"),
        ({"rounds": ""}, "rounds"),
        ({"rounds": "__import__('os')"}, "rounds"),
        ({"rounds": "10; rm -rf /"}, "rounds"),
        ({"coverage": "nan"}, "coverage"),
        ({"seed": "9" * 4000}, "seed"),
        ({"--conf": "spark.master=x"}, "unknown"),
        ({"spark.executor.extraJavaOptions": "x"}, "unknown"),
    ],
)
def test_a_parameter_out_of_its_bounds_is_named_and_refused(
    launcher: Launcher, store: SampleRuns, parameters: dict[str, str], problem: str
) -> None:
    with pytest.raises(LaunchError, match=problem) as refused:
        launcher.retrain(ENGINEER, "FD001", parameters)
    assert len(str(refused.value)) <= 500
    assert not store.submitted


@pytest.mark.parametrize("fleet", ["", "FD009", "../FD001", "FD001\x00", "x" * 5000])
def test_an_unknown_fleet_is_refused_with_the_known_ones(launcher: Launcher, fleet: str) -> None:
    for ask in (launcher.score, lambda user, name: launcher.retrain(user, name, {})):
        with pytest.raises(LaunchError, match="Known: FD001, FD002"):
            ask(ENGINEER, fleet)


def test_scoring_needs_a_live_model(launcher: Launcher, store: SampleRuns) -> None:
    with pytest.raises(LaunchError, match="retrain first"):
        launcher.score(ENGINEER, "FD002")
    launcher.score(ENGINEER, "FD001")
    assert [request for request, _ in store.submitted] == [
        ScoreRequest(fleet="FD001", all_cycles=False)
    ]


def test_only_published_data_sets_are_fetched(launcher: Launcher, store: SampleRuns) -> None:
    with pytest.raises(LaunchError, match="Known: phm08"):
        launcher.fetch_dataset(ENGINEER, "http://169.254.169.254/")
    launcher.fetch_dataset(ENGINEER, "fd001")
    assert store.submitted[0][0].model_dump()["fetch"] == "fd001"


def test_every_launch_is_written_down_before_it_is_done_and_joined_with_its_run(
    run_services: Services, launcher: Launcher
) -> None:
    done = launcher.retrain(ENGINEER, "FD001", {"rounds": "300"})
    asked, queued = run_services.audit.entries()
    assert (asked.actor, asked.role, asked.action) == ("erik", "engineer", "retrain")
    assert (asked.object, asked.outcome) == ("FD001", "allowed")
    assert (queued.action, queued.object) == ("queue", done.run_id)
    assert queued.after["parameters"] == {"rounds": "300"}
    assert run_services.audit.verify().ok


@pytest.mark.parametrize("ask", ENGINEERS_ONLY.values(), ids=ENGINEERS_ONLY.keys())
def test_what_cannot_be_written_down_is_not_done(
    run_services: Services, store: SampleRuns, ask: Ask
) -> None:
    run_services.settings.audit.parent.mkdir(parents=True)
    run_services.settings.audit.write_text("no folder")
    with pytest.raises(LaunchUnavailableError, match="audit log"):
        ask(Launcher(run_services), ENGINEER)
    assert not store.submitted
    assert not store.cancelled
    assert not run_services.settings.uploads.exists()


def test_run_records_that_do_not_answer_are_said_so(run_services: Services) -> None:
    class Locked(SampleRuns):
        def submit(self, *_: Any) -> Any:
            raise OperationalError("INSERT", {}, Exception("database is locked"))

    locked = replace(run_services, runs=Locked())  # type: ignore[arg-type]
    with pytest.raises(LaunchUnavailableError, match="Try again"):
        Launcher(locked).fetch_dataset(ENGINEER, "fd001")
    assert run_services.audit.entries()[-1].outcome == "failed"


def changes(old: float | None, new: float = 1.0, column: str = "sensor_2") -> dict[str, Any]:
    asked = {"changes": {column: {"old": old, "new": new}}, "action": "correct", "until": None}
    return correction(**asked)


def test_a_correction_names_what_it_replaces_and_is_written_down(
    run_services: Services, launcher: Launcher, store: SampleRuns
) -> None:
    silver = run_services.lake.scan("silver/readings").collect("polars").to_native()
    row = silver.filter(fleet="FD001", engine="test-001", cycle=3).row(0, named=True)
    launcher.correct(ENGINEER, changes(row["sensor_2"]))
    request, who = store.submitted[0]
    assert isinstance(request, CorrectRequest)
    assert (request.changes["sensor_2"].old, who) == (row["sensor_2"], "erik")
    asked, queued = run_services.audit.entries()
    assert (asked.action, asked.object) == ("correct", "correct FD001/test-001@3 sensor_2")
    assert queued.after["changes"]["sensor_2"] == {"old": row["sensor_2"], "new": 1.0}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (changes(0.5), "now, not 0.5: somebody changed it meanwhile"),
        (changes(0.5, float("nan")), "finite"),
        (changes(0.5, column="sensor_99"), "no column 'sensor_99'"),
        (correction(cycle=5000, until=5000), "no flight FD001/test-001@5000"),
        (correction(engine="../../x"), "engine"),
        (correction(cycle=4, until=3), "no range"),
        (correction(reason=" "), "Give a reason"),
        ({"action": "retract", "fleet": "FD001", "engine": "test-001", "retracts": "c-1",
          "reason": "seen"}, "There is no correction c-1"),
        ({}, "action"),
    ],
)  # fmt: skip
def test_a_correction_that_makes_no_sense_is_refused_in_words(
    run_services: Services,
    launcher: Launcher,
    store: SampleRuns,
    asked: dict[str, Any],
    problem: str,
) -> None:
    with pytest.raises(LaunchError, match=problem):
        launcher.correct(ENGINEER, asked)
    assert not store.submitted
    assert run_services.audit.entries()[-1].outcome == "failed"


def test_only_silver_is_restored(launcher: Launcher, store: SampleRuns) -> None:
    for table, problem in (("gold/backfill", "follows from silver"), ("x/y", "no table")):
        with pytest.raises(LaunchError, match=problem):
            launcher.restore(ENGINEER, table, 1, "seen")
    with pytest.raises(LaunchError, match="Give a reason"):
        launcher.restore(ENGINEER, "silver/readings", 1, " ")
    launcher.restore(ENGINEER, "silver/readings", 1, "seen")
    assert store.submitted[0][0].model_dump()["version"] == 1


def test_cancel_and_retry_reach_the_run_and_say_why_not(
    run_services: Services, launcher: Launcher, store: SampleRuns
) -> None:
    launcher.cancel(ENGINEER, RUNNING)
    assert store.cancelled == [RUNNING]
    assert launcher.retry(ENGINEER, FAILED).startswith("retrain-")
    for ask in (launcher.cancel, launcher.retry):
        with pytest.raises(LaunchError, match="no run"):
            ask(ENGINEER, "../../etc/passwd")
    actions = [(entry.action, entry.outcome) for entry in run_services.audit.entries()]
    assert actions[:3] == [("cancel", "allowed"), ("retry", "allowed"), ("queue", "allowed")]


@pytest.fixture
def real_runs(run_services: Services) -> Services:
    """Services with real run records and no worker."""
    settings = run_services.settings
    settings.home.mkdir(parents=True, exist_ok=True)
    run_dbos_database_migrations(database_url(settings))
    return replace(run_services, runs=RunStore(settings))


def test_twenty_retrain_clicks_at_once_are_one_run(real_runs: Services) -> None:
    launcher = Launcher(real_runs)
    with ThreadPoolExecutor(8) as pool:
        clicks = [
            pool.submit(launcher.retrain, User(f"u{n}", "engineer"), "FD001", {"depth": "6"})
            for n in range(20)
        ]
        done = [click.result() for click in clicks]
    assert len({one.run_id for one in done}) == 1
    assert sum(one.created for one in done) == 1
    assert len(real_runs.runs.active()) == 1
    other = launcher.retrain(ENGINEER, "FD001", {"depth": "5"})
    assert other.created
    assert len(real_runs.runs.active()) == 2
