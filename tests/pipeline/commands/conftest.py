"""A small home with a live model, made once; each test works on a copy."""

import shutil
from pathlib import Path

import pytest

from pipeline.sources.simulator import simulate
from tests.pipeline.command import FAST, document


@pytest.fixture(scope="session")
def fleet_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of 30 simulated engines with one published model; to be looked at only."""
    folder = tmp_path_factory.mktemp("fleet")
    files = [delivered.source for delivered in simulate(folder, 30)]
    for file, kind in zip(files, ("history", "in_service", "truth"), strict=True):
        document(folder / "var", "ingest", file, "--fleet", "F", "--kind", kind)
    assert document(folder / "var", "retrain", *FAST)["pushed"]
    return folder / "var"


@pytest.fixture
def home(fleet_home: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(fleet_home, tmp_path / "var"))
