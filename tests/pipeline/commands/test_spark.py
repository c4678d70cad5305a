"""`stillwater spark setup`: what a person and a script are told."""

from pathlib import Path

import pytest

from lakehouse.engines.jars import find_java, locked
from tests.lakehouse.engines.mirror import delta_jars, java, mirror, only
from tests.pipeline.command import document, quick

DELTA = [jar.file_name for jar in locked("delta")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of jars; the only repository that can be reached has Delta's."""
    contents = [path.read_bytes() for path in delta_jars()]
    mirror(tmp_path / "mirror", zip(locked("delta"), contents, strict=True))
    only(monkeypatch, tmp_path / "mirror")
    monkeypatch.setenv("STILLWATER_SPARK__JARS", str(tmp_path / "jars"))
    return tmp_path / "jars"


@pytest.mark.spark
def test_setup_fetches_once(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second setup says the same and fetches nothing; it makes no home."""
    first = quick(tmp_path / "var", "spark", "setup", "--no-kafka")
    assert first.exit_code == 0, first.stderr
    assert first.stderr.splitlines() == [f"fetching {jar.coordinates}" for jar in locked("delta")]
    before = {path: path.stat() for path in folder.iterdir()}
    only(monkeypatch, tmp_path / "gone")
    again = quick(tmp_path / "var", "spark", "setup", "--no-kafka")
    assert (again.exit_code, again.stderr, again.stdout) == (0, "", first.stdout)
    assert {path: path.stat() for path in folder.iterdir()} == before
    told = document(tmp_path / "var", "spark", "setup", "--no-kafka")
    assert told == {"folder": str(folder), "jars": DELTA, "java": str(find_java())}
    assert not (tmp_path / "var").exists()


@pytest.mark.spark
def test_without_the_kafka_jars_setup_succeeds_with_a_warning(tmp_path: Path, folder: Path) -> None:
    """The engine works; only the Kafka source of streams is missing, and the jars are named."""
    done = quick(tmp_path / "var", "spark", "setup")
    assert done.exit_code == 0, done.stderr
    assert "warning: no Kafka source" in done.stderr
    for jar in locked("kafka"):
        assert jar.coordinates in done.stderr
    assert all(name in done.stdout for name in DELTA)


@pytest.mark.spark
def test_without_delta_s_jars_setup_fails(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5, and every jar is listed, Kafka's too: one walk with a stick is enough."""
    only(monkeypatch, tmp_path / "gone")
    done = quick(tmp_path / "var", "spark", "setup", "--json")
    assert (done.exit_code, done.stdout) == (5, "")
    for jar in locked():
        assert jar.sha256 in done.stderr


def test_without_java_setup_fails_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5."""
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path, "11")))
    done = quick(tmp_path / "var", "spark", "setup")
    assert done.exit_code == 5
    assert "apt-get install openjdk-17-jre-headless" in done.stderr
