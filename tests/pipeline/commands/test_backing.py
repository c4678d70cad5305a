"""A backup taken while runs go on restores to a home that verifies."""

import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lakehouse.commits import DeltaLog
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from pipeline.sources.simulator import simulate
from tests.pipeline.command import FAST, document, quick
from tests.pipeline.oracle import assert_same_tables


@contextmanager
def retraining(home: Path, failpoint: str) -> Iterator[str]:
    """A retrain that waits at a failpoint; gone with its process at the end of the block."""
    environment = os.environ | {
        "STILLWATER_HOME": str(home),
        "STILLWATER_FAILPOINT": f"{failpoint}:sleep",
    }
    words = [sys.executable, "-m", "pipeline.cli", "retrain", *FAST, "--set", "seed=7"]
    process = subprocess.Popen(words, env=environment, start_new_session=True)
    try:
        yield reached(home, failpoint.partition(".")[0])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def reached(home: Path, node: str) -> str:
    """The running run, once the step before ``node`` is done."""
    store = RunStore(Settings.load(home=home))
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for run in store.active():
            states = {step.node: step.state for step in run.steps}
            before = list(states)[list(states).index(node) - 1]
            if states[before] in ("COMPLETE", "CACHED"):
                return run.run_id
        time.sleep(0.2)
    raise AssertionError(f"{node} was not reached")


@pytest.mark.fault
def test_a_backup_taken_during_a_retrain_restores_to_a_home_that_verifies(
    home: Path, tmp_path: Path
) -> None:
    """Its run is in it, to be resumed by the next worker; nothing half done is seen."""
    with retraining(home, "Trainer.before") as run_id:
        taken = document(home, "backup", str(tmp_path / "copy"))
    told = document(tmp_path / "new", "restore", str(tmp_path / "copy"))
    assert told["ok"], told["findings"]
    assert told["versions"] == taken["versions"]
    assert (told["files"], told["bytes"]) == (taken["files"], taken["bytes"])
    assert document(tmp_path / "new", "verify", "--deep")["ok"]
    assert_same_tables(tmp_path / "new", home)
    run = document(tmp_path / "new", "run", "show", run_id)
    assert run["state"] in ("RUNNING", "CRASHED", "QUEUED")


def test_an_archive_holds_the_same_as_the_home(fleet_home: Path, tmp_path: Path) -> None:
    """Engines, models and runs are told as before."""
    file = tmp_path / "copy.tar.gz"
    document(fleet_home, "backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert document(tmp_path / "new", "restore", str(file))["ok"]
    for words in (("models",), ("engines",), ("runs",)):
        assert document(tmp_path / "new", *words) == document(fleet_home, *words)


def test_a_home_that_is_not_whole_is_not_backed_up_as_if_it_were(
    home: Path, tmp_path: Path
) -> None:
    """A lost file of the newest version, or a commit of a run that the records should know."""
    log = DeltaLog(home / "lake/silver/readings")
    newest = max(log.commit_files())
    file = log.path / next(iter(log.at(newest).files.values())).file
    content = file.read_bytes()
    file.unlink()
    refused = quick(home, "backup", str(tmp_path / "copy"))
    assert refused.exit_code != 0 and file.name in refused.output
    file.write_bytes(content)
    with closing(sqlite3.connect(home / "runs.sqlite")) as store, store:
        store.execute("DELETE FROM workflow_status WHERE name = 'ingest'")
    refused = quick(home, "backup", str(tmp_path / "copy"))
    assert refused.exit_code != 0 and "the run records do not know ingest-" in refused.output


def test_a_damaged_backup_is_refused_and_leaves_nothing(fleet_home: Path, tmp_path: Path) -> None:
    """The message names the file."""
    document(fleet_home, "backup", str(tmp_path / "copy"))
    victim = next((tmp_path / "copy" / "artifacts").rglob("*.ubj"))
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    done = quick(tmp_path / "new", "restore", str(tmp_path / "copy"))
    assert done.exit_code == 4
    assert victim.name in done.stderr
    assert not (tmp_path / "new" / "lake").exists()
    victim.unlink()
    assert quick(tmp_path / "new", "restore", str(tmp_path / "copy")).exit_code == 4


def test_a_flipped_byte_in_an_archive_is_refused(fleet_home: Path, tmp_path: Path) -> None:
    """Wherever it is: the stream no longer unpacks, or what it unpacks to is something else."""
    file = tmp_path / "copy.tar.gz"
    document(fleet_home, "backup", str(file))
    content = file.read_bytes()
    for share in (3, 2):
        place = len(content) * (share - 1) // share
        file.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        done = quick(tmp_path / "new", "restore", str(file))
        assert done.exit_code == 4, done.stderr
    assert not (tmp_path / "new" / "lake").exists()


def test_an_archive_with_a_way_out_is_refused(tmp_path: Path) -> None:
    """Names with .. and links are no files of a backup."""
    (tmp_path / "file").write_text("x")
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.add(tmp_path / "file", "../outside")
    done = quick(tmp_path / "deep" / "new", "restore", str(tmp_path / "evil.tar"))
    assert done.exit_code == 4
    assert not (tmp_path / "deep" / "outside").exists()


def test_nothing_is_written_over(fleet_home: Path, tmp_path: Path) -> None:
    """Neither an older backup, nor a home that is in use, nor a folder inside of the home."""
    (tmp_path / "copy").mkdir()
    assert quick(fleet_home, "backup", str(tmp_path / "copy")).exit_code == 4
    assert quick(fleet_home, "backup", str(fleet_home / "copy")).exit_code == 4
    assert quick(fleet_home, "restore", str(tmp_path / "copy")).exit_code == 4


def test_every_backup_taken_while_files_come_in_is_whole(home: Path, tmp_path: Path) -> None:
    """One after the other until the ingest has ended; nor does verify mistake what is under way."""
    folder = tmp_path / "files"
    folder.mkdir()
    history = simulate(folder, 8)[0].source
    words = ["ingest", history, "--fleet", "G", "--kind", "history"]
    environment = os.environ | {"STILLWATER_HOME": str(home)}
    process = subprocess.Popen([sys.executable, "-m", "pipeline.cli", *words], env=environment)
    number = 0
    while process.poll() is None:
        number += 1
        document(home, "backup", str(tmp_path / f"copy{number}"))
        told = document(tmp_path / f"new{number}", "restore", str(tmp_path / f"copy{number}"))
        assert told["ok"]
        assert document(home, "verify")["ok"]
    assert process.returncode == 0
    assert number
