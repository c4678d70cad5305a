"""The run journal."""

from pathlib import Path

from lakehouse.journal import Journal

NODES = ("ExampleGen", "Clean")


def test_steps_stand_as_the_newest_lines_tell(tmp_path: Path) -> None:
    """A step goes from pending over running with progress to complete."""
    journal = Journal(tmp_path, "run")
    assert [step.state for step in journal.steps(NODES)] == ["PENDING", "PENDING"]
    journal.write("ExampleGen", "step", state="RUNNING", message="started")
    journal.write("ExampleGen", "progress", fraction=0.5, message="half")
    step = journal.steps(NODES)[0]
    assert (step.state, step.fraction, step.message) == ("RUNNING", 0.5, "half")
    journal.write("ExampleGen", "step", state="COMPLETE", fraction=1.0, writes={"t": 3})
    assert journal.steps(NODES)[0].writes == {"t": 3}


def test_half_a_line_of_a_killed_worker_is_passed_over(tmp_path: Path) -> None:
    """What was written whole still reads."""
    journal = Journal(tmp_path, "run")
    journal.write("Clean", "log", message="kept", level="warning")
    with (tmp_path / "run.jsonl").open("a") as file:
        file.write('{"time": "2026-')
    assert [(line.level, line.message) for line in journal.log()] == [("warning", "kept")]


def test_a_step_after_the_end_means_that_the_run_goes_on(tmp_path: Path) -> None:
    """A resumed run has not ended."""
    journal = Journal(tmp_path, "run")
    journal.write("", "end", state="FAILED", message="failed")
    assert journal.ended() == "FAILED"
    journal.write("Clean", "step", state="RUNNING", message="again")
    assert journal.ended() is None


def test_pins_are_those_of_the_first_attempt(tmp_path: Path) -> None:
    """A repeated step reads what its first attempt read."""
    journal = Journal(tmp_path, "run")
    assert journal.pins("Clean") is None
    journal.write("Clean", "pin", versions={"silver/readings": 4})
    journal.write("Clean", "pin", versions={"silver/readings": 5})
    assert journal.pins("Clean") == {"silver/readings": 4}
