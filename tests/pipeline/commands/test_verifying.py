"""`stillwater verify` finds each planted fault, names it, and finds nothing else."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lakehouse.artifacts import file_sha256
from lakehouse.commits import DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.engines.upkeep import checkpoint
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.requests import VerifyRequest
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from pipeline.worker import worker
from tests.pipeline.command import document, quick

SILVER = "silver/readings"
Planted = tuple[str, str]


def log(home: Path, table: str = SILVER) -> DeltaLog:
    return DeltaLog(home / "lake" / table)


def newest(home: Path, table: str = SILVER) -> int:
    return max(log(home, table).commit_files())


def data_file(home: Path) -> Path:
    file = next(iter(log(home).at(newest(home)).files.values()))
    return home / "lake" / SILVER / file.file


def sql(file: Path, value: str, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        for statement in statements:
            database.execute(statement, (value,))


def edit_commit(home: Path, table: str, change: Callable[[str], str]) -> str:
    version = newest(home, table)
    file = log(home, table).commit_files()[version]
    before = file.read_text()
    file.write_text(change(before))
    assert file.read_text() != before
    return f"{table}@{version}"


def last_run(home: Path, kind: str) -> str:
    return str(next(run["run_id"] for run in document(home, "runs") if run["kind"] == kind))


def flipped_byte(home: Path) -> Planted:
    file = data_file(home)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return "changed_file", file.relative_to(home).as_posix()


def missing_file(home: Path) -> Planted:
    file = data_file(home)
    file.unlink()
    return "missing_file", file.relative_to(home).as_posix()


def empty_commit(home: Path) -> Planted:
    version = newest(home)
    log(home).commit_files()[version].write_text("")
    return "empty_commit", f"{SILVER}@{version}"


def missing_middle_commit(home: Path) -> Planted:
    log(home).commit_files()[1].unlink()
    return "missing_commit", f"{SILVER}@1"


def missing_newest_commit(home: Path) -> Planted:
    version = newest(home)
    log(home).commit_files()[version].unlink()
    return "missing_commit", f"{SILVER}@{version}"


def missing_commit_with_a_checkpoint(home: Path) -> Planted:
    """What it made can still be read; what it said is gone."""
    version = newest(home)
    checkpoint(log(home).path)
    log(home).commit_files()[version].unlink()
    return "missing_commit", f"{SILVER}@{version}"


def truncated_commit(home: Path) -> Planted:
    return "unreadable_commit", edit_commit(home, SILVER, lambda text: text[: len(text) - 20])


def changed_model(home: Path) -> Planted:
    file = next((home / "artifacts" / "Trainer").glob("*/*.ubj"))
    file.write_bytes(file.read_bytes() + b"\0")
    return "changed_artifact", file.relative_to(home).as_posix()


def changed_manifest(home: Path) -> Planted:
    """The files are those that ML Metadata knows, so it is the list that is wrong."""
    file = next((home / "artifacts" / "Trainer").glob("*/*.ubj")).with_name("MANIFEST.json")
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"model.json": "0" * 64}))
    return "changed_artifact", file.relative_to(home).as_posix()


def exchanged_model(home: Path) -> Planted:
    """File and manifest agree, but ML Metadata knows another model."""
    file = next((home / "artifacts" / "Trainer").glob("*/*.ubj"))
    file.write_bytes(file.read_bytes() + b"\0")
    manifest = file.parent / "MANIFEST.json"
    known = json.loads(manifest.read_text()) | {file.name: file_sha256(file)}
    manifest.write_text(json.dumps(known))
    return "disagreement", file.parent.relative_to(home).as_posix()


def unrecorded_step(home: Path) -> Planted:
    name = f"{last_run(home, 'ingest')}.Clean"
    sql(
        home / "metadata.sqlite",
        name,
        "DELETE FROM Association WHERE execution_id IN (SELECT id FROM Execution WHERE name = ?)",
        "DELETE FROM Event WHERE execution_id IN (SELECT id FROM Execution WHERE name = ?)",
        "DELETE FROM Execution WHERE name = ?",
    )
    return "unrecorded_step", name


def unknown_run(home: Path) -> Planted:
    run = last_run(home, "retrain")
    sql(home / "runs.sqlite", run, "DELETE FROM workflow_status WHERE workflow_uuid = ?")
    return "unknown_run", ""


def row_count(home: Path) -> Planted:
    def change(text: str) -> str:
        return text.replace('\\"numRecords\\":', '\\"numRecords\\":1')

    return "row_count", edit_commit(home, SILVER, change)


def disagreement(home: Path) -> Planted:
    sql(
        home / "metadata.sqlite",
        f"{SILVER}@1",
        "UPDATE ArtifactProperty SET int_value = 7 WHERE name = 'row_count'"
        " AND artifact_id IN (SELECT id FROM Artifact WHERE name = ?)",
    )
    return "disagreement", f"{SILVER}@1"


def another_author(home: Path) -> Planted:
    def change(text: str) -> str:
        return text.replace("cli:", "cly:")

    return "disagreement", edit_commit(home, SILVER, change)


def unknown_type(home: Path) -> Planted:
    """Its JSON is whole, and no reader understands it."""
    file = log(home, "quality/schemas").commit_files()[0]
    file.write_text(file.read_text().replace("string", "strong"))
    return "changed_commit", "quality/schemas@0"


def broken_metadata(home: Path) -> Planted:
    file = home / "metadata.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * (4096 * 3)
    file.write_bytes(content)
    return "store", "metadata.sqlite"


def no_metadata(home: Path) -> Planted:
    (home / "metadata.sqlite").write_bytes(b"junk" * 100)
    return "store", "metadata.sqlite"


def audit(home: Path) -> Planted:
    file = home / "audit" / "audit.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], lines[1].replace("ingest", "nothing"), *lines[2:]]))
    return "audit", "audit/audit.jsonl#2"


def no_audit(home: Path) -> Planted:
    shutil.rmtree(home / "audit")
    return "audit", "audit/audit.jsonl#1"


def damaged_checkpoint(home: Path) -> Planted:
    file = checkpoint_of(home)
    file.write_bytes(file.read_bytes()[:-100])
    return "checkpoint", file.relative_to(home).as_posix()


def lying_checkpoint(home: Path) -> Planted:
    """It can be read, and says that the table holds nothing."""
    file = checkpoint_of(home)
    added = pl.col("add").struct.field("path").is_not_null()
    pl.read_parquet(file).filter(~added).write_parquet(file)
    return "checkpoint", file.relative_to(home).as_posix()


def missing_checkpoint(home: Path) -> Planted:
    file = checkpoint_of(home)
    file.unlink()
    return "checkpoint", (file.parent / "_last_checkpoint").relative_to(home).as_posix()


def checkpoint_of(home: Path) -> Path:
    checkpoint(log(home).path)
    return next((log(home).path / "_delta_log").glob("*.checkpoint.parquet"))


def missing_table(home: Path) -> Planted:
    shutil.rmtree(home / "lake" / SILVER)
    return "missing_table", f"lake/{SILVER}"


def no_hashes(home: Path) -> Planted:
    shutil.rmtree(home / "lake" / "ops/files")
    return "missing_table", "lake/ops/files"


def no_snapshots(home: Path) -> Planted:
    shutil.rmtree(home / "lake" / "ops/snapshots")
    return "missing_table", "lake/ops/snapshots"


def missing_newest_hashes(home: Path) -> Planted:
    log(home, "ops/files").commit_files()[newest(home, "ops/files")].unlink()
    return "disagreement", "ops/files"


def missing_newest_snapshot(home: Path) -> Planted:
    log(home, "ops/snapshots").commit_files()[newest(home, "ops/snapshots")].unlink()
    return "disagreement", "ops/snapshots"


def flipped_byte_in_book_keeping(home: Path, table: str) -> Planted:
    """In what no row needs: the name of the writer, which stands at the end of the file."""
    first = log(home, table).commits()[1].added[0].file
    file = home / "lake" / table / first.file
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    return "changed_file", file.relative_to(home).as_posix()


def flipped_byte_in_hashes(home: Path) -> Planted:
    return flipped_byte_in_book_keeping(home, "ops/files")


def flipped_byte_in_snapshots(home: Path) -> Planted:
    return flipped_byte_in_book_keeping(home, "ops/snapshots")


def damaged_book_keeping(home: Path) -> Planted:
    """Nothing notes what the newest files hash to; they are read instead."""
    state = log(home, "ops/snapshots").at(newest(home, "ops/snapshots"))
    file = home / "lake" / "ops/snapshots" / next(iter(state.files.values())).file
    content = bytearray(file.read_bytes())
    content[4:40] = b"\0" * 36
    file.write_bytes(content)
    return "changed_file", file.relative_to(home).as_posix()


def missing_replaced_file(home: Path) -> Planted:
    """Of a version that nothing rests on and that nobody let go."""
    table = "gold/engine_status"
    whole = log(home, table)
    now = whole.at(newest(home, table)).files
    path = next(p for c in whole.commits() for p in [a.file for a in c.added] if p.path not in now)
    (home / "lake" / table / path.file).unlink()
    return "missing_file", f"lake/{table}/{path.path}"


def missing_evaluation(home: Path) -> Planted:
    folder = next((home / "artifacts" / "Evaluator").glob("*.evaluation"))
    shutil.rmtree(folder)
    return "missing_artifact", folder.relative_to(home).as_posix()


def missing_pointer(home: Path) -> Planted:
    file = next((home / "serving").glob("*/live.json"))
    file.unlink()
    return "missing_artifact", file.relative_to(home).as_posix()


def changed_pointer(home: Path) -> Planted:
    file = next((home / "serving").glob("*/live.json"))
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"silver_version": told["silver_version"] + 1}))
    return "changed_artifact", file.relative_to(home).as_posix()


def exchanged_statistics(home: Path) -> Planted:
    """File and manifest agree, but ML Metadata knows other statistics."""
    file = next((home / "artifacts" / "StatisticsGen").glob("*/*/FeatureStats.pb"))
    file.write_bytes(file.read_bytes() + b"\0")
    manifest = file.parent.parent / "MANIFEST.json"
    name = file.relative_to(manifest.parent).as_posix()
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {name: file_sha256(file)}))
    return "disagreement", manifest.parent.relative_to(home).as_posix()


def broken_pointer(home: Path) -> Planted:
    file = next((home / "serving").glob("*/live.json"))
    file.write_text("x")
    return "changed_artifact", file.relative_to(home).as_posix()


FAULTS = (
    flipped_byte, missing_file, empty_commit, missing_middle_commit, missing_newest_commit,
    missing_commit_with_a_checkpoint, truncated_commit, changed_model, changed_manifest,
    exchanged_model,
    unrecorded_step, unknown_run, row_count, disagreement, broken_metadata, no_metadata, audit,
    no_audit, damaged_checkpoint, lying_checkpoint, missing_checkpoint, missing_table, no_hashes,
    no_snapshots, missing_newest_hashes, missing_newest_snapshot, damaged_book_keeping,
    flipped_byte_in_hashes, flipped_byte_in_snapshots, missing_replaced_file, missing_evaluation,
    missing_pointer, broken_pointer, changed_pointer, exchanged_statistics,
    another_author, unknown_type,
)  # fmt: skip


def test_a_sound_home_has_no_findings(fleet_home: Path) -> None:
    """Exit code 0, also when every row is hashed."""
    assert document(fleet_home, "verify", "--deep") == {"ok": True, "findings": []}


def test_checkpoints_of_all_tables_say_what_the_commits_say(home: Path) -> None:
    """Of tables in partitions, too."""
    for table in TABLES:
        if log(home, table).exists:
            checkpoint(log(home, table).path)
    assert document(home, "verify")["ok"]


@pytest.mark.parametrize("plant", FAULTS, ids=[fault.__name__ for fault in FAULTS])
def test_each_fault_is_found_and_named(home: Path, plant: Callable[[Path], Planted]) -> None:
    """And nothing else is: exit code 3."""
    what, where = plant(home)
    told: dict[str, Any] = document(home, "verify", code=3)
    found = {(finding["what"], finding["where"]) for finding in told["findings"]}
    assert not told["ok"]
    if where:
        assert found == {(what, where)}, told
    else:
        assert {kind for kind, _ in found} == {what}, told


def lie(text: str) -> str:
    return text.replace('content_sha256\\":\\"', 'content_sha256\\":\\"f').replace(
        'content_sha256\\": \\"', 'content_sha256\\": \\"f'
    )


def test_rows_that_do_not_hash_to_what_was_noted_are_found_by_a_deep_look(home: Path) -> None:
    """A commit's word about its content is compared with the rows themselves."""
    where = edit_commit(home, SILVER, lie)
    sql(
        home / "metadata.sqlite",
        where,
        "UPDATE ArtifactProperty SET string_value = 'f' || string_value"
        " WHERE name = 'content_sha256' AND artifact_id IN"
        " (SELECT id FROM Artifact WHERE name = ?)",
    )
    told = document(home, "verify", code=3)
    assert [(f["what"], f["where"]) for f in told["findings"]] == [("changed_commit", where)]
    told = document(home, "verify", "--deep", code=3)
    assert [(f["what"], f["where"]) for f in told["findings"]] == [("content", where)]


