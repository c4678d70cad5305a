"""The jars of the Spark engine: locked, checked, fetched once; and the Java that runs them."""

import multiprocessing
import os
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

from lakehouse.engines import jars
from lakehouse.engines.jars import GROUPS, SparkSetupError, locked
from tests.lakehouse.engines.mirror import delta_jars, java, mirror, only

SPARK, STORAGE = locked("delta")


def silent(line: str) -> None:
    pytest.fail(f"nothing was to be fetched: {line}")


def fetch_and_note(folder: Path, notes: Path) -> None:
    said: list[str] = []
    jars.fetch(folder, ("delta",), said.append)
    notes.write_text("\n".join(said))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only repository that can be reached: it holds the two jars of Delta."""
    contents = [path.read_bytes() for path in delta_jars()]
    mirror(tmp_path / "mirror", zip(locked("delta"), contents, strict=True))
    only(monkeypatch, tmp_path / "mirror")
    return tmp_path / "mirror"


def test_the_lock_fits_the_installed_spark() -> None:
    """Other versions of the wheels need other jars."""
    spark, delta = version("pyspark"), version("delta-spark")
    minor = ".".join(spark.split(".")[:2])
    coordinates = [jar.coordinates for jar in locked()]
    assert f"io.delta:delta-spark_{minor}_2.13:{delta}" in coordinates
    assert f"io.delta:delta-storage:{delta}" in coordinates
    assert f"org.apache.spark:spark-sql-kafka-0-10_2.13:{spark}" in coordinates
    assert f"org.apache.spark:spark-token-provider-kafka-0-10_2.13:{spark}" in coordinates


def test_every_line_of_the_lock_names_a_content_and_a_group() -> None:
    """A jar without a hash would be taken unseen."""
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in locked())
    assert {jar.group for jar in locked()} == set(GROUPS)
    assert len({jar.file_name for jar in locked()}) == len(locked())
    assert SPARK.file_name == f"delta-spark_4.2_2.13-{version('delta-spark')}.jar"


def test_a_missing_jar_is_told_with_coordinates_folder_and_command(tmp_path: Path) -> None:
    """Each of them, not the first only."""
    with pytest.raises(SparkSetupError) as told:
        jars.check(tmp_path, GROUPS)
    message = str(told.value)
    assert str(tmp_path) in message
    assert "stillwater spark setup" in message
    for jar in locked():
        assert f"{jar.file_name} is missing ({jar.coordinates})" in message


@pytest.mark.spark
def test_only_the_altered_jar_is_named(tmp_path: Path) -> None:
    """One byte more is enough, also when the file was right before."""
    for path in delta_jars():
        shutil.copy(path, tmp_path)
    paths = jars.check(tmp_path, ("delta",))
    assert [path.name for path in paths] == [SPARK.file_name, STORAGE.file_name]
    with paths[1].open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SparkSetupError) as told:
        jars.check(tmp_path, ("delta",))
    assert f"{STORAGE.file_name} is altered: its sha256 is " in str(told.value)
    assert SPARK.file_name not in str(told.value)


@pytest.mark.spark
def test_a_jar_is_hashed_once_while_its_size_and_time_stay(tmp_path: Path) -> None:
    """What only a second hash could find is found by the next process."""
    path = Path(shutil.copy(delta_jars()[1], tmp_path))
    shutil.copy(delta_jars()[0], tmp_path)
    jars.check(tmp_path, ("delta",))
    state = path.stat()
    path.write_bytes(bytes(state.st_size))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    jars.check(tmp_path, ("delta",))
    path.touch()
    with pytest.raises(SparkSetupError, match="is altered"):
        jars.check(tmp_path, ("delta",))


@pytest.mark.spark
def test_a_fetch_brings_what_is_missing_and_keeps_what_is_right(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An altered jar is replaced, a killed fetch swept away; the next fetch starts no Java."""
    folder = tmp_path / "jars"
    (folder / ".fetch-killed" / "jars").mkdir(parents=True)
    shutil.copy(delta_jars()[0], folder)
    (folder / STORAGE.file_name).write_bytes(b"altered")
    kept = (folder / SPARK.file_name).stat()
    said: list[str] = []
    paths = jars.fetch(folder, ("delta",), said.append)
    assert said == [f"fetching {STORAGE.coordinates}"]
    assert paths == (folder / SPARK.file_name, folder / STORAGE.file_name)
    assert paths[0].stat().st_ino == kept.st_ino
    assert not list(folder.glob(".fetch-*"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "no java here"))
    assert jars.fetch(folder, ("delta",), silent) == paths


