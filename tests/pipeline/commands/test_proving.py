"""`stillwater prove`: every link of a prediction resolves, and each planted fault turns one red."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lakehouse.commits import DataFile, DeltaLog
from pipeline.sources.simulator import simulate
from tests.pipeline.command import document, quick

SILVER, FEATURES = "silver/readings", "gold/features"
ENGINES = 210
CYCLES = 4
Planted = tuple[str, str]


@pytest.fixture(scope="module")
def said_home(fleet_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with some hundred issued predictions: young engines came after the training."""
    folder = tmp_path_factory.mktemp("said")
    home = Path(shutil.copytree(fleet_home, folder / "var"))
    flights: dict[str, list[str]] = {}
    for row in Path(simulate(folder, 30)[0].source).read_text().splitlines():
        flights.setdefault(row.split()[0], []).append(row.split(maxsplit=1)[1])
    lives = list(flights.values())
    rows = [
        f"{1000 + number} {row}"
        for number in range(ENGINES)
        for row in lives[number % len(lives)][:CYCLES]
    ]
    file = folder / "young.txt"
    file.write_text("\n".join(rows) + "\n")
    document(home, "ingest", str(file), "--fleet", "F", "--kind", "in_service")
    return home


@pytest.fixture
def home(said_home: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(said_home, tmp_path / "var"))


NAME = "F/test-1007@4"


def links(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {link["name"]: link for link in told["links"]}


def red(told: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(k["name"], k["where"]) for k in told["links"] if k["verdict"] == "red"]


def flip(home: Path, file: Path) -> str:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return file.relative_to(home).as_posix()


def data_file(home: Path, table: str, version: int | None = None) -> Path:
    """A file that the commit of a version added; by default of the newest that added one."""
    log = DeltaLog(home / "lake" / table)
    commits = [c for c in log.commits() if c.added and version in (None, c.version)]
    return log.path / commits[-1].added[0].file.file


def published(home: Path, pattern: str) -> Path:
    return sorted((home / "artifacts").glob(pattern))[-1]


def flipped(link: str, find: Callable[[Path], Path]) -> Callable[[Path], Planted]:
    """One byte of one file."""
    return lambda home: (link, flip(home, find(home)))


def rewritten(table: str, column: str) -> Callable[[Path], Planted]:
    """The book-keeping says otherwise: of its own files no hash is kept, but of its rows."""

    def plant(home: Path) -> Planted:
        file = data_file(home, table)
        rows = pl.read_parquet(file)
        changed = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("{}")).otherwise(column)
        rows.with_columns(changed.alias(column)).write_parquet(file)
        return "books", file.relative_to(home).as_posix()

    return plant


def changed_blessing(home: Path) -> Planted:
    file = published(home, "Evaluator/*.blessing/BLESSED")
    file.write_text(" ")
    return "evaluation", file.relative_to(home).as_posix()


def changed_pointer(home: Path) -> Planted:
    file = home / "serving/F/live.json"
    file.write_text(file.read_text().replace('"model_id": "f-', '"model_id": "g-'))
    return "served", "serving/F/live.json"


def redated_pointer(home: Path) -> Planted:
    """It names the model, but says that it went live on another day."""
    file = home / "serving/F/live.json"
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"since": "2020-01-01T00:00:00Z"}))
    return "served", "serving/F/live.json"


def changed_entry(home: Path) -> Planted:
    file = home / "audit/audit.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], lines[1].replace("ingest", "nothin"), *lines[2:]]))
    return "audit", "audit/audit.jsonl#2"


def changed_commit(home: Path) -> Planted:
    log = DeltaLog(home / "lake" / SILVER)
    version = max(log.commit_files())
    file = log.commit_files()[version]
    text = file.read_text()
    file.write_text(text.replace('row_count\\": ', 'row_count\\": 1'))
    assert file.read_text() != text
    return "silver", f"{SILVER}@{version}"


def missing_file(home: Path) -> Planted:
    file = data_file(home, SILVER)
    file.unlink()
    return "silver", file.relative_to(home).as_posix()


