"""`stillwater correct`: a person's word about rows, from the table to the forecast and back."""

import shutil
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lakehouse.audit import AuditLog
from lakehouse.cleaning import by_flight, clean
from lakehouse.corrections import outdated_by, standing
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.snapshots import pin
from tests.pipeline.command import document, quick, stillwater
from tests.pipeline.oracle import assert_sound, steps

SILVER = "silver/readings"
WHY = ("--reason", "borescope")


def table(home: Path, name: str, version: int | None = None) -> pl.DataFrame:
    frame: pl.DataFrame = (
        Lake(home / "lake", LocalEngine()).scan(name, version).collect("polars").to_native()
    )
    return frame


def flights(home: Path, engine: str) -> pl.DataFrame:
    return table(home, SILVER).filter(pl.col("engine") == engine).sort("cycle")


def rebuilt(home: Path) -> pl.DataFrame:
    """Silver as bronze and people's words say it should be, worked out from nothing else."""
    said = by_flight(standing(table(home, "bronze/corrections")))
    parts = [table(home, name).lazy() for name in ("bronze/readings", "bronze/deliveries")]
    words = None if said is None else nw.from_native(said.lazy())
    made = clean(nw.from_native(parts[0]), nw.from_native(parts[1]), PROFILE, words)
    frame: pl.DataFrame = made.collect("polars").to_native()
    return frame.sort("fleet", "engine", "cycle")


def said(home: Path, engine: str) -> dict[str, Any]:
    told: dict[str, Any] = document(home, "engine", f"F/{engine}")["prediction"]
    return told


