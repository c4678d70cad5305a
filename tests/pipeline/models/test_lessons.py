"""The lessons: which flights teach whom, what, and with which weight."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from pipeline.models.learners import FAR, LIFE, NEAR, SPREAD
from pipeline.models.lessons import TAUGHT, Lessons

LESSONS = Lessons(label_cycles=20, horizon=125, far=150.0, stride=4)
LIVES = pl.DataFrame({"cycle": np.arange(1, 201), "remaining": np.arange(199, -1, -1)})


def shown(name: str, lessons: Lessons = LESSONS) -> pl.DataFrame:
    """Cycle, remaining, label and weight of the flights that teach a learner."""
    learner = next(learner for learner in TAUGHT if learner.name == name)
    teaching = lessons.of(learner)
    weight = nw.lit(1.0) if teaching.weight is None else teaching.weight
    rows = nw.from_native(LIVES).filter(teaching.rows)
    frame: pl.DataFrame = rows.with_columns(label=teaching.label, weight=weight).to_native()
    return frame


def test_remaining_life_is_learnt_from_every_so_many_th_flight_up_to_the_horizon() -> None:
    life = shown(LIFE.name)
    assert life["cycle"].to_list() == list(range(4, 201, 4))
    assert (life["label"] == life["remaining"].clip(upper_bound=125)).all()
    assert life["label"].dtype == pl.Float64


def test_life_without_a_cap_is_learnt_where_it_can_be_told() -> None:
    far = shown(FAR.name)
    assert far["cycle"].to_list() == list(range(52, 201, 4))
    assert (far["label"] == far["remaining"]).all()


def test_the_last_flights_are_shown_more_often_and_the_others_weigh_more() -> None:
    near = shown(NEAR.name)
    late = near.filter(pl.col("remaining") < 60)
    early = near.filter(pl.col("remaining") >= 60)
    assert late["cycle"].to_list() == list(range(142, 201, 2))
    assert early["cycle"].to_list() == list(range(12, 141, 12))
    assert set(late["weight"]) == {1.0}
    assert set(early["weight"]) == {12 / 2}
    assert (near["label"] == (near["remaining"] < 20)).all()


def test_what_is_taught_is_what_any_learner_is_shown() -> None:
    taught = nw.from_native(LIVES).filter(LESSONS.taught)["cycle"].to_list()
    assert taught == sorted({c for learner in TAUGHT for c in shown(learner.name)["cycle"]})


def test_without_thinning_remaining_life_is_learnt_from_all_flights() -> None:
    every = Lessons(label_cycles=20, horizon=125, far=150.0, stride=1)
    assert len(shown(LIFE.name, every)) == 200
    assert shown(NEAR.name, every)["weight"].to_list()[-60:] == [1.0] * 60


def test_the_expected_error_is_not_taught_here() -> None:
    with pytest.raises(KeyError):
        LESSONS.of(SPREAD)
