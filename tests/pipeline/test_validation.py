"""What an ingest blocks, what it only tells, and what people's decisions do to silver."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from pipeline.sources.simulator import simulate
from tests.pipeline.command import document, quick, stillwater
from tests.pipeline.oracle import assert_sound

FLEET = ("--fleet", "SIM", "--kind", "in_service")
SENSOR_3 = 7
"""Its place in a line of NASA's layout."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with the history of a fleet, and the lines of its engines in service."""
    folder = tmp_path_factory.mktemp("made")
    history, in_service, _ = (Path(d.source) for d in simulate(folder, 30, seed=2))
    home = folder / "var"
    document(home, "ingest", str(history), "--fleet", "SIM", "--kind", "history")
    return home, in_service


@pytest.fixture
def home(made: tuple[Path, Path], tmp_path: Path) -> Path:
    """The same home for one test."""
    return Path(shutil.copytree(made[0], tmp_path / "var"))


def changed(made: tuple[Path, Path], folder: Path, change: Any) -> str:
    """The in-service file with every line's fields changed."""
    rows = [change(line.split()) for line in made[1].read_text().splitlines()]
    path = folder / "delivered.txt"
    path.write_text("\n".join(" ".join(row) for row in rows) + "\n")
    return str(path)


def times_a_thousand(row: list[str]) -> list[str]:
    return [*row[:SENSOR_3], f"{float(row[SENSOR_3]) * 1000:.2f}", *row[SENSOR_3 + 1 :]]


def table(home: Path, name: str) -> pl.DataFrame:
    frame: pl.DataFrame = Lake(home / "lake", LocalEngine()).scan(name).collect().to_native()
    return frame


