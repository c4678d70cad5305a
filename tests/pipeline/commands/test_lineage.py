"""``stillwater lineage``: stores of others, and the home's own lineage for other tools."""

import hashlib
import json
from pathlib import Path

import pytest

from lakehouse.metadata import Metadata
from tests.lakehouse.lineage.stores import chain, step, used
from tests.lakehouse.lineage.test_foreign import OLD, theirs
from tests.pipeline.command import document, quick

__all__ = ["theirs"]  # a fixture


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store of six runs."""
    chain(tmp_path / "chain.db")
    return tmp_path / "chain.db"


def test_a_store_is_told_in_numbers_and_step_by_step(tmp_path: Path, file: Path) -> None:
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    told = document(tmp_path / "var", "lineage", "open", str(file))
    counts = {name: told[name] for name in ("artifacts", "executions", "events", "contexts")}
    assert counts == {"artifacts": 9, "executions": 10, "events": 20, "contexts": 11}
    assert told["runs"] == ["in-1", "train-1", "train-2", "in-2", "in-3"]
    assert "Model" in told["types"] and told["states"]["CACHED"] == 1
    text = quick(tmp_path / "var", "lineage", "open", str(file)).stdout
    assert "9 artifacts, 10 executions" in text and "m-2" in text and "CACHED" in text
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert not (tmp_path / "var").exists(), "looking into a store needs no home"


def test_a_store_of_2021_opens(tmp_path: Path, theirs: Path) -> None:
    told = document(tmp_path / "var", "lineage", "open", str(theirs / OLD))
    assert (told["artifacts"], told["executions"], told["events"]) == (18, 18, 39)


def test_what_is_no_store_is_bad_data(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("some notes")
    done = quick(tmp_path / "var", "lineage", "open", str(file), "--json")
    assert done.exit_code == 3 and "notes.db is no SQLite database" in done.stderr
    assert not done.stdout
    assert quick(tmp_path / "var", "lineage", "open", str(tmp_path / "gone.db")).exit_code == 2


@pytest.mark.parametrize(
    ("form", "begins"),
    [("openlineage", '{"eventTime"'), ("mermaid", "flowchart"), ("csv", "key,kind")],
)
def test_an_object_of_a_store_is_exported(
    tmp_path: Path, file: Path, form: str, begins: str
) -> None:
    words = ("lineage", "export", "m-2", "--format", form, "--store", str(file))
    told = document(tmp_path / "var", *words, "--way", "back")
    assert (told["nodes"], told["format"]) == (9, form) and told["content"].startswith(begins)
    target = tmp_path / "out"
    done = document(tmp_path / "var", *words, "--way", "back", "--output", str(target))
    assert target.read_text() == told["content"] and done["file"] == str(target)
    again = quick(tmp_path / "var", *words, "--output", str(target))
    assert again.exit_code == 2


def test_an_object_of_the_home_is_exported(tmp_path: Path) -> None:
    home = tmp_path / "var"
    assert quick(home, "init").exit_code == 0
    step(Metadata(home / "metadata.sqlite"), "in-1", "Clean", writes=[used("silver/readings", 0)])
    told = document(home, "lineage", "export", "run:in-1", "--format", "openlineage")
    events = [json.loads(line) for line in told["content"].splitlines()]
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert events[1]["outputs"][0]["name"] == "silver/readings"
    gone = quick(home, "lineage", "export", "gone", "--format", "csv")
    assert gone.exit_code == 2 and "no model, run or delivery 'gone'" in gone.stderr
