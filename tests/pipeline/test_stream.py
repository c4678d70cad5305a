"""A stream takes everything once, wherever it is killed, and ends with what a batch load gives."""

from pathlib import Path

import pytest

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.requests import StreamRequest
from tests.pipeline.command import document
from tests.pipeline.killed_stream import (
    POINTS,
    arrive,
    assert_equal_load,
    killed_again_and_again,
)
from tests.pipeline.oracle import assert_sound


@pytest.mark.fault
@pytest.mark.timeout(1200)
def test_a_stream_killed_at_twenty_points_equals_one_batch_load(
    tmp_path: Path, parts: Path, loaded: Path
) -> None:
    """Fifty files in random order, overlapping: nothing lost, nothing doubled."""
    killed_again_and_again(tmp_path / "var", parts, tmp_path / "drop", "local", POINTS)
    assert_equal_load(tmp_path / "var", loaded)


def test_what_was_taken_never_comes_again(tmp_path: Path, parts: Path) -> None:
    """A second run of the same stream goes on behind the first; bad files stop nothing."""
    home, drop = tmp_path / "var", tmp_path / "drop"
    drop.mkdir()
    words = ("stream", str(drop), "--fleet", "SIM", "--kind", "in_service", "--once")
    for name in ("part-00.txt", "part-01.txt"):
        arrive(parts / name, drop)
    (drop / "README.md").write_text("not data")
    assert document(home, *words)["rows"] > 0
    again = document(home, *words)
    assert (again["batches"], again["rows"]) == (0, 0)
    arrive(parts / "part-02.txt", drop)
    third = document(home, *words)
    assert third["deliveries"] == {"accepted": 1}
    assert_sound(home)


def test_a_batch_is_recorded_with_its_tables(tmp_path: Path, parts: Path) -> None:
    """Every node of the stream's run has an execution that names versions and hashes."""
    home, drop = tmp_path / "var", tmp_path / "drop"
    drop.mkdir()
    arrive(parts / "part-00.txt", drop)
    words = ("stream", str(drop), "--fleet", "SIM", "--kind", "in_service", "--once")
    run_id = document(home, *words)["run_id"]
    metadata = Metadata(home / "metadata.sqlite")
    steps = {step.node: step for step in metadata.run(run_id)}
    assert list(steps) == list(StreamRequest.nodes)
    written = {u.artifact.properties["delta_table"] for u in metadata.outputs(steps["Clean"])}
    assert "silver/readings" in written
    validated = {used.artifact.type for used in metadata.inputs(steps["ExampleValidator"])}
    assert {"ExampleStatistics", "Schema"} <= validated
    hashed = Lake(home / "lake", LocalEngine()).scan("ops/files").collect("polars").to_native()
    assert "silver/readings" in hashed["table"].to_list()