def forged(link: str, pattern: str, kind: str, change: str) -> Callable[[Path], Planted]:
    """ML Metadata says otherwise than what was published."""

    def plant(home: Path) -> Planted:
        with closing(sqlite3.connect(home / "metadata.sqlite")) as store, store:
            mine = "SELECT a.id FROM Artifact a JOIN Type t ON a.type_id = t.id WHERE t.name = ?"
            update = f"UPDATE ArtifactProperty SET {change} AND artifact_id IN ({mine})"  # noqa: S608  ours
            done = store.execute(update, (kind,))
            assert done.rowcount
        return link, published(home, pattern).relative_to(home).as_posix()

    return plant


def another_asker(home: Path) -> Planted:
    """Run records and ML Metadata agree on another person; only the audit log does not."""
    told: dict[str, Any] = links(document(home, "prove", NAME))["launched"]
    run_id = next(p["about"]["run"] for p in told["parts"] if p["label"] == "training")
    with closing(sqlite3.connect(home / "runs.sqlite")) as store, store:
        update = "UPDATE workflow_status SET authenticated_user = 'mallory' WHERE workflow_uuid = ?"
        assert store.execute(update, (run_id,)).rowcount == 1
    with closing(sqlite3.connect(home / "metadata.sqlite")) as store, store:
        update = (
            "UPDATE ExecutionProperty SET string_value = 'mallory' WHERE name = 'who'"
            " AND execution_id IN (SELECT id FROM Execution WHERE name LIKE ? || '.%')"
        )
        assert store.execute(update, (run_id,)).rowcount
    return "launched", f"run {run_id}"


FAULTS: dict[str, Callable[[Path], Planted]] = {
    "predictions": flipped("prediction", lambda home: data_file(home, "gold/predictions")),
    "silver": flipped("silver", lambda home: data_file(home, SILVER)),
    # The model learned from it too: red once, at the first link that needs it.
    "silver that taught": flipped("silver", lambda home: data_file(home, SILVER, 1)),
    "features": flipped("features", lambda home: data_file(home, FEATURES)),
    "bronze": flipped("bronze", lambda home: data_file(home, "bronze/readings")),
    "deliveries": flipped("delivery", lambda home: data_file(home, "bronze/deliveries")),
    "failures": flipped("training", lambda home: data_file(home, "bronze/failures")),
    "schemas": flipped("schema", lambda home: data_file(home, "quality/schemas")),
    "hashes": rewritten("ops/files", "sha256"),
    "older hashes": flipped("books", lambda home: data_file(home, "ops/files", 1)),
    "snapshots": rewritten("ops/snapshots", "live"),
    "schema": flipped("schema", lambda home: published(home, "SchemaGen/*/schema.pbtxt")),
    "graph": flipped("code", lambda home: published(home, "Transform/t-*/transform_graph.json")),
    "model": flipped("model", lambda home: published(home, "Trainer/f-*/*.ubj")),
    "manifest": flipped(
        "model", lambda home: published(home, "Trainer/f-*/*.ubj").with_name("MANIFEST.json")
    ),
    "learnt": flipped("training", lambda home: published(home, "Trainer/*/out_of_fold.parquet")),
    "metrics": flipped("evaluation", lambda home: published(home, "Evaluator/*/metrics.json")),
    "push": flipped("promoted", lambda home: published(home, "Pusher/*/pushed.json")),
    "blessing": changed_blessing,
    "verdict": forged(
        "evaluation",
        "Evaluator/*.blessing",
        "ModelBlessing",
        "int_value = 0 WHERE name = 'blessed'",
    ),
    "reasons": forged(
        "evaluation",
        "Evaluator/*.blessing/BLESSED",
        "ModelBlessing",
        """string_value = '["bribed"]' WHERE name = 'reasons'""",
    ),
    "parameters": forged(
        "training",
        "Trainer/f-*/model.json",
        "Model",
        "string_value = replace(string_value, '0.9', '0.8') WHERE name = 'parameters'",
    ),
    "taught by": lambda home: (
        forged("training", "Trainer/f-*", "Model", "int_value = 0 WHERE name = 'silver_version'")(
            home
        )[0],
        f"{SILVER}@0",
    ),
    "promotion": forged(
        "promoted",
        "Pusher/*/promotion.json",
        "PushedModel",
        "string_value = 'bribed' WHERE name = 'reason'",
    ),
    "asker": another_asker,
    "pointer": changed_pointer,
    "redated pointer": redated_pointer,
    "audit": changed_entry,
    "commit": changed_commit,
    "missing": missing_file,
}


