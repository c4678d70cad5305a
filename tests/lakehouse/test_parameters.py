"""Training parameters: checked where they are named, the same for form and command."""

import pytest

from lakehouse.parameters import ParameterError, Parameters, allowed


def test_what_is_not_named_keeps_its_default() -> None:
    given = Parameters.parse(["rounds=300", " coverage = 0.8 "])
    assert given == Parameters(rounds=300, coverage=0.8)
    assert Parameters.parse([]) == Parameters()


@pytest.mark.parametrize("name", list(Parameters.model_fields))
def test_every_parameter_says_what_it_is_and_may_be(name: str) -> None:
    assert Parameters.model_fields[name].description
    assert "from" in allowed(name)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["rounds=5"], ["rounds", "'5'", "10 to 2000"]),
        (["rounds=many"], ["rounds", "'many'", "a whole number"]),
        (["coverage=nan"], ["coverage", "0.5 to 0.99"]),
        (["colour=red"], ["'colour' is unknown", "rounds"]),
        (["rounds"], ["'rounds'", "NAME=VALUE"]),
        (["rounds=20", "rounds=30"], ["given twice"]),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(
    pairs: list[str], words: list[str]
) -> None:
    with pytest.raises(ParameterError) as error:
        Parameters.parse(pairs)
    assert all(word in str(error.value) for word in words)


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Parameters().rounds = 5  # type: ignore[misc]
