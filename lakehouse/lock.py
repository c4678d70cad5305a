"""The lake lock: one writer a home, kept by the operating system and gone with its process."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LockedError(RuntimeError):
    """Another process writes this home."""


@contextmanager
def lake_lock(home: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the home's write lock.

    Args:
        home: the home folder.
        wait: seconds to wait for another writer to end; infinite when negative.

    Raises:
        LockedError: another process holds it after ``wait`` seconds.
    """
    home.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait if wait >= 0 else float("inf")
    with (home / "writer.lock").open("a+") as file:
        while not _try(file.fileno()):
            if time.monotonic() >= deadline:
                raise LockedError(f"another worker writes {home}")
            time.sleep(0.2)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