def test_every_link_of_two_hundred_predictions_is_green(said_home: Path) -> None:
    """Drawn at random; the same seed draws the same."""
    told = document(said_home, "prove", "--sample", "200", "--seed", "7")
    assert (told["sample"], told["verdict"], told["findings"]) == (200, "green", [])
    assert told["green"] == 200 < told["of"]
    for proof in told["proofs"]:
        assert {link["verdict"] for link in proof["links"]} == {"green"}
    again = document(said_home, "prove", "--sample", "3", "--seed", "7")
    assert again == document(said_home, "prove", "--sample", "3", "--seed", "7")
    assert again["proofs"] != document(said_home, "prove", "--sample", "3", "--seed", "8")["proofs"]


def test_one_proof_says_where_everything_came_from(said_home: Path) -> None:
    """From the rows to when it served, in order, every part with what its address is made of."""
    told = document(said_home, "prove", NAME)
    assert [link["name"] for link in told["links"]] == [
        "prediction", "rows", "silver", "features", "bronze", "delivery", "schema", "validation",
        "code", "training", "model", "evaluation", "launched", "promoted", "served", "books",
        "audit",
    ]  # fmt: skip
    model = document(said_home, "models")[0]
    found = {link["name"]: {p["label"]: p for p in link["parts"]} for link in told["links"]}
    assert found["model"]["sha256"]["value"] == model["sha256"]
    assert found["model"]["model"]["about"] == {"model": model["model_id"]}
    assert found["training"]["data"]["about"]["version"] == model["train_version"]
    assert found["training"]["seed"]["value"] == "0"
    (file,) = said_home.glob("artifacts/Trainer/*/out_of_fold.parquet")
    engines = pl.read_parquet(file).select("engine", "fold").unique()
    split = f"{engines.height} whole engines in {engines['fold'].n_unique()} folds"
    assert found["training"]["split"]["value"] == split
    assert found["delivery"]["file"]["value"] == "young.txt"
    assert found["rows"]["flights"]["value"] == "4, cycles 1–4"
    assert found["evaluation"]["verdict"]["value"] == "blessed"
    assert found["served"]["to"]["value"] == "now"
    assert "Engine test-1007 of F is predicted to" in told["sentence"]


@pytest.mark.parametrize("plant", FAULTS.values(), ids=list(FAULTS))
def test_each_fault_turns_exactly_its_link_red(
    home: Path, plant: Callable[[Path], Planted]
) -> None:
    """And it names the place: exit code 3."""
    name, where = plant(home)
    told = document(home, "prove", NAME, code=3)
    assert [link for link, _ in red(told)] == [name], told
    assert where in red(told)[0][1]
    sample = document(home, "prove", "--sample", "2", code=3)
    assert sample["verdict"] == "red"
    assert where in {place for each in sample["findings"] for place in each["where"]}


def test_a_model_stands_on_what_is_red_above(home: Path) -> None:
    """What the same file is needed for further down is not red again, and not green either."""
    _, where = FAULTS["silver that taught"](home)
    told = links(document(home, "prove", NAME, code=3))
    assert told["training"]["verdict"] == "unchecked"
    assert f"{where} is red at Cleaned rows" in told["training"]["reason"]
    assert told["rows"]["verdict"] == "green"


