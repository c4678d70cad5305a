"""A home says which format it is of; one of a newer Stillwater is refused."""

import json
from pathlib import Path

import pytest

from lakehouse.home_format import FORMAT, NAME, HomeFormatError, check_home, mark_home


def test_a_new_home_is_of_this_format(tmp_path: Path) -> None:
    mark_home(tmp_path)
    assert json.loads((tmp_path / NAME).read_text())["format"] == FORMAT
    check_home(tmp_path)


def test_a_home_from_before_there_was_a_mark_is_taken_as_it_is(tmp_path: Path) -> None:
    check_home(tmp_path)


def test_a_mark_stays_as_it_was_written(tmp_path: Path) -> None:
    """Who opens a home does not claim to have made it."""
    (tmp_path / NAME).write_text('{"format": 1, "stillwater": "0.0.9"}')
    mark_home(tmp_path)
    assert "0.0.9" in (tmp_path / NAME).read_text()


def test_a_home_of_a_newer_stillwater_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps({"format": FORMAT + 1, "stillwater": "9.1"}))
    with pytest.raises(HomeFormatError, match=r"written by Stillwater 9\.1.*Install that release"):
        check_home(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x", "stillwater": "1"}'])
def test_a_mark_that_says_nothing_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(HomeFormatError, match=NAME):
        check_home(tmp_path)
