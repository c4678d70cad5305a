"""`stillwater promote` and `rollback`: an older or refused model live, by a person's word."""

import shutil
import signal
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from lakehouse.audit import AuditLog
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.promotion import PromotionError, candidate
from lakehouse.registry import pushes
from lakehouse.requests import PromoteRequest
from lakehouse.served import Period, counted, periods
from lakehouse.serving import all_live, live
from lakehouse.settings import Settings
from lakehouse.snapshots import pin
from lakehouse.writes import Commit
from tests.pipeline.command import FAST, document, quick, stillwater
from tests.pipeline.oracle import assert_sound, steps, tables

WHY = ("--reason", "the bench says so")


def lake_of(home: Path) -> Lake:
    return Lake(home / "lake", LocalEngine())


def table(home: Path, name: str) -> pl.DataFrame:
    frame: pl.DataFrame = lake_of(home).scan(name).collect("polars").to_native()
    return frame


def serving(home: Path) -> str:
    return all_live(home / "serving")["F"].model_id


@pytest.fixture(scope="module")
def two(fleet_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A home with a live model and one that the gate refused; to be looked at only."""
    home = Path(shutil.copytree(fleet_home, tmp_path_factory.mktemp("two") / "var"))
    told = document(home, "retrain", *FAST, "--set", "seed=5")
    assert not told["pushed"]
    return home, serving(home), told["model_id"]


@pytest.fixture
def own(two: tuple[Path, str, str], tmp_path: Path) -> Path:
    return Path(shutil.copytree(two[0], tmp_path / "var"))


def test_a_refused_model_serves_by_a_persons_word_and_is_rolled_back(
    two: tuple[Path, str, str], own: Path
) -> None:
    """Both stand in ML Metadata, snapshots, status and audit log; nothing is issued twice."""
    _, old, new = two
    told = document(own, "promote", new, *WHY)
    assert told["promoted"] == {
        "fleet": "F", "model_id": new, "replaces": old, "roll_back": False,
    }  # fmt: skip
    assert steps(own, told["run_id"]) == [("Pusher", "COMPLETE"), ("BulkInferrer", "COMPLETE")]
    status = table(own, "gold/engine_status").filter(pl.col("state") == "in_service")
    assert set(status["model_id"]) == {new}
    assert set(table(own, "gold/backfill")["model_id"]) == {new}
    assert pin(lake_of(own)).snapshot.live == {"F": new}
    asked = AuditLog(own / "audit").entries()[-2]
    assert (asked.action, asked.object, asked.after["reason"]) == ("promote", new, WHY[1])
    issued = table(own, "gold/predictions").height

    back = document(own, "rollback", "F", *WHY)
    assert back["promoted"]["roll_back"]
    assert serving(own) == old
    status = table(own, "gold/engine_status").filter(pl.col("state") == "in_service")
    assert set(status["model_id"]) == {old}
    assert table(own, "gold/predictions").height == issued
    assert AuditLog(own / "audit").entries()[-2].action == "roll_back"
    done = pushes(Metadata(own / "metadata.sqlite"))
    assert [(push.model_id, push.how, push.replaces) for push in done] == [
        (old, "retrain", ""), (new, "promote", old), (old, "roll_back", new),
    ]  # fmt: skip
    assert done[0].reason.startswith("first_model")
    assert {push.reason for push in done[1:]} == {WHY[1]}
    assert document(own, "verify")["ok"]
    assert_timeline(own, (old, new, old))


def assert_timeline(home: Path, models: tuple[str, ...]) -> None:
    """From the records: without a gap, every prediction in one period, as of any snapshot."""
    pinned = pin(lake_of(home))
    served = counted(pinned, periods(pinned.lake))
    assert tuple(one.model_id for one in served) == models
    assert [one.end for one in served] == [*(one.start for one in served[1:]), None]
    assert sum(one.predictions for one in served) == table(home, "gold/predictions").height
    assert [one.predictions > 0 for one in served] == [True, True, False]
    for one in served:
        then = periods(pinned.lake, one.seq)
        assert then[-1] == Period("F", one.model_id, one.seq, one.run_id, one.start)


def test_what_cannot_be_promoted_is_refused_with_what_to_do(
    two: tuple[Path, str, str], own: Path
) -> None:
    """The live one, an unknown one, one without a reason; nothing was asked for."""
    _, old, new = two
    for words, code, told in (
        (("promote", old, *WHY), 4, "is live for F already"),
        (("promote", "f-none", *WHY), 4, "there is no model f-none"),
        (("promote", new, "--reason", "  "), 2, "reason"),
        (("rollback", "F", *WHY), 4, "no other model has served F"),
        (("rollback", "G", *WHY), 2, "--fleet"),
    ):
        done = quick(own, *words)
        assert done.exit_code == code, done.stderr
        assert told in done.stderr
    assert {run["kind"] for run in document(own, "runs")} == {"ingest", "retrain"}


@pytest.mark.parametrize("damage", ["changed", "gone", "replaced"])
def test_a_model_whose_files_are_not_those_that_were_registered_is_refused(
    two: tuple[Path, str, str], own: Path, damage: str
) -> None:
    """One changed byte, a missing file, or another model's folder in its place."""
    _, old, new = two
    file = own / "artifacts" / "Trainer" / new / "near.ubj"
    if damage == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    elif damage == "gone":
        file.unlink()
    else:
        shutil.rmtree(file.parent)
        shutil.copytree(own / "artifacts" / "Trainer" / old, file.parent)
    done = quick(own, "promote", new, *WHY)
    assert done.exit_code == 4
    assert AuditLog(own / "audit").entries()[-1].outcome == "refused"
    told = "those that were registered" if damage == "replaced" else "near.ubj"
    assert told in done.stderr
    assert serving(own) == old


def test_who_saw_another_model_live_is_asked_to_look_again(two: tuple[Path, str, str]) -> None:
    """A person's word replaces what that person saw, nothing else."""
    home, old, new = two
    settings = Settings.load(home=home)
    request = PromoteRequest(fleet="F", model_id=new, replaces="f-other", reason="x")
    with pytest.raises(PromotionError, match=f"{old} is live for F now, not f-other"):
        candidate(Metadata(settings.metadata), settings, request)


@pytest.mark.parametrize("gone", ["features", "silver"])
def test_a_model_whose_features_were_let_go_makes_them_anew(
    two: tuple[Path, str, str], own: Path, tmp_path: Path, gone: str
) -> None:
    """Features, band and forecasts are those that it would have had."""
    *_, new = two
    other = Path(shutil.copytree(own, tmp_path / "other"))
    lake, where = lake_of(own), {"transform_id": [document(own, "model", new)["transform_id"]]}
    kept = table(own, "gold/features").height
    if gone == "features":
        for name in ("gold/features", "gold/fleet_band"):
            lake.replace(name, lake.empty(name), where, Commit("gone", "", "test", "somebody"))
        assert table(own, "gold/features").height < kept
    old_files = {*lake.path("silver/readings").glob("*.parquet")}
    rows = nw.from_native(table(own, "silver/readings").lazy())
    for work in ("one", "two"):
        lake.replace("silver/readings", rows, {"fleet": ["F"]}, Commit(work, "", "t", "somebody"))
    for file in old_files if gone == "silver" else ():
        file.unlink()
    for home in (own, other):
        document(home, "promote", new, *WHY)
    versions = ("features_version", "silver_version")
    mine, theirs = (tables(home) for home in (own, other))
    for name in ("gold/features", "gold/fleet_band", "gold/predictions", "gold/backfill"):
        left, right = (made[name].drop(versions, strict=False) for made in (mine, theirs))
        assert left.equals(right, null_equal=True), name
    if gone == "features":
        assert_sound(own)


@pytest.mark.fault
def test_a_promotion_that_is_killed_half_way_is_finished(
    two: tuple[Path, str, str], own: Path
) -> None:
    """After the model went live, before that was written down: it is, once, and all is scored."""
    _, old, new = two
    done = stillwater(own, "promote", new, *WHY, failpoint="Pusher.after_commit:kill")
    assert done.returncode == -signal.SIGKILL
    run = document(own, "runs")[0]["run_id"]
    assert stillwater(own, "run", "wait", run).returncode == 0
    assert steps(own, run) == [("Pusher", "COMPLETE"), ("BulkInferrer", "COMPLETE")]
    served = live(own / "serving", "F")
    assert served is not None
    assert (served.model_id, served.run_id) == (new, run)
    done_by = [push.run_id for push in pushes(Metadata(own / "metadata.sqlite"))]
    assert done_by[-1] == run
    assert [one.model_id for one in periods(lake_of(own))] == [old, new]
    assert set(table(own, "gold/backfill")["model_id"]) == {new}
    assert document(own, "verify", "--deep")["ok"]
