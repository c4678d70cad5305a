"""The publish lock: one run at a time changes what pages show.

Its holder is written down. After a crash the run that held it gets it back before any other, so
that what it had begun is finished from the versions that it began with.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.artifacts import write_atomically


class PublishLock:
    """Held around each ingest and around each push, inference and snapshot."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._free = threading.Condition()
        self._held = False
        self._heir = file.read_text() if file.is_file() else None

    def disinherit(self, alive: frozenset[str]) -> None:
        """Forget the run that held the lock when the last worker died, unless it will resume."""
        if self._heir is not None and self._heir not in alive:
            self._release()

    @contextmanager
    def held(self, run_id: str) -> Iterator[None]:
        """Hold the lock for a run."""
        with self._free:
            self._free.wait_for(lambda: not self._held and self._heir in (None, run_id))
            self._held = True
        try:
            write_atomically(self._file, run_id)
            yield
        finally:
            self._release()

    def forget(self, run_id: str) -> None:
        """A run has ended: if it was to inherit the lock, it no longer will."""
        if self._heir == run_id:
            self._release()

    def _release(self) -> None:
        try:
            self._file.unlink(missing_ok=True)
        finally:
            with self._free:
                self._held = False
                self._heir = None
                self._free.notify_all()
