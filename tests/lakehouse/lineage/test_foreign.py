"""Stores of others: read from a migrated copy, whatever they are, and never touched."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from ml_metadata.metadata_store import downgrade_schema
from ml_metadata.proto import metadata_store_pb2

from lakehouse.lineage.foreign import open_store, stamps_of
from lakehouse.lineage.reading import StoreError
from lakehouse.lineage.store import document
from lakehouse.metadata import Metadata
from tests.conftest import DATA
from tests.lakehouse.lineage.stores import chain

TFX, OLD = "tfx-1.16-fd001.sqlite", "mlmd-0.26-schema6.sqlite"


@pytest.fixture(scope="module")
def theirs() -> Path:
    """The folder of the stores that other programs wrote."""
    folder = DATA / "mlmd"
    if not folder.is_dir():
        pytest.skip(f"stores of others are not in {DATA}")
    return folder


@pytest.fixture
def copied(theirs: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of them, which a test may spoil."""

    def copy(name: str) -> Path:
        file = tmp_path / name
        shutil.copyfile(theirs / name, file)
        return file

    return copy


def changed(file: Path, statement: str) -> Path:
    """The store after a change that no library would make."""
    with sqlite3.connect(file) as store:
        store.execute("PRAGMA foreign_keys=0")
        store.executescript(statement)
    return file


def listing(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}


@pytest.mark.parametrize(
    ("name", "counts", "run"),
    [
        (TFX, (13, 18, 42, 20), "2026-11-22T00:56:34.756100"),
        (OLD, (18, 18, 39, 22), "2021-02-10T10:00:00"),
    ],
)
def test_a_store_of_another_time_opens_and_stays_as_it_is(
    copied: Callable[[str], Path], name: str, counts: tuple[int, ...], run: str
) -> None:
    """In a folder and a file that cannot be written, too."""
    file = copied(name)
    file.chmod(0o444)
    file.parent.chmod(0o555)
    before = listing(file.parent)
    store = open_store(file)
    file.parent.chmod(0o755)
    told = document(store)
    assert tuple(told[k] for k in ("artifacts", "executions", "events", "contexts")) == counts
    assert len(told["runs"]) == 3 and told["runs"][0] == run
    labels = {node.label for node in store.nodes.values() if node.kind == "execution"}
    assert labels == {"CsvExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Trainer",
                      "Pusher"}  # fmt: skip
    assert listing(file.parent) == before


@pytest.mark.parametrize("version", [0, 4, 9])
def test_a_store_of_every_older_schema_opens(tmp_path: Path, version: int) -> None:
    """As the library itself takes a store back to what it was then."""
    chain(tmp_path / "store.db")
    config = metadata_store_pb2.ConnectionConfig()  # type: ignore[attr-defined]
    config.sqlite.filename_uri = str(tmp_path / "store.db")
    downgrade_schema(config, version)
    before = listing(tmp_path)
    told = document(open_store(tmp_path / "store.db"))
    assert (told["artifacts"], told["executions"], told["events"]) == (9, 10, 20)
    assert told["runs"] == ["in-1", "train-1", "train-2", "in-2", "in-3"]
    assert listing(tmp_path) == before


def test_what_tfx_once_kept_as_properties_is_known(copied: Callable[[str], Path]) -> None:
    """Component and state of a step, before there were columns and contexts for them."""
    file = changed(
        copied(OLD),
        """
        UPDATE Execution SET last_known_state = NULL;
        INSERT INTO ExecutionProperty VALUES (1, 'state', 0, NULL, NULL, 'cached');
        INSERT INTO ExecutionProperty VALUES (1, 'component_id', 0, NULL, NULL, 'MyGen');
        """,
    )
    nodes = open_store(file).nodes
    assert (nodes["e1"].label, nodes["e1"].state) == ("MyGen", "CACHED")
    assert (nodes["e2"].label, nodes["e2"].state) == ("StatisticsGen", "UNKNOWN")


def test_cached_steps_of_tfx_are_known(copied: Callable[[str], Path]) -> None:
    assert document(open_store(copied(TFX)))["states"] == {"COMPLETE": 10, "CACHED": 8}


def test_a_write_ahead_log_beside_a_store_is_read_and_left(tmp_path: Path) -> None:
    """A program that still has it open keeps its newest rows there."""
    chain(tmp_path / "store.db")
    writer = sqlite3.connect(tmp_path / "store.db")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("UPDATE Artifact SET name = 'renamed' WHERE name = 'm-1'")
    writer.commit()
    before = listing(tmp_path)
    assert "store.db-wal" in before
    store = open_store(tmp_path / "store.db")
    assert "renamed" in {node.label for node in store.nodes.values()}
    assert listing(tmp_path) == before
    known, link = stamps_of(tmp_path / "store.db"), tmp_path / "elsewhere"
    link.mkdir()
    (link / "link.db").symlink_to(tmp_path / "store.db")
    writer.execute("UPDATE Artifact SET name = 'again' WHERE name = 'renamed'")
    writer.commit()
    assert stamps_of(tmp_path / "store.db") != known
    linked = open_store(link / "link.db")
    assert "again" in {node.label for node in linked.nodes.values()}
    writer.close()


def test_an_empty_store_opens(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    Metadata(file).create()
    told = document(open_store(file))
    assert (told["artifacts"], told["executions"], told["runs"]) == (0, 0, [])


def test_odd_stores_open_with_what_they_have(copied: Callable[[str], Path]) -> None:
    """No contexts, types that are gone, no URI, values of no known kind, unknown numbers."""
    file = changed(
        copied(TFX),
        """
        DELETE FROM Association; DELETE FROM Attribution; DELETE FROM Context;
        DELETE FROM Type WHERE name = 'Model'; UPDATE Artifact SET uri = NULL, state = 99;
        UPDATE ArtifactProperty SET string_value = NULL, proto_value = x'0102'
            WHERE artifact_id = 1;
        UPDATE ArtifactProperty SET string_value = x'ff41' WHERE artifact_id = 2;
        UPDATE Execution SET last_known_state = 77 WHERE id = 1;
        DELETE FROM EventPath; INSERT INTO Event VALUES (999, 4711, 4712, 4, 0);
        """,
    )
    store = open_store(file)
    graph = store.graph()
    assert len(store.nodes) == 31 and store.contexts == 0 and store.runs == ()
    kinds = {node.type for node in store.nodes.values() if node.kind == "artifact"}
    assert any(kind.startswith("type ") for kind in kinds)
    assert graph.nodes["a1"].properties["file_format"] == "(binary)"
    assert "\N{REPLACEMENT CHARACTER}A" in graph.nodes["a2"].properties.values()
    assert graph.nodes["e1"].state == graph.nodes["a1"].state == "UNKNOWN"
    assert len(store.edges) == 43 and sum(map(len, graph.after.values())) == 42


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda file: file.write_bytes(b""), "is no SQLite database"),
        (lambda file: file.write_text("some text"), "is no SQLite database"),
        (lambda file: file.unlink(), "No such file"),
        (lambda file: changed(file, "UPDATE MLMDEnv SET schema_version = 11"), "newer Stillwater"),
        (lambda file: changed(file, "DROP TABLE Event"), "no table Event"),
        (lambda file: file.write_bytes(file.read_bytes()[:20_000]), "malformed|damaged"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_words(
    copied: Callable[[str], Path], spoil: Callable[[Path], object], says: str
) -> None:
    file = copied(TFX)
    spoil(file)
    before = listing(file.parent)
    with pytest.raises(StoreError, match=says):
        open_store(file)
    assert listing(file.parent) == before
