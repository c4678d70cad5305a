"""What Spark needs beside the pyspark wheel: a few jars, locked by content, and a Java."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LOCK = Path(__file__).with_name("jars.lock")
GROUPS = ("delta", "kafka")
OLDEST_JAVA = 17

_SCRATCH = ".fetch-"
_LOG = "fetch.log"
# Seconds for a connection and for its next byte; Ivy by itself would wait for ever.
_CONNECT, _READ = 15, 30
_INSTALL = """Install one:
  Debian, Ubuntu   apt-get install openjdk-17-jre-headless
  Fedora           dnf install java-17-openjdk-headless
  macOS            brew install openjdk@17
or set JAVA_HOME to the folder of one that is there already."""


class SparkSetupError(RuntimeError):
    """A jar or Java is missing; the message says which and exactly what to do."""


class _Refused(Exception):
    """Why the resolver gave nothing of use."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock.

    Attributes:
        coordinates: ``group:artifact:version``, as Maven writes them.
        sha256: of the file's content; anything else is refused.
        group: what needs the jar, one of :data:`GROUPS`.
    """

    coordinates: str
    sha256: str
    group: str

    @property
    def file_name(self) -> str:
        """Its name in Maven's repositories and in the folder of the jars."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


@cache
def _lock() -> tuple[Jar, ...]:
    lines = (line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#"))
    return tuple(Jar(*words) for words in lines if words)


def locked(group: str | None = None) -> tuple[Jar, ...]:
    """The jars of the lock, in its order: all of them, or those of one group."""
    return tuple(jar for jar in _lock() if group in (None, jar.group))


def jar_folder(setting: Path | None) -> Path:
    """The folder of the jars: as it is set, else a cache of the user."""
    if setting is not None:
        return setting
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = named if named.is_absolute() else Path.home() / ".cache"
    return base / "stillwater" / "jars"


def check(folder: Path, groups: tuple[str, ...]) -> tuple[Path, ...]:
    """The jars of some groups, each with the content that the lock names.

    A file is hashed once in a process, and again when its size or time has changed.

    Raises:
        SparkSetupError: naming each jar that is missing or altered, its coordinates, the folder
            and the command that fetches it.
    """
    jars = _of(groups)
    faults = _faults(folder, jars)
    if faults:
        lines = "\n".join(
            f"  {jar.file_name} {reason} ({jar.coordinates})" for jar, reason in faults.items()
        )
        raise SparkSetupError(
            f"Spark lacks jars in the folder {folder}:\n{lines}\n"
            "Run `stillwater spark setup`: it fetches them into that folder and checks them."
        )
    return tuple(folder / jar.file_name for jar in jars)


def fetch(folder: Path, groups: tuple[str, ...], say: Callable[[str], None]) -> tuple[Path, ...]:
    """Bring what is missing of some groups into the folder, by Spark's own resolver.

    What is there and right is kept, and then nothing is started. A file appears whole and checked
    or not at all, also when several processes fetch at once.

    Args:
        folder: where the jars go; made when it is not there.
        groups: which jars, of :data:`GROUPS`.
        say: called with a line before each jar that is fetched.

    Returns:
        The files, in the lock's order.

    Raises:
        SparkSetupError: there is no Java, the folder cannot be written, or a jar could not be
            had; the message then says which file to put where.
    """
    jars = _of(groups)
    if _faults(folder, jars):
        find_java()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                _bring(folder, list(_faults(folder, jars)), say)
        except _Refused as refusal:
            raise SparkSetupError(_by_hand(folder, jars, str(refusal))) from None
        except OSError as error:
            raise SparkSetupError(
                f"the jars cannot be put into {folder}: {error}. Make that folder writable or set "
                "another one: spark.jars (STILLWATER_SPARK__JARS)"
            ) from None
    return check(folder, groups)


def find_java() -> Path:
    """The Java that Spark will start: JAVA_HOME's, else the first on the PATH.

    Raises:
        SparkSetupError: there is none, or it is older than Spark needs; the message says how to
            install one.
    """
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if found is None:
        raise SparkSetupError(
            f"Spark needs Java {OLDEST_JAVA} or later and there is none. {_INSTALL}"
        )
    version = _java_version(found)
    if version is None or version < OLDEST_JAVA:
        whose = f"JAVA_HOME is {home}, and " if home else ""
        what = "cannot be run" if version is None else f"is version {version}"
        raise SparkSetupError(
            f"Spark needs Java {OLDEST_JAVA} or later; {whose}{found} {what}. {_INSTALL}"
        )
    return Path(found)


def _java_version(java: str) -> int | None:
    """Its feature version: 8 for 1.8.0, 17 for 17.0.15; None when it does not run."""
    try:
        done = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    told = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(told[1]) if told else None


def _of(groups: tuple[str, ...]) -> tuple[Jar, ...]:
    return tuple(jar for jar in _lock() if jar.group in groups)


def _faults(folder: Path, jars: tuple[Jar, ...]) -> dict[Jar, str]:
    """The jars that are not in the folder as the lock wants them, and why."""
    reasons = ((jar, _reason(folder / jar.file_name, jar.sha256)) for jar in jars)
    return {jar: reason for jar, reason in reasons if reason}


def _reason(path: Path, wanted: str) -> str | None:
    """Why a file is not the wanted one."""
    if not path.is_file():
        return "is missing"
    try:
        state = path.stat()
        found = _sha256(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if found == wanted else f"is altered: its sha256 is {found}, not {wanted}"


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, mtime: int) -> str:  # noqa: ARG001  (part of the cache's key)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One fetch at a time; what a killed one left behind is removed."""
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for left in folder.glob(f"{_SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _bring(folder: Path, jars: list[Jar], say: Callable[[str], None]) -> None:
    if not jars:
        return
    with (
        TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch,
        _resolver(Path(scratch), folder / _LOG) as resolve,
    ):
        for jar in jars:
            say(f"fetching {jar.coordinates}")
            came = resolve(jar)
            reason = _reason(came, jar.sha256)
            if reason:
                raise _Refused(f"what came as {jar.coordinates} {reason}")
            came.replace(folder / jar.file_name)


@contextmanager
def _resolver(scratch: Path, log: Path) -> Iterator[Callable[[Jar], Path]]:
    """Spark's resolver of coordinates, in a JVM without a SparkContext that ends with the block."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkRuntimeError
    from pyspark.java_gateway import launch_gateway

    with log.open("wb") as chatter:
        try:
            gateway: Any = launch_gateway(  # type: ignore[no-untyped-call]
                popen_kwargs={"stdout": chatter, "stderr": chatter}
            )
        except PySparkRuntimeError:
            raise _Refused(f"Spark's JVM did not start; {log} says why") from None

        def resolve(jar: Jar) -> Path:
            group, artifact, version = jar.coordinates.split(":")
            try:
                _resolve(gateway.jvm, jar.coordinates, scratch)
            except Py4JError:
                raise _Refused(f"{jar.coordinates} was not to be had; {log} says why") from None
            return scratch / "jars" / f"{group}_{artifact}-{version}.jar"

        try:
            yield resolve
        finally:
            _end(gateway)


def _resolve(jvm: Any, coordinates: str, scratch: Path) -> None:
    """Have one jar put into ``scratch/jars``, without those that it depends on."""
    maven, option = jvm.org.apache.spark.util.MavenUtils, jvm.scala.Option
    chatter = jvm.java.lang.System.err
    settings = maven.buildIvySettings(option.empty(), option.apply(str(scratch)), False, chatter)
    patience = jvm.org.apache.ivy.core.settings.NamedTimeoutConstraint("patience")
    patience.setConnectionTimeout(_CONNECT * 1000)
    patience.setReadTimeout(_READ * 1000)
    settings.addConfigured(patience)
    for resolver in settings.getResolvers().toArray():
        resolver.setTimeoutConstraint("patience")
        resolver.validate()
    no_exclusions = getattr(getattr(jvm.scala.collection.immutable, "Nil$"), "MODULE$")
    maven.resolveMavenCoordinates(
        coordinates, settings, option.empty(), False, no_exclusions, False, chatter
    )


def _end(gateway: Any) -> None:
    """End the gateway's JVM, unless it is the one that this process itself was started from."""
    if gateway.proc is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()
    try:
        gateway.proc.wait(10)
    except subprocess.TimeoutExpired:
        gateway.proc.kill()
        gateway.proc.wait()


def _by_hand(folder: Path, jars: tuple[Jar, ...], why: str) -> str:
    lines = "\n".join(
        f"  {jar.file_name}\n    coordinates {jar.coordinates}\n    sha256      {jar.sha256}"
        for jar in _faults(folder, jars)
    )
    return (
        f"Spark's jars could not be fetched: {why}.\n"
        "Behind a mirror of Maven Central: name it in DEFAULT_ARTIFACT_REPOSITORY and run "
        "`stillwater spark setup` again.\n"
        f"Without a network: put these files into the folder {folder}\n{lines}\n"
        "and run `stillwater spark setup` again: it checks them."
    )
