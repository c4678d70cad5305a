"""What every test may use: a home of its own, NASA's files where they are, and a real browser."""

import functools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import expect
from xdist.scheduler import LoadScopeScheduling

from lakehouse.engines import jars
from lakehouse.settings import Settings, SparkSettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from lakehouse.engines.spark import SparkEngine

ROOT = Path(__file__).parent.parent
# A property either holds or not; how fast it was tried belongs into a benchmark.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")
SPARK = "spark"
# A JVM of a few minutes is done before its second compiler has paid for itself.
SHORT_LIVED = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}
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


@pytest.fixture(scope="session")
def tfdv() -> Path:
    """The folder with what TensorFlow Data Validation says of some data."""
    folder = DATA / "tfdv"
    if not folder.is_dir():
        pytest.skip(f"what TFDV says is not in {DATA}; set STILLWATER_TEST_DATA to its folder")
    return folder


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty home, untouched by the environment."""
    for name in list(os.environ):
        if name.startswith("STILLWATER_") and name != "STILLWATER_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Settings.load(home=tmp_path / "var")


@pytest.fixture(scope="session")
def spark_engine(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkEngine]":
    """The Spark engine on this machine; all tests share its one warm session."""
    from lakehouse.engines import session
    from lakehouse.engines.spark import SparkEngine

    try:
        jars.find_java()
    except jars.SparkSetupError as error:
        missing(str(error))
    yield SparkEngine(
        SparkSettings(master="local[2]", partitions=2, conf=SHORT_LIVED),
        tmp_path_factory.mktemp("spark") / "spark.log",
    )
    session.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("no Chromium on this machine: `apt-get install chromium`")
    assert found is not None
    # What is right is right also on a busy machine.
    expect.set_options(timeout=60_000)
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> "Iterator[Browser]":
    """One for all tests of a file."""
    from tests.browsing import launched

    with launched(chromium) as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spark's work takes longest, so it begins first."""
    items.sort(key=lambda item: not _has_spark(item.location[0]))


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Shares the tests out between processes: a file stays together, and so does Spark's work.

    Two clusters at once would starve each other. (xdist's own groups need node names that can be
    changed, which pytest 9.2 does not allow.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return SPARK if _has_spark(file) else file


@functools.cache
def _has_spark(file: str) -> bool:
    return f"mark.{SPARK}" in (ROOT / file).read_text()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Whatever ``--dist`` says."""
    return Together(config, log)
