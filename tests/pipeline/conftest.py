"""What the tests of streams share: the files of one fleet, and a home that took them at once."""

from pathlib import Path

import pytest

from tests.pipeline.killed_stream import load, write_parts


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty files."""
    return write_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, parts: Path) -> Path:
    """A home that took all of them at once."""
    return load(tmp_path_factory.mktemp("loaded") / "var", parts)
