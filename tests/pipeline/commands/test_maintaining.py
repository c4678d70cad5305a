"""`stillwater maintain` lets old versions go, but not those that a published model learned from."""

import signal
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from lakehouse.audit import AuditLog
from lakehouse.commits import DeltaLog
from lakehouse.engines.local import LocalEngine
from lakehouse.history import table_history
from lakehouse.journal import Journal
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.pins import model_pins
from lakehouse.records import Artifact, Execution, Used
from lakehouse.requests import MaintainRequest, ScoreRequest
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from lakehouse.writes import Commit
from pipeline.home import open_home
from pipeline.sources.simulator import simulate
from pipeline.step import Run, Step
from pipeline.steps.maintenance import MaintenanceError, maintain
from tests.pipeline.command import document, quick, stillwater
from tests.pipeline.oracle import steps

SILVER, FEATURES = "silver/readings", "gold/features"
DELIVERIES = "bronze/deliveries"


def lake_of(home: Path) -> Lake:
    return Lake(home / "lake", LocalEngine())


def collected(lake: Lake, table: str, version: int | None = None) -> pl.DataFrame:
    frame: pl.DataFrame = lake.scan(table, version).collect("polars").to_native()
    return frame


def rewrite(home: Path, table: str, name: str) -> None:
    """Put every row of a fleet anew, so that the files of the version before are replaced."""
    lake = lake_of(home)
    rows = nw.from_native(collected(lake, table).lazy())
    lake.replace(table, rows, {"fleet": ["F"]}, Commit(name, "", "test", "somebody"))


@pytest.fixture
def worn(home: Path) -> Path:
    """A home whose model learned from versions that have been replaced twice."""
    for name in ("one", "two"):
        for table in (SILVER, FEATURES):
            rewrite(home, table, name)
    document(home, "maintain")  # its snapshot names the new versions
    return home


def test_what_a_model_learned_from_is_pinned(fleet_home: Path) -> None:
    """Everything that its Transform and its Trainer read; a prediction pins nothing."""
    pins = model_pins(Metadata(fleet_home / "metadata.sqlite"), fleet_home / "serving")
    model = document(fleet_home, "models")[0]["model_id"]
    assert {pin.model_id for pin in pins} == {model}
    assert all(pin.live for pin in pins)
    tables = {pin.table for pin in pins}
    assert {SILVER, FEATURES, "bronze/failures", "bronze/deliveries"} == tables


def test_every_pinned_version_still_reads(worn: Path) -> None:
    """What stood between it and the newest is gone, and the document says what was kept."""
    lake = lake_of(worn)
    pinned = {
        pin.table: pin.version
        for pin in model_pins(Metadata(worn / "metadata.sqlite"), worn / "serving")
    }
    before = {table: collected(lake, table, version) for table, version in pinned.items()}
    told = document(worn, "maintain", "--days", "0")
    for table, version in pinned.items():
        assert collected(lake_of(worn), table, version).equals(before[table])
    assert told["lost"] == []
    kept = {(entry["table"], entry["version"]) for entry in told["kept"]}
    assert {(SILVER, pinned[SILVER]), (FEATURES, pinned[FEATURES])} <= kept
    swept = {entry["table"] for entry in told["tables"]}
    assert {SILVER, FEATURES} <= swept
    gone = [fact.version for fact in table_history(lake, SILVER) if not fact.readable]
    assert gone == [pinned[SILVER] + 1]
    assert document(worn, "verify", "--deep")["ok"]


def test_without_the_guard_the_models_that_lost_their_data_are_named(worn: Path) -> None:
    """Exactly those, with the versions that they miss."""
    document(worn, "score")  # inference needs no older version any more either
    model = document(worn, "models")[0]["model_id"]
    told = document(worn, "maintain", "--days", "0", "--without-guard")
    assert {entry["model_id"] for entry in told["lost"]} == {model}
    assert {entry["table"] for entry in told["lost"]} == {SILVER, FEATURES}
    assert told["kept"] == []
    found = document(worn, "verify", code=3)["findings"]
    assert {finding["what"] for finding in found} == {"missing_file"}


def test_a_young_version_is_let_alone(worn: Path) -> None:
    """By default nothing goes before a month, and a second time changes nothing more."""
    assert document(worn, "maintain")["tables"] == []
    assert all(fact.readable for fact in table_history(lake_of(worn), SILVER))


def test_log_entries_go_only_behind_what_is_pinned(worn: Path) -> None:
    """The oldest one that is needed is still there, and the home is sound."""
    lake = lake_of(worn)
    document(worn, "maintain", "--days", "0", "--log-days", "0")
    document(worn, "maintain", "--days", "0", "--log-days", "0")
    for pin in model_pins(Metadata(worn / "metadata.sqlite"), worn / "serving"):
        assert DeltaLog(lake.path(pin.table)).at(pin.version).files.keys()
        collected(lake_of(worn), pin.table, pin.version)
    assert min(DeltaLog(lake.path("ops/snapshots")).commit_files()) > 0
    assert document(worn, "history", "ops/snapshots")
    assert document(worn, "verify")["ok"]
    log = DeltaLog(lake.path("ops/snapshots"))
    (file,) = log.checkpoints()[max(log.checkpoints())]
    rows = pl.read_parquet(file)
    rows.filter(pl.col("add").is_null() | (pl.int_range(pl.len()) % 2 == 0)).write_parquet(file)
    found = document(worn, "verify", code=3)["findings"]
    assert {finding["what"] for finding in found} == {"checkpoint"}


