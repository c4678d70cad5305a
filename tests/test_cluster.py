"""The product on a real Spark cluster: ingest, the Retrain button, score; and without one."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lakehouse.runs import Run, RunStore
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from tests.browsing import launched
from tests.cluster import Cluster, end_group, spark_cluster, wait_until
from tests.conftest import SHORT_LIVED
from tests.pipeline.command import stillwater
from tests.pipeline.oracle import assert_sound
from tests.pipeline.test_parity import assert_equal, rows
from tests.test_product import child_processes, free_port

# The first test waits for all that the fixture does.
pytestmark = [pytest.mark.spark, pytest.mark.timeout(2400)]
FLEET = "FD002"
# No more to learn from than the sample holds: the trees are trained by the worker, the same bytes.
PARAMETERS = {"rounds": "20", "averaged": "1", "rows": "12000", "sample": "12000"}
PASSWORD = "a long enough password"
PATIENT = 900


@dataclass(frozen=True)
class Flown:
    """What two homes went through, one on the cluster and one on the local engine.

    Attributes:
        homes: by engine.
        retrained: what either retrain said.
        runs: the cluster's three runs: ingest, retrain, score.
        applications: what the master showed while the worker was warm.
        executors: what each of the cluster's workers ran then.
        worker: the process whose session that was.
    """

    homes: dict[str, Path]
    retrained: dict[str, dict[str, Any]]
    runs: list[Run]
    applications: list[str]
    executors: list[list[dict[str, Any]]]
    worker: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers."""
    with spark_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def files(nasa: Path) -> list[str]:
    """NASA's FD002: six operating conditions, 519 engines, 87,750 flights."""
    return [str(nasa / "cmapss" / f"{kind}_{FLEET}.txt.gz") for kind in ("train", "test", "RUL")]


