"""The worker: killed anywhere, a run ends as if nothing had happened."""

import shutil
import signal
from pathlib import Path

import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.lock import LockedError
from lakehouse.requests import RetrainRequest, ScoreRequest
from lakehouse.runs import RunStore
from lakehouse.serving import live
from lakehouse.settings import Settings
from pipeline.sources.simulator import simulate
from pipeline.worker import worker
from tests.pipeline.command import FAST, document, stillwater
from tests.pipeline.oracle import assert_same_tables, assert_sound, steps, tables

TAKEN_IN = ("ExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator")
INGEST = (*TAKEN_IN, "Clean", "BulkInferrer")
RETRAIN = ("Transform", "Trainer", "Evaluator", "Pusher", "BulkInferrer")
# Every moment of the step protocol at which something may be half done.
INGEST_POINTS = [
    *(f"{node}.after_record" for node in INGEST),
    "ExampleGen.before",
    "ExampleGen.after_commit",
    "SchemaGen.after_commit",
    "Clean.after_commit",
    "BulkInferrer.after_commit",
]
TRAINING_POINTS = ["Transform.after_commit", "publish.before_rename", "Trainer.after_record"]
PUSHING_POINTS = ["Pusher.before", "Pusher.after_record", "BulkInferrer.after_commit"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Files of a small simulated fleet: history, in service, truth."""
    folder = tmp_path_factory.mktemp("files")
    return [delivered.source for delivered in simulate(folder, 30)]


def ingest(home: Path, files: list[str], failpoint: str | None = None) -> int:
    """Ingest the history; returns the exit code."""
    words = ("ingest", files[0], "--fleet", "SIM", "--kind", "history")
    return stillwater(home, *words, failpoint=failpoint).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, files: list[str]) -> Path:
    """A home in which nothing went wrong."""
    home = tmp_path_factory.mktemp("undisturbed")
    assert ingest(home, files) == 0
    return home


def live_model(home: Path) -> str | None:
    served = live(home / "serving", "SIM")
    return None if served is None else served.model_id


def resume(home: Path) -> str:
    """Start a worker again until the interrupted run has ended; returns the run."""
    interrupted = document(home, "runs")[0]
    assert interrupted["state"] in ("CRASHED", "RUNNING")
    done = stillwater(home, "run", "wait", interrupted["run_id"])
    assert done.returncode == 0, done.stderr[-2000:]
    return str(interrupted["run_id"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, undisturbed: Path) -> Path:
    """A copy of the undisturbed home with a model."""
    home = tmp_path_factory.mktemp("trained") / "var"
    shutil.copytree(undisturbed, home)
    assert document(home, "retrain", *FAST)["pushed"]
    return home


@pytest.mark.fault
@pytest.mark.parametrize("point", INGEST_POINTS)
def test_an_ingest_killed_anywhere_ends_as_if_undisturbed(
    tmp_path: Path, files: list[str], undisturbed: Path, point: str
) -> None:
    """Same tables, one execution a step, nothing doubled."""
    home = tmp_path / "var"
    assert ingest(home, files, failpoint=f"{point}:kill") == -signal.SIGKILL
    run_id = resume(home)
    assert_same_tables(home, undisturbed)
    assert_sound(home)
    assert steps(home, run_id) == [(node, "COMPLETE") for node in INGEST]


@pytest.fixture(scope="module")
def unpushed(tmp_path_factory: pytest.TempPathFactory, undisturbed: Path) -> Path:
    """A copy of the undisturbed home whose retrain failed once the model was judged."""
    home = tmp_path_factory.mktemp("unpushed") / "var"
    shutil.copytree(undisturbed, home)
    assert stillwater(home, "retrain", *FAST, failpoint="Pusher.before:raise").returncode == 5
    return home


def killed_and_resumed(home: Path, point: str, trained: Path) -> list[tuple[str, str]]:
    """The steps of a retrain that was killed, and ended as that of ``trained`` all the same."""
    done = stillwater(home, "retrain", *FAST, failpoint=f"{point}:kill")
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    run_id = resume(home)
    assert_same_tables(home, trained)
    assert_sound(home)
    assert live_model(home) == live_model(trained)
    return steps(home, run_id)


@pytest.mark.fault
@pytest.mark.parametrize("point", PUSHING_POINTS)
def test_a_push_killed_anywhere_ends_as_if_undisturbed(
    tmp_path: Path, unpushed: Path, trained: Path, point: str
) -> None:
    """The same for what follows the training, which is there already."""
    home = Path(shutil.copytree(unpushed, tmp_path / "var"))
    known = dict.fromkeys(("Transform", "Trainer"), "CACHED")
    expected = [(node, known.get(node, "COMPLETE")) for node in RETRAIN]
    assert killed_and_resumed(home, point, trained) == expected


@pytest.mark.fault
@pytest.mark.parametrize("point", TRAINING_POINTS)
def test_a_retrain_killed_anywhere_ends_as_if_undisturbed(
    tmp_path: Path, undisturbed: Path, trained: Path, point: str
) -> None:
    """Same tables, the same model live, one execution a step."""
    home = Path(shutil.copytree(undisturbed, tmp_path / "var"))
    expected = [(node, "COMPLETE") for node in RETRAIN]
    assert killed_and_resumed(home, point, trained) == expected


def test_a_step_that_fails_is_recorded_and_can_be_retried(
    tmp_path: Path, files: list[str], undisturbed: Path
) -> None:
    """The run says why; its retry goes on at the failed step and ends like any other."""
    home = tmp_path / "var"
    assert ingest(home, files, failpoint="Clean.after_commit:raise") == 5
    failed = document(home, "runs")[0]
    assert failed["state"] == "FAILED"
    assert "Clean.after_commit" in failed["error"]
    done = [(node, "COMPLETE") for node in TAKEN_IN]
    assert steps(home, failed["run_id"]) == [*done, ("Clean", "FAILED")]
    again = document(home, "run", "retry", failed["run_id"])
    assert again["state"] == "SUCCEEDED"
    assert dict(steps(home, again["run_id"])) == {
        **dict.fromkeys(TAKEN_IN, "CACHED"),
        "Clean": "COMPLETE",
        "BulkInferrer": "COMPLETE",
    }
    assert_same_tables(home, undisturbed)


def test_unchanged_inputs_are_cached(trained: Path, tmp_path: Path) -> None:
    """The second retrain does nothing again and keeps the live model."""
    home = tmp_path / "var"
    shutil.copytree(trained, home)
    again = document(home, "retrain", *FAST)
    states = {step["node"]: step["state"] for step in again["steps"]}
    assert states["Transform"] == states["Trainer"] == "CACHED"
    assert (again["blessed"], again["pushed"]) == (False, False)
    assert "already_live" in again["reasons"][0]
    assert again["model_id"] == live_model(home)


def test_two_equal_retrains_at_once_are_one_run(undisturbed: Path, tmp_path: Path) -> None:
    """The second request answers with the run that is queued."""
    home = tmp_path / "var"
    shutil.copytree(undisturbed, home)
    store = RunStore(Settings.load(home=home))
    request = RetrainRequest(fleet="SIM", silver_version=1)
    first, second = store.submit(request, "a"), store.submit(request, "b")
    other = store.submit(
        RetrainRequest(fleet="SIM", parameters={"seed": "3"}, silver_version=1), "a"
    )
    assert (first.created, second.created) == (True, False)
    assert first.run_id == second.run_id != other.run_id
    store.cancel(first.run_id)
    assert store.run(first.run_id).state == "CANCELLED"
    assert store.submit(request, "a").created


def test_a_running_retrain_is_cancelled(undisturbed: Path, tmp_path: Path) -> None:
    """It ends soon, publishes nothing, and the next run works."""
    home = tmp_path / "var"
    shutil.copytree(undisturbed, home)
    settings = Settings.load(home=home)
    store = RunStore(settings)
    with worker(settings):
        request = RetrainRequest(fleet="SIM", parameters={"rounds": "2000"}, silver_version=1)
        run_id = store.submit(request, "me").run_id
        while store.run(run_id).steps[1].state != "RUNNING":
            assert store.wait(run_id, 0.05).state in ("QUEUED", "RUNNING")
        store.cancel(run_id)
        assert store.wait(run_id, 60).state == "CANCELLED"
        assert live(settings.serving, "SIM") is None
        again = store.submit(ScoreRequest(fleet="SIM"), "me")
        assert store.wait(again.run_id, 60).state == "SUCCEEDED"


def test_two_workers_never_write_at_once(undisturbed: Path, tmp_path: Path) -> None:
    """The second is refused while the first holds the home."""
    home = tmp_path / "var"
    shutil.copytree(undisturbed, home)
    settings = Settings.load(home=home)
    with worker(settings), pytest.raises(LockedError), worker(settings):
        pass


def one_flight(folder: Path, lines: list[str]) -> str:
    """A file with a few lines of another one."""
    file = folder / f"late{len(lines)}.txt"
    file.write_text("".join(f"{line}\n" for line in lines))
    return str(file)


def test_the_first_flight_of_a_new_engine_is_scored(
    trained: Path, files: list[str], tmp_path: Path
) -> None:
    """One cycle has nothing to backfill; the ingest succeeds and a window is issued."""
    home = tmp_path / "var"
    shutil.copytree(trained, home)
    first = Path(files[1]).read_text().splitlines()[0].split()
    file = one_flight(tmp_path, [" ".join(["77", "1", *first[2:]])])
    told = document(home, "ingest", file, "--fleet", "SIM", "--kind", "in_service")
    assert told["state"] == "SUCCEEDED"
    assert document(home, "engine", "SIM/test-077")["prediction"]["window"]["from"] >= 1


def test_a_model_that_was_judged_against_another_live_one_is_not_pushed(
    unpushed: Path, tmp_path: Path
) -> None:
    """The retry of an old push does not put a model over one that went live since."""
    home = tmp_path / "var"
    shutil.copytree(unpushed, home)
    old = document(home, "runs")[0]["run_id"]
    assert document(home, "retrain", *FAST, "--set", "seed=5")["pushed"]
    served = live_model(home)
    assert document(home, "run", "retry", old)["pushed"] is False
    assert live_model(home) == served


def test_the_same_file_of_a_failed_run_and_of_a_later_one_stands_once(
    tmp_path: Path, files: list[str], undisturbed: Path
) -> None:
    """The retry of the failed run finds that its delivery is a duplicate now."""
    home = tmp_path / "var"
    assert ingest(home, files, failpoint="Clean.before:raise") == 5
    failed = document(home, "runs")[0]["run_id"]
    assert ingest(home, files) == 0
    document(home, "run", "retry", failed)
    lake = Lake(home / "lake", LocalEngine())
    states = lake.scan("bronze/deliveries").collect("polars").to_native()["state"]
    assert sorted(states) == ["accepted", "duplicate"]
    mine, theirs = tables(home)["silver/readings"], tables(undisturbed)["silver/readings"]
    assert mine.equals(theirs)


def test_two_runs_interrupted_and_resumed_issue_every_prediction_once(
    trained: Path, files: list[str], tmp_path: Path
) -> None:
    """The run that held the publish lock gets it back before any other."""
    home = tmp_path / "var"
    shutil.copytree(trained, home)
    words = ("ingest", files[1], "--fleet", "SIM", "--kind", "in_service")
    killed = stillwater(home, *words, failpoint="BulkInferrer.after_commit:kill")
    assert killed.returncode == -signal.SIGKILL
    settings = Settings.load(home=home)
    runs = RunStore(settings)
    other = runs.submit(ScoreRequest(fleet="SIM"), "me").run_id
    with worker(settings):
        assert runs.wait(other, 60).state == "SUCCEEDED"
        while active := runs.active():
            runs.wait(active[0].run_id, 60)
    said = Lake(home / "lake", LocalEngine()).scan("gold/predictions").collect("polars").to_native()
    assert said.height > 0
    assert said.select("fleet", "engine", "cycle", "model_id", "input_digest").is_unique().all()
