"""The model as a value: its files, its words, and what it says when it knows little."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from pipeline.models.course import TRUST
from pipeline.models.failure import SIDECAR, FailureModel, ModelFileError
from tests.pipeline.models.fleets import features_of, fleet, taught

GRAPH, TRAINED = taught()
MODEL = TRAINED.model
SILVER = fleet(engines=4, seed=9)
SENSORS = [name for name in SILVER.columns if name.startswith("sensor_")]


def said(silver: pl.DataFrame) -> pl.DataFrame:
    return MODEL.predict(features_of(GRAPH, silver))


def test_a_model_survives_its_files(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "m")
    again = FailureModel.load(tmp_path / "m")
    assert again.files == MODEL.files
    assert again.predict(features_of(GRAPH, SILVER)).equals(said(SILVER))


def test_the_side_car_says_what_the_trees_read(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    card = json.loads((tmp_path / SIDECAR).read_text())
    assert card["features"] == features_of(GRAPH, SILVER).columns[25:-4]
    assert card["label_cycles"] == 20
    assert card["window"]["coverage"] == 0.9
    assert card["libraries"]["xgboost"]
    assert set(card["sha256"]) == {path.name for path in tmp_path.glob("*.ubj")}
    assert not any(path.suffix in {".pkl", ".pickle"} for path in tmp_path.iterdir())


def test_no_id_and_no_time_is_inside() -> None:
    text = MODEL.files[SIDECAR].decode()
    assert not any(word in text for word in ("e-000", "run_id"))
    assert not re.search(r"\d{4}-\d{2}-\d{2}", text)


@pytest.mark.parametrize("name", ["near.ubj", "life_0.ubj"])
def test_an_altered_tree_is_refused_before_it_is_parsed(tmp_path: Path, name: str) -> None:
    MODEL.save(tmp_path)
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ModelFileError, match=name):
        FailureModel.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 99}'])
def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelFileError):
        FailureModel.load(tmp_path)
    (tmp_path / SIDECAR).write_text(text)
    with pytest.raises(ModelFileError):
        FailureModel.load(tmp_path)


def test_every_flight_gets_one_answer_with_the_promised_columns() -> None:
    answer = said(SILVER)
    assert answer.select("fleet", "engine", "cycle").equals(
        SILVER.select("fleet", "engine", "cycle")
    )
    assert answer.columns[3:] == ["probability", "window_from", "window_to", "coverage", "rul"]
    assert answer.schema["window_from"] == answer.schema["window_to"] == pl.Int64


def test_a_window_lies_ahead_and_holds_the_estimate() -> None:
    answer = said(SILVER)
    assert (answer["window_from"] >= answer["cycle"]).all()
    assert ((answer["window_to"] - answer["window_from"]).drop_nulls() >= 0).all()
    expected = answer["cycle"] + answer["rul"]
    assert (expected >= answer["window_from"]).all()
    assert (expected <= answer["window_to"]).drop_nulls().all()


def test_an_engine_near_its_failure_is_known() -> None:
    last = said(SILVER).sort("cycle").group_by("engine").last()
    first = said(SILVER).sort("cycle").group_by("engine").first()
    assert (last["probability"] > 0.5).all()
    assert (first["probability"] < 0.5).all()
    assert last["rul"].mean() < first["rul"].mean()  # type: ignore[operator]


def test_unheard_engines_get_an_open_window_and_no_false_comfort() -> None:
    silent = SILVER.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in SENSORS)
    answer = said(silent)
    assert answer["window_to"].null_count() == len(answer)
    assert (answer["window_from"] == answer["cycle"]).all()
    assert (answer["probability"] >= MODEL.card.positives).all()


def test_frozen_sensors_get_an_open_window() -> None:
    stuck = SILVER.with_columns(pl.col(name).first().over("engine") for name in SENSORS)
    late = said(stuck).filter(pl.col("cycle") > 30)
    assert late["window_to"].null_count() == len(late)


def test_a_record_that_starts_late_gets_an_open_window() -> None:
    late = said(SILVER.filter(pl.col("cycle") > 40))
    assert late["window_to"].null_count() == len(late)


def test_missing_sensors_and_gaps_widen_the_window() -> None:
    def caution(silver: pl.DataFrame) -> float:
        trust = features_of(GRAPH, silver).select(TRUST).to_numpy().astype(float)
        return float(MODEL.card.limits.caution(trust).mean())

    assert caution(SILVER) < 1.05
    assert caution(SILVER.drop("sensor_2", "sensor_3")) > 1.2
    assert caution(SILVER.filter(pl.col("cycle") % 2 == 1)) > 1.5


def test_no_rows_give_no_rows() -> None:
    assert said(SILVER.head(0)).is_empty()
