"""The peak memory of a process and all its children, Java and Python workers included."""

import threading
from pathlib import Path
from types import TracebackType

SECONDS = 0.5


class Peak:
    """Looks twice a second while a block runs.

    Attributes:
        megabytes: the most that all processes of the session held together; pages that several of
            them share count once (proportional set size).
    """

    def __init__(self, session: int) -> None:
        self.megabytes = 0.0
        self._session = session
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SECONDS):
            held = sum(_held(process) for process in _session(self._session))
            self.megabytes = max(self.megabytes, held / 1024)


def _session(number: int) -> list[Path]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(fields[3]) == number:
                found.append(process)
    return found


def _held(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
