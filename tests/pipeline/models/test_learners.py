"""The trees: the same lesson gives the same bytes, whatever the machine does beside."""

import numpy as np
import pytest

from lakehouse.parameters import Parameters
from pipeline.models.learners import FAR, LIFE, NEAR, SPREAD, Lesson, predict, train

PARAMETERS = Parameters(rounds=15, depth=4)


def lesson() -> Lesson:
    random = np.random.default_rng(5)
    inputs = random.normal(size=(4_000, 12)).astype(np.float32)
    return Lesson(inputs, (inputs[:, 0] > 0.5).astype(float) + 0.01 * inputs[:, 1])


def test_threads_change_no_byte_of_the_model() -> None:
    one = train(LIFE, lesson(), PARAMETERS, threads=1)
    assert train(LIFE, lesson(), PARAMETERS, threads=1) == one
    assert train(LIFE, lesson(), PARAMETERS, threads=2) == one


def test_another_seed_is_another_model() -> None:
    other = PARAMETERS.model_copy(update={"seed": 1})
    assert train(LIFE, lesson(), other, 1) != train(LIFE, lesson(), PARAMETERS, 1)


def test_a_model_says_what_it_learned() -> None:
    said = predict(train(LIFE, lesson(), PARAMETERS, 1), lesson().inputs, 1)
    assert np.corrcoef(said, lesson().label)[0, 1] > 0.9
    assert predict(train(LIFE, lesson(), PARAMETERS, 1), lesson().inputs[:0], 1).shape == (0,)


def test_the_classifier_says_probabilities() -> None:
    binary = Lesson(lesson().inputs, np.round(np.clip(lesson().label, 0, 1)).astype(np.float64))
    said = predict(train(NEAR, binary, PARAMETERS, 1), binary.inputs, 1)
    assert said.min() >= 0
    assert said.max() <= 1


def test_a_tick_can_cancel_a_training() -> None:
    rounds = []

    def tick() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(LIFE, lesson(), PARAMETERS, 1, tick)
    assert len(rounds) == 3


def test_fewer_rounds_take_longer_steps() -> None:
    for learner in (LIFE, FAR, NEAR, SPREAD):
        few = learner.settings(Parameters(rounds=10))
        many = learner.settings(Parameters(rounds=2000))
        assert 0 < many["eta"] < few["eta"] <= 0.3
        assert many["max_depth"] >= 2