@pytest.fixture(scope="module")
def flown(
    tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, files: list[str], chromium: str
) -> Iterator[Flown]:
    """The same files and parameters on both engines; on the cluster, training is a button."""
    local, home = (tmp_path_factory.mktemp(name) / "var" for name in ("local", "spark"))
    settings = Settings.load(home=home, port=free_port())
    environment = on(cluster.address) | {"STILLWATER_PORT": str(settings.port)}
    assert stillwater(home, "init").returncode == 0
    added = stillwater(home, "user", "add", "ada", "--role", "engineer", stdin=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    with process(home, environment, "worker") as worker, process(home, environment, "serve"):
        # Otherwise the command would be the first to take the home, and be its own worker.
        wait_until(settings.heartbeat.is_file, cluster.logs)
        ingested = said(home, environment, "ingest", *files)
        trained = retrained_by_button(settings, chromium)
        scored = said(home, environment, "score", "--all-cycles")
        store = RunStore(settings)
        yield Flown(
            {"spark": home, "local": local},
            {"spark": dict(trained.result or {}), "local": on_this_machine(local, files)},
            [store.run(ingested["run_id"]), trained, store.run(scored["run_id"])],
            cluster.applications(),
            cluster.executors(),
            worker,
        )


def on(master: str, memory: str = "1g", **conf: str) -> dict[str, str]:
    """The environment that puts the work of a home on a cluster."""
    return {
        "STILLWATER_ENGINE": "spark",
        "STILLWATER_SPARK__MASTER": master,
        "STILLWATER_SPARK__MEMORY": "1g",
        "STILLWATER_SPARK__EXECUTOR_MEMORY": memory,
        "STILLWATER_SPARK__PARTITIONS": "2",
        "STILLWATER_SPARK__CONF": json.dumps(SHORT_LIVED | conf),
    }


def on_this_machine(home: Path, files: list[str]) -> dict[str, Any]:
    """The same work on the local engine."""
    pairs = [word for name, value in PARAMETERS.items() for word in ("--set", f"{name}={value}")]
    said(home, {}, "ingest", *files)
    trained = said(home, {}, "retrain", *pairs)
    said(home, {}, "score", "--all-cycles")
    return trained


def said(home: Path, environment: dict[str, str], *words: str, code: int = 0) -> dict[str, Any]:
    """The document of a verb that ends with ``code``."""
    done = stillwater(home, *words, "--json", environment=environment, timeout=PATIENT)
    assert done.returncode == code, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def process(
    home: Path, environment: dict[str, str], verb: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`stillwater worker` or `stillwater serve`, in a process group of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STILLWATER_")}
    running = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", verb],
        env=inherited | environment | {"STILLWATER_HOME": str(home)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        end_group(running)


def retrained_by_button(settings: Settings, chromium: str) -> Run:
    """Sign in by the form, press Retrain, wait for the run."""
    with launched(chromium) as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        sign_in(page, f"http://127.0.0.1:{settings.port}")
        page.click("#retrain-open")
        for name, value in PARAMETERS.items():
            page.fill(f"#retrain-dialog input[name={name}]", value)
        page.click("#retrain-submit")
        page.wait_for_url(re.compile(r"/runs/retrain-"))
        run = RunStore(settings).wait(page.url.rpartition("/")[2], PATIENT)
        expect(page.get_by_text("succeeded", exact=False).first).to_be_visible()
    return run


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/runs")
    page.fill("input[name=name]", "ada")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.goto(f"{address}/runs")


@pytest.mark.nasa
@pytest.mark.browser
def test_all_three_runs_succeed(flown: Flown) -> None:
    """Ingest, retrain and score; the button's run is the engineer's."""
    assert [run.state for run in flown.runs] == ["SUCCEEDED"] * 3, [r.error for r in flown.runs]
    assert [run.kind for run in flown.runs] == ["ingest", "retrain", "score"]
    assert flown.runs[1].who == "ada"
    assert dict(flown.runs[1].request)["parameters"] == PARAMETERS


@pytest.mark.nasa
@pytest.mark.browser
@pytest.mark.parametrize("table", [t for t in TABLES.values() if t.is_data], ids=lambda t: t.name)
def test_a_cluster_writes_the_tables_of_one_machine(flown: Flown, table: Any) -> None:
    """Keys, integers and texts to the letter, floats to 1e-9."""
    assert_equal(rows(flown.homes["spark"], table), rows(flown.homes["local"], table))


@pytest.mark.nasa
@pytest.mark.browser
def test_a_cluster_comes_to_the_same_model(flown: Flown) -> None:
    """The same bytes, and the same word of the gate; every table's noted hash is right."""
    local, spark = flown.retrained["local"], flown.retrained["spark"]
    for name in ("model_id", "blessed", "pushed", "reasons"):
        assert spark[name] == local[name], name
    assert spark["pushed"]
    assert_sound(flown.homes["spark"])


@pytest.mark.nasa
@pytest.mark.browser
def test_the_work_was_done_by_both_workers(flown: Flown, cluster: Cluster) -> None:
    """One warm application with executors and tasks on both; the large tables are Spark's."""
    (application,) = flown.applications
    assert [[e["appid"] for e in ran] for ran in flown.executors] == [[application]] * 2
    assert all(tasks > 10 for tasks in cluster.tasks(application)), cluster.tasks(application)
    for table in ("silver/readings", "gold/features"):
        log = flown.homes["spark"] / "lake" / table / "_delta_log"
        commits = [json.loads(line) for f in log.glob("*.json") for line in f.open()]
        writers = {c["commitInfo"].get("engineInfo", "") for c in commits if "commitInfo" in c}
        assert any(writer.startswith("Apache-Spark") for writer in writers), (table, writers)


@pytest.mark.nasa
@pytest.mark.browser
def test_nothing_of_a_worker_stays_behind(flown: Flown, cluster: Cluster) -> None:
    """With its process, its application leaves the master and its JVM ends."""
    children = child_processes(flown.worker.pid)
    assert any("java" in command(pid) for pid in children)
    flown.worker.send_signal(signal.SIGTERM)
    assert flown.worker.wait(60) == 0
    wait_until(lambda: not cluster.applications(), cluster.logs)
    wait_until(lambda: not any(command(pid) for pid in children), cluster.logs)


def command(pid: int) -> str:
    """The command line of a process, empty when there is none any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except FileNotFoundError:
        return ""


@pytest.fixture
def small_file(tmp_path: Path) -> str:
    """Two flights of one engine."""
    path = tmp_path / "test_FD909.txt"
    path.write_text("".join(f"1 {cycle} {'0.5 ' * 24}\n" for cycle in (1, 2)))
    return str(path)


def test_a_run_says_that_there_is_no_cluster(tmp_path: Path, small_file: str) -> None:
    """It fails at once, with the address and what to do."""
    document = said(tmp_path / "var", on("spark://127.0.0.1:9"), "ingest", small_file, code=5)
    assert document["state"] == "FAILED"
    assert "no Spark master listens at spark://127.0.0.1:9" in document["error"]


def test_a_run_says_that_the_cluster_has_no_room(
    tmp_path: Path, cluster: Cluster, small_file: str
) -> None:
    """Executors larger than any worker: it fails when patience is over, and lets the cluster go."""
    crowded = on(cluster.address, "3g", **{"spark.stillwater.patience": "3s"})
    document = said(tmp_path / "var", crowded, "ingest", small_file, code=5)
    assert document["state"] == "FAILED"
    assert "gave no executor for 3 s" in document["error"]
    wait_until(lambda: not cluster.applications(), cluster.logs)
