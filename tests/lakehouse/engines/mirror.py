"""A mirror of Maven Central in a folder, and Javas that are not what Spark needs."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from lakehouse.engines import jars
from lakehouse.engines.jars import Jar
from tests.conftest import missing

# Nothing listens on port 9; whatever is not in the mirror is refused there and never leaves here.
NO_NETWORK = " ".join(
    f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort=9" for scheme in ("http", "https")
)


def delta_jars() -> tuple[Path, ...]:
    """The two jars of Delta from the user's own cache, where `stillwater spark setup` left them."""
    try:
        return jars.fetch(jars.jar_folder(None), ("delta",), print)
    except jars.SparkSetupError as error:
        missing(str(error))
        raise


def mirror(folder: Path, contents: Iterable[tuple[Jar, bytes]]) -> None:
    """Lay out a repository that holds some jars with some content."""
    for jar, content in contents:
        group, artifact, version = jar.coordinates.split(":")
        home = folder / group.replace(".", "/") / artifact / version
        home.mkdir(parents=True)
        (home / jar.file_name).write_bytes(content)
        (home / f"{artifact}-{version}.pom").write_text(
            "<project><modelVersion>4.0.0</modelVersion>"
            f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version></project>"
        )


def only(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    """Let Spark's resolver reach this repository and nothing else."""
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", f"{repository.as_uri()}/")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", NO_NETWORK)


def java(folder: Path, version: str) -> Path:
    """A home of a Java that says it is of some version and can do nothing else."""
    script = folder / "bin" / "java"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2018-09-25' >&2\n")
    script.chmod(0o755)
    return folder