def test_the_rows_of_book_keeping_are_hashed_each_time(home: Path) -> None:
    """All else rests on them."""
    where = edit_commit(home, "ops/files", lie)
    told = document(home, "verify", code=3)
    assert [(f["what"], f["where"]) for f in told["findings"]] == [("content", where)]


def test_a_run_finds_the_same_and_changes_nothing_in_the_lake(home: Path) -> None:
    """Through the queue, recorded as a step like any other; a finding is no failure of the run."""
    settings = Settings.load(home=home)
    planted = flipped_byte(home)
    runs, lake = RunStore(settings), Lake(settings.lake, LocalEngine())
    before = lake.versions()
    with worker(settings, streams=False):
        asked = runs.submit(VerifyRequest(), "worker").run_id
        run = runs.wait(asked, 120)
    assert run.state == "SUCCEEDED"
    assert run.result is not None
    assert (run.result["ok"], run.result["count"]) == (False, 1)
    (finding,) = run.result["findings"]
    assert (finding["what"], finding["where"]) == planted
    assert lake.versions() == before
    recorded = Metadata(settings.metadata).execution(asked, "Verify")
    assert recorded is not None
    assert (recorded.state, recorded.properties["who"]) == ("COMPLETE", "worker")
    assert len(document(home, "verify", code=3)["findings"]) == 1


def test_what_is_no_home_is_said(tmp_path: Path) -> None:
    """Wrong usage, not a sound home."""
    assert quick(tmp_path / "none", "verify").exit_code == 2
