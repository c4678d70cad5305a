"""The run journal: what a run does while it does it, one JSON line each, written by the worker.

The durable record of a run is its workflow; the journal is what people watch.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.clock import now


@dataclass(frozen=True)
class Step:
    """One component of a run.

    Attributes:
        node: component name.
        state: PENDING, RUNNING, COMPLETE, CACHED, FAILED or CANCELED.
        seconds: how long it took or has been running at its last sign of life.
        fraction: share that is done, 0 to 1.
        message: what it does or did, in words.
        reads: table to version that was read.
        writes: table to version that was written.
    """

    node: str
    state: str = "PENDING"
    seconds: float = 0.0
    fraction: float = 0.0
    message: str = ""
    reads: Mapping[str, int] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LogLine:
    """One line of a run's log: UTC time (ISO 8601), node, level and message."""

    time: str
    node: str
    level: str
    message: str


class Journal:
    """The journal file of one run."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self._file = folder / f"{run_id}.jsonl"

    def write(self, node: str, event: str, **values: Any) -> None:
        """Add one line; ``event`` is asked, pin, step, progress, log or end."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = {"time": now().isoformat(timespec="milliseconds"), "node": node, "event": event}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | values, sort_keys=True, default=str) + "\n")

    def steps(self, nodes: tuple[str, ...]) -> tuple[Step, ...]:
        """The state of every node as the newest lines tell it."""
        steps = {node: Step(node) for node in nodes}
        for line in self._lines():
            node = line["node"]
            if node and line["event"] in ("step", "progress"):
                known = {key: line[key] for key in _STEP_FIELDS if key in line}
                steps[node] = replace(steps.get(node, Step(node)), **known)
        return tuple(steps.values())

    def log(self, limit: int = 500) -> tuple[LogLine, ...]:
        """The newest log lines, oldest first."""
        lines = [
            LogLine(line["time"], line["node"], line.get("level", "info"), line["message"])
            for line in self._lines()
            if line.get("message") and line["event"] != "progress"
        ]
        return tuple(lines[-limit:])

    def pins(self, node: str) -> dict[str, int] | None:
        """The versions that a node pinned when it first began, None before that."""
        for line in self._lines():
            if line["event"] == "pin" and line["node"] == node:
                return dict(line["versions"])
        return None

    def asked(self) -> str | None:
        """Who asked for this retry, None for a run that is no retry."""
        return next((str(line["who"]) for line in self._lines() if line["event"] == "asked"), None)

    def began(self) -> datetime | None:
        """When the first step began, None before that."""
        times = (line["time"] for line in self._lines() if line["event"] == "step")
        first = next(times, None)
        return None if first is None else datetime.fromisoformat(first)

    def ended(self) -> str | None:
        """How the worker says that the run ended, None while it has not."""
        end = None
        for line in self._lines():
            if line["event"] == "end":
                end = str(line["state"])
            elif line["event"] == "step":
                end = None
        return end

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self._file.is_file():
            return
        with self._file.open(encoding="utf-8") as file:
            for text in file:
                try:
                    yield json.loads(text)
                except json.JSONDecodeError:
                    continue  # a killed worker leaves half a line


_STEP_FIELDS = ("state", "seconds", "fraction", "message", "reads", "writes")