def test_what_people_had_decided_can_be_read_for_good(worn: Path) -> None:
    """Old rows are worked out again from bronze by it."""
    lake = lake_of(worn)
    lake.merge(DELIVERIES, lake.scan(DELIVERIES), Commit("r", "r", "Review", "ada"))
    document(worn, "maintain", "--days", "0", "--log-days", "0")
    assert all(fact.readable for fact in table_history(lake_of(worn), DELIVERIES))
    assert table_history(lake_of(worn), DELIVERIES)[-1].version == 0


def test_features_of_a_refused_candidate_are_dropped(home: Path) -> None:
    """Those of the live model stay; whoever makes the same transform again works it out anew."""
    lake, metadata = lake_of(home), Metadata(home / "metadata.sqlite")
    live = collected(lake, FEATURES)["transform_id"].unique().to_list()
    candidate = collected(lake, FEATURES).with_columns(transform_id=pl.lit("t-refused"))
    lake.append(FEATURES, nw.from_native(candidate.lazy()), Commit("c", "", "test", "somebody"))
    graph = Used("graph", Artifact("TransformGraph", "t-refused", "artifacts/none"))
    metadata.record(Execution("Transform", "run-x", "COMPLETE", {}, "print"), (), [graph])
    known = {"model_id": "m-x", "fleet": "F", "sha256": "", "transform_id": "t-refused"}
    model = Used("model", Artifact("Model", "m-x", "artifacts/none", known))
    metadata.record(Execution("Trainer", "run-x", "COMPLETE"), [graph], [model])
    verdict = Artifact("ModelBlessing", "m-x.blessing", "artifacts/none", {"model_id": "m-x"})
    metadata.record(Execution("Evaluator", "run-x", "COMPLETE"), [model], [Used("b", verdict)])
    assert document(home, "maintain")["dropped"] == []
    assert document(home, "maintain", "--days", "0")["dropped"] == ["t-refused"]
    assert collected(lake_of(home), FEATURES)["transform_id"].unique().to_list() == live
    assert Metadata(home / "metadata.sqlite").equal_step("print") is None


def test_inference_goes_on_from_where_it_was_after_silver_was_compacted(
    home: Path, tmp_path: Path
) -> None:
    """The version that it had caught up with stays, though no model learned from it."""

    def deliver(number: int) -> None:
        rows = Path(simulate(tmp_path / "made", 20)[1].source).read_text().splitlines()
        file = tmp_path / f"part-{number}.txt"
        file.write_text("\n".join(f"{number}{row}" for row in rows) + "\n")
        document(home, "ingest", str(file), "--fleet", "F", "--kind", "in_service")

    deliver(7)
    for name in ("one", "two"):
        rewrite(home, SILVER, name)
        document(home, "maintain", "--days", "0")
    deliver(8)
    assert document(home, "verify")["ok"]


def test_it_is_a_run_like_any_other(worn: Path) -> None:
    """With its step, its result and who asked for it; what the guard kept stands in its log."""
    told = document(worn, "maintain", "--days", "0")
    assert told["run_id"].startswith("maintain-")
    assert told["state"] == "SUCCEEDED"
    assert steps(worn, told["run_id"]) == [("Maintain", "COMPLETE")]
    log = RunStore(Settings.load(home=worn)).log(told["run_id"])
    kept = [line.message for line in log if line.message.startswith("kept ")]
    assert len(kept) == len(told["kept"]) > 0
    entry, queued = AuditLog(worn / "audit").entries()[-2:]
    assert (entry.action, entry.object) == ("maintain", "days=0 guard=True")
    assert (queued.action, queued.object) == ("queue", told["run_id"])
    assert queued.request_id == entry.request_id != ""
    assert document(worn, "history", SILVER)[0]["run_id"] == told["run_id"]


def test_nothing_young_goes_while_another_run_has_not_ended(home: Path) -> None:
    """Its next step may read what no step has pinned yet: refused, with what to do."""
    settings = Settings.load(home=home)
    queued = RunStore(settings).submit(ScoreRequest(fleet="F"), "me").run_id
    step = Step(
        open_home(settings),
        Run("maintain-x", "maintain-x", "me", lambda: False),
        "Maintain",
        Journal(settings.journals, "maintain-x"),
    )
    with pytest.raises(MaintenanceError, match=f"{queued}.*keep a day"):
        maintain(MaintainRequest(days=0), step)
    assert maintain(MaintainRequest(days=1), step)["tidied"] == []


def test_a_wrong_number_of_days_is_a_wrong_usage(fleet_home: Path) -> None:
    assert quick(fleet_home, "maintain", "--days", "-1").exit_code == 2


@pytest.mark.fault
def test_upkeep_that_is_killed_half_way_is_finished(worn: Path) -> None:
    """What was deleted stays deleted, the rest follows; the home is whole."""
    done = stillwater(worn, "maintain", "--days", "0", failpoint="Maintain.after_record:kill")
    assert done.returncode == -signal.SIGKILL
    interrupted = document(worn, "runs")[0]["run_id"]
    assert stillwater(worn, "run", "wait", interrupted).returncode == 0
    assert steps(worn, interrupted) == [("Maintain", "COMPLETE")]
    assert document(worn, "verify", "--deep")["ok"]