def outdated(home: Path, engine: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each issued prediction by its run, and the decisions that it is outdated by."""
    pinned = pin(Lake(home / "lake", LocalEngine()))
    issued = table(home, "gold/predictions").filter(pl.col("engine") == engine)
    issued = issued.sort("predicted_at")
    found = outdated_by(pinned, PROFILE, ("F", engine), issued)
    return list(zip(issued["run_id"], found, strict=True))


@pytest.fixture
def engine(home: Path) -> str:
    """An engine in service that flew for a while."""
    rows = [row for row in document(home, "engines") if row["state"] == "in_service"]
    return str(max(rows, key=lambda row: row["cycles"])["engine"])


def test_a_corrected_value_reaches_silver_and_a_new_forecast_and_is_taken_back(
    home: Path, engine: str
) -> None:
    """Each a new version with who and why; what was said first is said again, not issued anew."""
    before, first, issued = (
        flights(home, engine),
        said(home, engine),
        table(home, "gold/predictions"),
    )
    cycle = before["cycle"][-2]
    place = f"F/{engine}@{cycle}"
    told = document(home, "correct", place, "sensor_4=1300", "sensor_11=40.5", *WHY)
    assert told["state"] == "SUCCEEDED"
    name = told["correction"]["correction_id"]
    assert told["correction"]["rows"] == 2
    assert steps(home, told["run_id"]) == [
        (node, "COMPLETE") for node in ("Correct", "Clean", "BulkInferrer")
    ]
    row = flights(home, engine).row(by_predicate=pl.col("cycle") == cycle, named=True)
    assert (row["sensor_4"], row["sensor_11"]) == (1300.0, 40.5)
    assert row["flags"] == "corrected:sensor_4,corrected:sensor_11"
    words = table(home, "bronze/corrections").sort("column")
    assert words["old_value"].to_list() == [
        before.row(-2, named=True)[column] for column in ("sensor_11", "sensor_4")
    ]
    assert set(words["reason"]) == {"borescope"}
    second = said(home, engine)
    assert second["run_id"] == told["run_id"]
    assert second["outdated_by"] == first["outdated_by"] == []
    assert outdated(home, engine) == [(first["run_id"], (name,)), (second["run_id"], ())]
    assert table(home, "gold/predictions").height == issued.height + 1

    diff = document(
        home, "diff", SILVER, str(told["tables"][SILVER] - 1), str(told["tables"][SILVER])
    )
    assert (diff["rows_changed"], diff["engines"]) == (1, [f"F/{engine}"])

    back = document(home, "correct", "--retract", name, *WHY)
    assert flights(home, engine).equals(before, null_equal=True)
    assert said(home, engine) == first
    assert table(home, "gold/predictions").height == issued.height + 1
    assert back["correction"]["action"] == "retract"
    later = (back["correction"]["correction_id"],)
    assert outdated(home, engine) == [(first["run_id"], ()), (second["run_id"], later)]
    # What is said earlier in its life does not depend on it.
    assert document(home, "engine", f"F/{engine}@{cycle - 1}")["prediction"]["outdated_by"] == []
    assert rebuilt(home).equals(table(home, SILVER).sort("fleet", "engine", "cycle"))
    assert_sound(home)
    assert document(home, "verify")["ok"]
    asked = [e for e in AuditLog(home / "audit").entries() if e.action != "queue"]
    assert [(e.action, e.object) for e in asked][-2:] == [
        ("correct", f"{place} sensor_4=1300 sensor_11=40.5"),
        ("correct", f"retract {name}"),
    ]


def test_withdrawn_flights_are_not_in_silver_and_what_is_said_is_of_the_newest_left(
    home: Path, engine: str
) -> None:
    """A delivery that brings them again does not bring them back; a retraction does."""
    before = flights(home, engine)
    last = int(before["cycle"][-1])
    told = document(home, "correct", f"F/{engine}@{last - 2}-{last + 5}", "--withdraw", *WHY)
    about = told["correction"]
    assert (about["first_cycle"], about["last_cycle"], about["rows"]) == (last - 2, last, 3)
    assert flights(home, engine).equals(before.head(-3), null_equal=True)
    assert said(home, engine)["cycle"] == before["cycle"][-4]
    document(home, "correct", "--retract", about["correction_id"], *WHY)
    assert flights(home, engine).equals(before, null_equal=True)
    assert said(home, engine)["cycle"] == last


@pytest.fixture(scope="module")
def asked(fleet_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of which nothing that is asked for comes true."""
    return Path(shutil.copytree(fleet_home, tmp_path_factory.mktemp("asked") / "var"))


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("F/{engine}@1", "sensor_4=1300", "sensor_4=1301"), 2, "given twice"),
        (("F/{engine}@1", "sensor_99=1"), 2, "Known: setting_1"),
        (("F/{engine}@1", "sensor_4=warm"), 2, "changes.sensor_4.new"),
        (("F/{engine}@1", "sensor_4=inf"), 2, "finite"),
        (("F/{engine}@1", "sensor_4"), 2, "COLUMN=VALUE expected"),
        (("F/{engine}@1",), 2, "needs cycle and changes"),
        (("F/{engine}@0", "--withdraw"), 2, "greater than or equal to 1"),
        (("F/{engine}@9-3", "--withdraw"), 2, "no range"),
        (("F/{engine}@1-2", "sensor_4=1"), 2, "one flight at a time"),
        (("F/{engine}", "--withdraw"), 2, "FLEET/ENGINE@CYCLE"),
        ((), 2, "--retract CORRECTION expected"),
        (("--retract", "c-0", "F/{engine}@1"), 2, "stands alone"),
        (("--retract", "c-0"), 4, "no correction c-0"),
        (("F/{engine}@9999", "sensor_4=1"), 4, "silver has no flight F/{engine}@9999"),
        (("F/nobody@1-4", "--withdraw"), 4, "silver has no flight F/nobody@1-4"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    asked: Path, words: tuple[str, ...], code: int, problem: str
) -> None:
    """With the exit code of wrong usage or of a refusal; nothing is written."""
    engine = document(asked, "engines")[0]["engine"]
    done = quick(asked, "correct", *(w.format(engine=engine) for w in words), *WHY)
    assert (done.exit_code, problem.format(engine=engine) in done.stderr) == (code, True), (
        done.stderr
    )
    assert table(asked, "bronze/corrections").is_empty()


def test_a_reason_is_needed(asked: Path) -> None:
    assert quick(asked, "correct", "F/train-001@1", "sensor_4=1").exit_code == 2
    done = quick(asked, "correct", "F/train-001@1", "sensor_4=1", "--reason", "  ")
    assert done.exit_code == 2
    assert "reason" in done.stderr


@pytest.mark.fault
def test_a_correction_that_fails_half_way_is_finished_by_its_retry(home: Path, engine: str) -> None:
    """Written once, in silver once, whatever was done before the accident."""
    value = flights(home, engine)["sensor_4"][0]
    words = ("correct", f"F/{engine}@1", f"sensor_4={value + 1}", *WHY)
    assert stillwater(home, *words, failpoint="Clean.after_commit:raise").returncode == 5
    run = document(home, "runs")[0]["run_id"]
    again = document(home, "run", "retry", run)
    assert again["state"] == "SUCCEEDED"
    assert table(home, "bronze/corrections").height == 1
    assert flights(home, engine)["sensor_4"][0] == value + 1
    assert rebuilt(home).equals(table(home, SILVER).sort("fleet", "engine", "cycle"))
    assert document(home, "verify")["ok"]


def content(home: Path, version: int) -> str:
    return Lake(home / "lake", LocalEngine()).content(SILVER, version).sha256