@pytest.mark.spark
def test_two_processes_that_fetch_at_once_fetch_once(tmp_path: Path, repository: Path) -> None:
    """The second waits for the first and then finds the files there."""
    spawn = multiprocessing.get_context("spawn")
    notes = [tmp_path / "a.txt", tmp_path / "b.txt"]
    both = [spawn.Process(target=fetch_and_note, args=(tmp_path / "jars", note)) for note in notes]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    told = "\n".join(note.read_text() for note in notes).strip()
    assert told.splitlines() == [f"fetching {jar.coordinates}" for jar in (SPARK, STORAGE)]


@pytest.mark.spark
def test_without_a_network_every_missing_jar_is_listed_for_doing_it_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, coordinates, hash and folder, and nothing half done."""
    only(monkeypatch, tmp_path / "empty")
    folder = tmp_path / "jars"
    with pytest.raises(SparkSetupError) as told:
        jars.fetch(folder, GROUPS, lambda _: None)
    message = str(told.value)
    assert str(folder) in message
    assert "stillwater spark setup" in message
    for jar in locked():
        for words in (jar.file_name, jar.coordinates, jar.sha256):
            assert words in message
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "fetch.log"]
    assert "UNRESOLVED DEPENDENCIES" in (folder / "fetch.log").read_text()


@pytest.mark.spark
def test_a_repository_that_gives_other_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They never lie in the folder under the jar's name."""
    mirror(tmp_path / "mirror", [(SPARK, b"not what was locked")])
    only(monkeypatch, tmp_path / "mirror")
    with pytest.raises(SparkSetupError, match=f"came as {SPARK.coordinates} is altered"):
        jars.fetch(tmp_path / "jars", ("delta",), lambda _: None)
    assert not list((tmp_path / "jars").glob("*.jar"))


@pytest.mark.spark
def test_a_folder_that_cannot_be_made_is_told_with_the_setting(tmp_path: Path) -> None:
    """Another folder can be set."""
    (tmp_path / "file").touch()
    with pytest.raises(SparkSetupError, match="STILLWATER_SPARK__JARS"):
        jars.fetch(tmp_path / "file" / "jars", ("delta",), silent)


def test_the_jars_lie_where_it_is_set_or_in_the_user_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative cache folder would depend on where a command is started: it does not count."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert jars.jar_folder(Path("/set")) == Path("/set")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert jars.jar_folder(None) == Path("/cache/stillwater/jars")
    for none in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", none)
        assert jars.jar_folder(None) == tmp_path / ".cache" / "stillwater" / "jars"


@pytest.mark.parametrize(("told", "said"), [("11.0.22", "11"), ("1.8.0_402", "8")])
def test_a_java_that_is_too_old_is_refused_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, said: str
) -> None:
    """The message names the one that was found and how to install a newer one."""
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path, told)))
    with pytest.raises(SparkSetupError) as refused:
        jars.find_java()
    message = str(refused.value)
    assert f"JAVA_HOME is {tmp_path}, and {tmp_path}/bin/java is version {said}." in message
    assert "apt-get install openjdk-17-jre-headless" in message


def test_a_java_home_without_java_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark would start that one, whatever is on the PATH."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SparkSetupError, match=f"{tmp_path}/bin/java cannot be run"):
        jars.find_java()


def test_no_java_at_all_is_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each kind of system."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SparkSetupError, match="Java 17 or later and there is none") as told:
        jars.find_java()
    for command in ("apt-get install", "dnf install", "brew install", "JAVA_HOME"):
        assert command in str(told.value)


def test_a_java_that_is_new_enough_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By JAVA_HOME, else on the PATH."""
    home = java(tmp_path, "17")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert jars.find_java() == home / "bin" / "java"
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert jars.find_java() == home / "bin" / "java"