def test_rows_are_found_again_after_their_versions_went(home: Path) -> None:
    """Maintenance let silver go: that link cannot be checked, the rows still follow from bronze."""
    engine = "F/test-1007"
    row = document(home, "prove", NAME)["prediction"]
    sensor = "sensor_2=642.5"
    document(home, "correct", f"{engine}@2", sensor, "--reason", "the probe was loose")
    document(home, "maintain", "--days", "0")
    told = document(home, "prove", NAME, "--run", row["run_id"])
    found = links(told)
    assert found["silver"]["verdict"] == "unchecked"
    assert "maintenance let" in found["silver"]["reason"]
    assert found["rows"]["verdict"] == "green", found["rows"]
    assert "bronze/readings" in found["rows"]["reason"]
    assert found["model"]["verdict"] == found["training"]["verdict"] == "green"
    assert told["prediction"]["outdated_by"]
    # What was said of the corrected rows stands on them.
    newest = document(home, "prove", NAME)
    assert newest["verdict"] == "green"
    assert newest["prediction"]["run_id"] != row["run_id"]
    assert newest["prediction"]["outdated_by"] == []


def test_what_the_guard_kept_may_not_be_missing(home: Path) -> None:
    """Maintenance notes what it kept: a file of the training's version that is gone is red."""
    for cycle in (2, 3):
        place = f"F/train-001@{cycle}"
        document(home, "correct", place, "sensor_2=642.5", "--reason", "a loose probe")
    document(home, "maintain", "--days", "0")
    training = links(document(home, "prove", NAME))["training"]
    assert training["verdict"] == "green", training
    log = DeltaLog(home / "lake" / SILVER)
    assert "VACUUM" in log.commits()[-1].entry.operation
    version = int(training["parts"][0]["about"]["version"])
    newest = log.at(max(log.commit_files())).files
    lost = log.path / DataFile(min(set(log.at(version).files) - set(newest)), 0).file
    lost.unlink()
    told = links(document(home, "prove", NAME, code=3)).values()
    (red,) = [link for link in told if link["verdict"] == "red"]
    assert f"{lost.name}: it is missing" in red["reason"]


def test_what_is_withdrawn_since_is_still_what_was_used(home: Path) -> None:
    """A delivery that a person took out brought the rows all the same."""
    delivery = links(document(home, "prove", NAME))["delivery"]["parts"][0]["about"]["delivery"]
    document(home, "review", delivery, "quarantine", "--reason", "the wrong fleet")
    document(home, "maintain", "--days", "0")
    found = links(document(home, "prove", NAME))
    assert found["rows"]["verdict"] == "green", found["rows"]
    assert found["delivery"]["verdict"] == "green"


def test_what_is_asked_wrongly_is_said(said_home: Path, tmp_path: Path) -> None:
    """Wrong usage: exit code 2, and what to do."""
    assert quick(said_home, "prove").exit_code == 2
    assert quick(said_home, "prove", NAME, "--sample", "3").exit_code == 2
    assert quick(said_home, "prove", "F/test-1007").exit_code == 2
    never = quick(said_home, "prove", "F/test-1007@3")
    assert (never.exit_code, "nothing was issued of F/test-1007@3" in never.stderr) == (2, True)
    assert quick(tmp_path / "none", "prove", NAME).exit_code == 2


def test_a_terminal_gets_the_sentence_and_a_table(home: Path) -> None:
    """Every link with a mark and a word; what is red says why."""
    flip(home, published(home, "Trainer/f-*/*.ubj"))
    done = quick(home, "prove", NAME)
    assert done.exit_code == 3
    assert done.stdout.startswith("Engine test-1007 of F is predicted to")
    assert "✗ RED" in done.stdout
    assert "✓ green" in done.stdout
    assert "its sha256 is not the one that was published" in done.stdout
    sample = quick(home, "prove", "--sample", "2")
    assert "2 red" in sample.stdout


def test_a_proof_writes_nothing(home: Path) -> None:
    """An auditor's copy is the same afterwards."""

    def files() -> dict[str, bytes]:
        own = ("lock", "runs.sqlite")  # a database that is open writes its own beside it
        found = (f for f in home.rglob("*") if f.is_file() and not f.name.startswith(own))
        return {str(file): file.read_bytes() for file in found}

    before = files()
    document(home, "prove", "--sample", "20")
    assert files() == before
