"""What NASA's file names say."""

import pytest

from pipeline.sources.nasa import Named, belongs, engine_name, named


@pytest.mark.parametrize(
    ("name", "fleet", "kind", "prefix"),
    [
        ("train_FD001.txt", "FD001", "history", "train"),
        ("test_FD004.txt.gz", "FD004", "in_service", "test"),
        ("RUL_FD003.txt", "FD003", "truth", "test"),
        ("train.txt", "PHM08", "history", "train"),
        ("train_5digits.txt.gz", "PHM08", "history", "train"),
        ("test_truncated.txt.gz", "PHM08", "in_service", "test"),
        ("final_test.txt", "PHM08", "in_service", "final"),
        ("train_FD002_5digits.txt", "FD002", "history", "train"),
    ],
)
def test_names_say_fleet_and_kind(name: str, fleet: str, kind: str, prefix: str) -> None:
    assert named(name) == Named(fleet, kind, prefix)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        "readme.txt",
        "train_FD001.csv",
        "Train_FD001.txt",
        "train_FD001.txt.zip",
        "train_unit216_fullprecision.txt.gz",
        "my_train_FD001.txt",
        "train_FD.txt",
        "train_FD001.txt\n",
    ],
)
def test_other_names_say_nothing(name: str) -> None:
    assert named(name) is None


def test_truth_belongs_to_its_test_file() -> None:
    """By fleet and set; the final test of the challenge has another truth."""
    assert belongs("RUL_FD001.txt", "test_FD001.txt.gz")
    assert not belongs("RUL_FD001.txt", "test_FD002.txt")
    assert not belongs("RUL_FD001.txt", "train_FD001.txt")
    assert not belongs("RUL.txt", "final_test.txt")


def test_engine_names_have_at_least_three_digits() -> None:
    assert [engine_name("train", n) for n in (1, 999, 1000)] == [
        "train-001",
        "train-999",
        "train-1000",
    ]