def delivered(folder: Path, home: Path, engine: str) -> str:
    """A file that brings two more flights of an engine, and one that it had already."""
    last = flights(home, engine).row(-1, named=True)
    values = " ".join(str(last[name]) for name in PROFILE.signal_names)
    number = engine.split("-")[1]
    cycles = (last["cycle"], last["cycle"] + 1, last["cycle"] + 2)
    file = folder / "more.txt"
    file.write_text("".join(f"{number} {cycle} {values}\n" for cycle in cycles))
    return str(file)


def test_silver_is_restored_with_what_was_decided_then(
    home: Path, engine: str, tmp_path: Path
) -> None:
    """A new version with the old content; what comes later does not undo it, a restore does."""
    before = document(home, "history", SILVER)[0]["version"]
    first = said(home, engine)
    cycle = flights(home, engine)["cycle"][3]
    one = document(home, "correct", f"F/{engine}@{cycle}", "sensor_4=1300", *WHY)
    file = delivered(tmp_path, home, engine)
    document(home, "ingest", file, "--fleet", "F", "--kind", "in_service")
    latest = document(home, "history", SILVER)[0]["version"]

    told = document(home, "restore-table", SILVER, str(before), *WHY)
    restored = told["restored"]
    assert restored["engines"] == 1
    assert list(restored["deliveries"].values()) == ["withdrawn"]
    newest = document(home, "history", SILVER)[0]
    assert (newest["operation"], newest["run_id"]) == ("RESTORE", told["run_id"])
    assert newest["who"].startswith("cli:")
    assert content(home, newest["version"]) == content(home, before)
    assert rebuilt(home).equals(table(home, SILVER).sort("fleet", "engine", "cycle"))
    assert said(home, engine) == first
    diff = document(home, "diff", SILVER, str(latest), str(newest["version"]))
    assert (diff["rows_removed"], diff["rows_changed"]) == (2, 1)
    assert said(home, engine)["outdated_by"] == []
    assert all(restored["correction_id"] in by for _, by in outdated(home, engine)[1:])
    assert quick(home, "restore-table", SILVER, str(before), *WHY).exit_code == 4

    # What comes later is cleaned by the decisions as they are now: the correction stays away.
    document(home, "correct", f"F/{engine}@{cycle + 1}", "sensor_4=1200", *WHY)
    row = flights(home, engine).row(by_predicate=pl.col("cycle") == cycle, named=True)
    assert row["flags"] == ""
    assert rebuilt(home).equals(table(home, SILVER).sort("fleet", "engine", "cycle"))

    undone = document(home, "restore-table", SILVER, str(latest), *WHY)
    assert content(home, undone["tables"][SILVER]) == content(home, latest)
    assert rebuilt(home).equals(table(home, SILVER).sort("fleet", "engine", "cycle"))
    again = standing(table(home, "bronze/corrections"))
    assert again["correction_id"].to_list() == [f"{undone['restored']['correction_id']}-again-1"]
    assert one["correction"]["correction_id"] not in again["correction_id"]
    assert_sound(home)
    assert document(home, "verify", "--deep")["ok"]


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("gold/nothing", "1"), 2, "is no table"),
        ((SILVER, "-1"), 2, "-1"),
        (("bronze/readings", "1"), 4, "stillwater review DELIVERY quarantine"),
        (("gold/predictions", "1"), 4, "what was issued stays"),
        (("ops/limits", "0"), 4, "stillwater limit"),
        ((SILVER, "99"), 4, "no version 99: the newest is 2"),
        ((SILVER, "2"), 4, "at version 2 already"),
        ((SILVER, "0"), 4, "never shown"),
    ],
)
def test_what_cannot_be_restored_is_refused_with_what_to_do(
    asked: Path, words: tuple[str, ...], code: int, problem: str
) -> None:
    done = quick(asked, "restore-table", *words, *WHY)
    assert (done.exit_code, problem in done.stderr) == (code, True), done.stderr


@pytest.mark.fault
def test_a_restore_that_fails_half_way_is_finished_by_its_retry(home: Path, engine: str) -> None:
    """Between the decisions and silver, and after silver."""
    before = document(home, "history", SILVER)[0]["version"]
    for point in ("Restore.after_commit:raise", "BulkInferrer.after_commit:raise"):
        document(home, "correct", f"F/{engine}@2", "sensor_4=1300", *WHY)
        done = stillwater(home, "restore-table", SILVER, str(before), *WHY, failpoint=point)
        assert done.returncode == 5, done.stderr
        run = document(home, "runs")[0]["run_id"]
        assert document(home, "run", "retry", run)["state"] == "SUCCEEDED"
        assert content(home, document(home, "history", SILVER)[0]["version"]) == content(
            home, before
        )
        assert rebuilt(home).equals(table(home, SILVER).sort("fleet", "engine", "cycle"))
    assert document(home, "verify")["ok"]
