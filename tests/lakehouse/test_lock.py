"""The lake lock."""

import multiprocessing
from pathlib import Path

import pytest

from lakehouse.lock import LockedError, lake_lock


def try_to_write(home: Path) -> None:
    with lake_lock(home):
        pass


def test_there_is_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second process is refused while the first writes, and let in afterwards."""
    with lake_lock(tmp_path):
        other = multiprocessing.get_context("spawn").Process(target=try_to_write, args=(tmp_path,))
        other.start()
        other.join()
        assert other.exitcode == 1
        with pytest.raises(LockedError, match=str(tmp_path)), lake_lock(tmp_path):
            pass
    try_to_write(tmp_path)
