"""What every test may use: a home of its own, NASA's files where they are, and a real browser."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from lakehouse.settings import Settings

ROOT = Path(__file__).parent.parent
# A property either holds or not; how fast it was tried belongs into a benchmark.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")
DATA = Path(os.environ.get("STILLWATER_TEST_DATA", ROOT.parent / "shared" / "data"))


def missing(reason: str) -> None:
    """Skip for a part that this machine lacks; on CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def nasa() -> Path:
    """The folder with NASA's files (cmapss, phm08)."""
    if not (DATA / "cmapss").is_dir():
        pytest.skip(f"NASA's files are not in {DATA}; set STILLWATER_TEST_DATA to their folder")
    return DATA


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty home, untouched by the environment."""
    for name in list(os.environ):
        if name.startswith("STILLWATER_") and name != "STILLWATER_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Settings.load(home=tmp_path / "var")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("no Chromium on this machine: `apt-get install chromium`")
    assert found is not None
    return found
