"""The ML Metadata store."""

from pathlib import Path

import pytest

from lakehouse.metadata import Metadata
from lakehouse.records import Artifact, Execution, Used

DATA = Artifact("Examples", "silver/readings@3", "lake/silver/readings@3", {"delta_version": 3})
MODEL = Artifact("Model", "f-1", "artifacts/Trainer/f-1", {"sha256": "ab"})


@pytest.fixture
def metadata(tmp_path: Path) -> Metadata:
    store = Metadata(tmp_path / "metadata.sqlite")
    store.create()
    return store


def trained(run_id: str, state: str = "COMPLETE") -> Execution:
    return Execution("Trainer", run_id, state, {"who": "me", "seconds": 1.5}, "print")


def test_a_step_is_recorded_once_with_inputs_and_outputs(metadata: Metadata) -> None:
    """The same step recorded again is left as it is."""
    first = metadata.record(trained("r1"), [Used("examples", DATA)], [Used("model", MODEL)])
    again = metadata.record(Execution("Trainer", "r1", "FAILED"), [], [])
    assert again == first
    assert first.properties == {"who": "me", "seconds": 1.5}
    assert [used.artifact.name for used in metadata.inputs(first)] == ["silver/readings@3"]
    assert [used.key for used in metadata.outputs(first)] == ["model"]
    assert metadata.outputs(first)[0].artifact.properties == {"sha256": "ab"}


def test_an_equal_step_is_found_until_it_is_forgotten(metadata: Metadata) -> None:
    """A cached step stands on the one that did the work."""
    assert metadata.equal_step("print") is None
    done = metadata.record(trained("r1"), [], [Used("model", MODEL)])
    metadata.record(trained("r2", "CACHED"), [], [Used("model", MODEL)])
    assert metadata.equal_step("print") == done
    metadata.forget(done)
    assert metadata.equal_step("print") is None
    metadata.record(trained("r3"), [], [Used("model", MODEL)])
    found = metadata.equal_step("print")
    assert found is not None
    assert found.run_id == "r3"


def test_an_artifact_knows_the_step_that_made_it(metadata: Metadata) -> None:
    """Cached steps are not its makers."""
    metadata.record(trained("r1"), [], [Used("model", MODEL)])
    metadata.record(trained("r2", "CACHED"), [], [Used("model", MODEL)])
    artifact = metadata.artifact("Model", "f-1")
    assert artifact is not None
    producer = metadata.producer(artifact)
    assert producer is not None
    assert producer.run_id == "r1"
    assert [step.node for step in metadata.run("r2")] == ["Trainer"]
    assert len(metadata.artifacts("Model")) == 1


def test_a_store_that_is_there_keeps_what_it_holds(tmp_path: Path, metadata: Metadata) -> None:
    """Creating again changes nothing."""
    metadata.record(trained("r1"), [], [])
    other = Metadata(tmp_path / "metadata.sqlite")
    other.create()
    assert other.execution("r1", "Trainer") is not None
    assert other.execution("r2", "Trainer") is None
    assert other.run("nothing") == ()


def test_a_step_that_failed_is_brought_up_to_date_when_it_succeeds(metadata: Metadata) -> None:
    """One execution a step, with what it read and wrote in the end."""
    failed = metadata.record(trained("r1", "FAILED"), [Used("examples", DATA)], [])
    done = metadata.record(trained("r1"), [Used("examples", DATA)], [Used("model", MODEL)])
    assert (failed.id, failed.state, done.state) == (done.id, "FAILED", "COMPLETE")
    assert len(metadata.inputs(done)) == len(metadata.outputs(done)) == 1
    assert metadata.equal_step("print") == done


def test_what_a_step_wrote_is_no_input_of_it(metadata: Metadata) -> None:
    """A step that adopts its own earlier commit is recorded all the same."""
    used = Used("examples", DATA)
    done = metadata.record(trained("r1"), [used, used], [used])
    assert metadata.inputs(done) == ()
    assert len(metadata.outputs(done)) == 1
