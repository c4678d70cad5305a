"""A consistent copy of a SQLite database, made and checked by a process of its own.

ML Metadata links its own SQLite, so a process that uses it must never open the same file with
Python's: each would let go of the other's locks. ``python -m lakehouse.sqlite_copy FROM TO`` is the
other process; it may run while the database is written.
"""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

SECONDS = 600


def copy_database(source: Path, target: Path) -> tuple[str, ...]:
    """Copy a database that others may be writing, and check the copy.

    Returns:
        What SQLite says is wrong with it; empty when it is whole.
    """
    done = subprocess.run(
        [sys.executable, "-m", "lakehouse.sqlite_copy", str(source), str(target)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return (f"it cannot be copied: {last[0]}",)
    return tuple(json.loads(done.stdout))


def _copy(source: Path, target: Path) -> list[str]:
    try:
        # Never creates it, and can still roll a crashed writer's journal back.
        address = f"{source.absolute().as_uri()}?mode=rw"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as old:
            old.execute("PRAGMA busy_timeout=60000")
            with contextlib.closing(sqlite3.connect(target)) as new:
                old.backup(new)
                rows = new.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [row[0] for row in rows if row[0] != "ok"]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_copy(Path(sys.argv[1]), Path(sys.argv[2]))))