def test_a_change_of_unit_is_stopped_before_silver(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """It stays in bronze, with the reason on the delivery; what silver held stays as it was."""
    before = table(home, "silver/readings")
    path = changed(made, tmp_path, times_a_thousand)
    told = document(home, "ingest", path, *FLEET, code=3)
    (delivery,) = told["deliveries"]
    assert (delivery["state"], delivery["anomalies"]["errors"]) == ("blocked", 1)
    assert "unit_change: sensor_3" in delivery["reason"]
    assert table(home, "silver/readings").equals(before)
    brought = table(home, "bronze/readings").filter(delivery_id=delivery["delivery_id"])
    assert brought.height == delivery["rows"]
    errors = table(home, "quality/anomalies").filter(severity="error")
    row = errors.row(0, named=True)
    assert (errors.height, row["type"], row["column"]) == (1, "unit_change", "sensor_3")
    assert (row["delivery_id"], row["run_id"]) == (delivery["delivery_id"], told["run_id"])


def test_known_flights_that_come_again_in_another_unit_are_blocked(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """Silver would keep what it has; who sent them must hear of it all the same."""
    document(home, "ingest", str(made[1]), *FLEET)
    before = table(home, "silver/readings")
    again = document(home, "ingest", changed(made, tmp_path, times_a_thousand), *FLEET, code=3)
    (delivery,) = again["deliveries"]
    assert delivery["state"] == "blocked"
    assert "unit_change: sensor_3" in delivery["reason"]
    assert table(home, "silver/readings").equals(before)


def test_a_bad_delivery_does_not_stop_the_good_one_beside_it(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """Both in one run: one is in silver, the other is not."""
    bad = changed(made, tmp_path, lambda row: times_a_thousand([f"9{row[0]}", *row[1:]]))
    told = document(home, "ingest", str(made[1]), bad, *FLEET, code=3)
    assert sorted(row["state"] for row in told["deliveries"]) == ["accepted", "blocked"]
    blocked = next(d["delivery_id"] for d in told["deliveries"] if d["state"] == "blocked")
    assert blocked not in table(home, "silver/readings")["delivery_id"].to_list()


def test_missing_values_are_told_and_taken_in(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """Null in silver, a warning for the column, and nothing is blocked."""
    path = changed(made, tmp_path, lambda r: [*r[:5], "NaN" if r[1] == "3" else r[5], *r[6:]])
    names = ["engine", "cycle", "setting_1", "setting_2", "setting_3", "sensor_1"]
    rows = [line.split() for line in Path(path).read_text().splitlines()]
    header = ",".join([*names, *(f"sensor_{n}" for n in range(2, 22))])
    lines = [",".join("" if field == "NaN" else field for field in row) for row in rows]
    file = tmp_path / "delivered.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    (delivery,) = document(home, "ingest", str(file), *FLEET)["deliveries"]
    assert (delivery["state"], delivery["anomalies"]["errors"]) == ("accepted", 0)
    warned = table(home, "quality/anomalies").filter(column="sensor_1")["type"].to_list()
    assert "FEATURE_TYPE_LOW_FRACTION_PRESENT" in warned
    assert table(home, "silver/readings")["sensor_1"].null_count() > 0


def test_an_engineer_lets_a_blocked_delivery_in_and_takes_it_out_again(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """Silver follows each decision; the second one leaves what was there before."""
    before = table(home, "silver/readings")
    path = changed(made, tmp_path, times_a_thousand)
    (delivery,) = document(home, "ingest", path, *FLEET, code=3)["deliveries"]
    name = delivery["delivery_id"]
    told = document(home, "review", name, "accept", "--reason", "the gauge is in mK")
    assert told["delivery"] == {
        "delivery_id": name, "fleet": "SIM", "before": "blocked", "after": "accepted",
    }  # fmt: skip
    assert table(home, "silver/readings").height == before.height + delivery["rows"]
    document(home, "review", name, "quarantine", "--reason", "it was not")
    order = ["engine", "cycle"]
    assert table(home, "silver/readings").sort(order).equals(before.sort(order))
    assert table(home, "bronze/deliveries").filter(delivery_id=name)["state"][0] == "withdrawn"
    again = quick(home, "review", name, "quarantine", "--reason", "twice", "--json")
    assert again.exit_code == 4
    assert_sound(home)


def test_a_broken_limit_is_named(home: Path, made: tuple[Path, Path]) -> None:
    """Set by a person with a reason; what is delivered from then on is held against it."""
    words = ("limit", "sensor_4", "--high", "1300", "--reason", "red line")
    limit_id = document(home, *words)["limit_id"]
    document(home, "ingest", str(made[1]), *FLEET)
    found = table(home, "quality/anomalies").filter(type="limit")
    assert found.height > 0
    assert found["limit_id"].unique().to_list() == [limit_id]
    wrong = quick(home, "limit", "sensor_99", "--high", "1", "--reason", "r", "--json")
    assert wrong.exit_code == 4


def test_a_schema_changes_only_by_a_persons_decision(home: Path, made: tuple[Path, Path]) -> None:
    """The first is accepted as inferred; a decision is a row of its own."""
    first = table(home, "quality/schemas").row(0, named=True)
    assert (first["state"], first["fleet"]) == ("accepted", "SIM")
    refused = quick(home, "schema", first["schema_id"], "accept", "--reason", "r", "--json")
    assert refused.exit_code == 4
    assert document(home, "ingest", str(made[1]), *FLEET)["deliveries"][0]["state"] == "accepted"
    assert table(home, "quality/schemas").height == 1
    assert json.loads(first["changes"]) == []


def test_a_batch_that_comes_again_after_a_crash_finds_the_same(
    tmp_path: Path, made: tuple[Path, Path]
) -> None:
    """What silver took from it the first time is no flight that it repeats."""
    (tmp_path / "drop").mkdir()
    shutil.copy(made[1], tmp_path / "drop" / "flights.txt")
    words = ("stream", str(tmp_path / "drop"), *FLEET, "--once")
    home = tmp_path / "var"
    killed = stillwater(home, *words, failpoint="Clean.after_batch:kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert stillwater(home, *words).returncode == 0
    assert table(home, "silver/readings").height > 0
    assert "duplicate_row" not in table(home, "quality/anomalies")["type"].to_list()


def test_a_decision_that_failed_half_way_is_finished_by_its_retry(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """The delivery was accepted, silver had not followed yet."""
    path = changed(made, tmp_path, times_a_thousand)
    (delivery,) = document(home, "ingest", path, *FLEET, code=3)["deliveries"]
    words = ("review", delivery["delivery_id"], "accept", "--reason", "the gauge is in mK")
    assert stillwater(home, *words, failpoint="Review.after_commit:raise").returncode == 5
    failed = document(home, "runs")[0]["run_id"]
    assert document(home, "run", "retry", failed)["state"] == "SUCCEEDED"
    names = table(home, "silver/readings")["delivery_id"].unique().to_list()
    assert delivery["delivery_id"] in names


def test_what_was_normal_is_forgotten_with_the_records_that_said_so(
    home: Path, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """A wrong unit that was let in at first makes the right one look wrong, until it is out."""
    wrong = changed(made, tmp_path, lambda row: times_a_thousand([f"9{row[0]}", *row[1:]]))
    (first,) = document(home, "ingest", wrong, *FLEET, code=3)["deliveries"]
    document(home, "review", first["delivery_id"], "accept", "--reason", "why not")
    quick(home, "ingest", str(made[1]), *FLEET)
    assert table(home, "quality/normals").height > 0
    document(home, "review", first["delivery_id"], "quarantine", "--reason", "it was wrong")
    assert table(home, "quality/normals").height == 0
