"""What a training publishes of the flights and features that it learnt from."""

from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from lakehouse.artifacts import check
from lakehouse.records import Artifact
from lakehouse.settings import Settings
from lakehouse.tables import FEATURES, SILVER
from lakehouse.validation.files import STATISTICS, read_statistics
from lakehouse.validation.reading import Dataset, dataset
from pipeline.components.transform import fewer
from pipeline.home import Home, open_home
from pipeline.sources.simulator import simulate
from pipeline.steps.frames import collect
from tests.pipeline.command import FAST, document


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After an ingest of history."""
    home = tmp_path_factory.mktemp("taught") / "var"
    files = [each.source for each in simulate(tmp_path_factory.mktemp("files"), 30)]
    document(home, "ingest", files[0], "--fleet", "SIM", "--kind", "history")
    return home


@pytest.fixture(scope="module")
def trained(home: Path) -> dict[str, Any]:
    """What a small training said."""
    told: dict[str, Any] = document(home, "retrain", *FAST)
    return told


def opened(home: Path) -> Home:
    return open_home(Settings(home=home))


def published(home: Path, trained: dict[str, Any]) -> list[Artifact]:
    """The statistics that Transform wrote, raw ones first."""
    metadata = opened(home).metadata
    step = metadata.execution(trained["run_id"], "Transform")
    assert step is not None
    found = (used.artifact for used in metadata.outputs(step))
    return [artifact for artifact in found if artifact.type == "ExampleStatistics"]


def read(home: Path, artifact: Artifact) -> Dataset:
    check(home / artifact.uri)
    return dataset(read_statistics((home / artifact.uri / "Split-train" / STATISTICS).read_bytes()))


def test_both_are_outputs_of_the_step_and_say_what_they_are_of(
    home: Path, trained: dict[str, Any]
) -> None:
    """Under the transform's id, with fleet and version of silver."""
    raw, features = published(home, trained)
    assert features.name == f"{raw.name}.features"
    for artifact in (raw, features):
        assert artifact.properties["transform_id"] == raw.name
        assert artifact.properties["fleet"] == "SIM"
        assert artifact.properties["silver_version"] == trained["tables"][SILVER.name]
        assert artifact.properties["split_names"] == '["train"]'


def test_the_flights_are_those_of_the_failed_engines(home: Path, trained: dict[str, Any]) -> None:
    """All of silver here, for everybody's life is known."""
    told = read(home, published(home, trained)[0])
    silver = collect(opened(home).lake.scan(SILVER.name))
    assert told.examples == silver.height
    assert told.by_name["sensor_4"].numbers.mean == pytest.approx(silver["sensor_4"].mean())
    assert told.by_name["engine"].unique == silver["engine"].n_unique()


def test_the_features_are_those_of_the_table(home: Path, trained: dict[str, Any]) -> None:
    """Each column of the model's inputs, as gold/features holds it."""
    raw, features = published(home, trained)
    rows = opened(home).lake.scan(FEATURES.name).filter(nw.col("transform_id") == raw.name)
    table = collect(rows)
    told = read(home, features)
    assert told.examples == table.height
    name = next(name for name in told.by_name if name.startswith("life"))
    assert told.by_name[name].numbers.mean == pytest.approx(table[name].mean(), rel=1e-5)
    assert set(told.by_name) <= set(table.columns)


def test_another_training_of_the_same_flights_keeps_what_was_published(
    home: Path, trained: dict[str, Any]
) -> None:
    """The transform is the same, so its statistics are; they are its outputs too."""
    again = document(home, "retrain", *FAST, "--set", "depth=4")
    assert published(home, again) == published(home, trained)


def test_of_a_large_fleet_a_fair_sample_of_whole_engines_is_taken() -> None:
    """Never a part of a life, and always the same engines."""
    lives = [(f"e-{engine}", cycle) for engine in range(20) for cycle in range(1, 11)]
    flights = pl.DataFrame(lives, ["engine", "cycle"], orient="row").with_columns(
        fleet=pl.lit("F"), failure_cycle=pl.lit(10, pl.Int64), remaining=10 - pl.col("cycle")
    )
    taken = fewer(flights, 45)
    assert taken.height == 50
    assert taken.group_by("engine").len()["len"].to_list() == [10] * 5
    assert taken.equals(fewer(flights.sample(fraction=1, shuffle=True, seed=1), 45))
    assert fewer(flights, 1000) is flights
