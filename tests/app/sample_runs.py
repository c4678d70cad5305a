"""Made-up runs in every state and a run store that holds them, for tests of the run pages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.journal import LogLine, Step
from lakehouse.requests import Request
from lakehouse.runs import FINAL, Run, RunError, Submitted

START = datetime(2026, 11, 23, 4, 48, 12, tzinfo=UTC)
METRICS = {
    "average_precision": 0.99412,
    "f1": 0.9538,
    "brier": 0.0123,
    "rmse_capped": 9.7,
    "rmse": 21.4,
    "coverage": 0.912,
    "mean_width": 20.6,
    "fit_seconds": 12.4,
    "peak_memory_mb": 512.0,
    "model_bytes": 1_204_000,
}
DELIVERIES = [
    {
        "delivery_id": "d1",
        "fleet": "FD001",
        "kind": "history",
        "state": "accepted",
        "source": "/data/train_FD001.txt",
        "member": "",
        "rows": 20631,
        "accepted": 20629,
        "quarantined": 2,
        "duplicates": 0,
        "conflicts": 1,
        "reason": "",
        "reasons": {"wrong_field_count": 2},
        "warnings": [{"code": "gap", "detail": "1 engine has gaps"}],
    },
    {
        "delivery_id": "d2",
        "fleet": "FD001",
        "kind": "in_service",
        "state": "rejected",
        "source": "/data/test_FD001.txt.gz",
        "member": "",
        "rows": 0,
        "accepted": 0,
        "quarantined": 0,
        "duplicates": 0,
        "conflicts": 0,
        "reason": "the archive ends early",
        "reasons": {"truncated_archive": 1},
        "warnings": [],
    },
]


def run_id(kind: str, number: int) -> str:
    """A well-formed id."""
    return f"{kind}-20261123T0448{number:02d}-{number:06x}"


def sample_run(kind: str, state: str, number: int = 1, **values: Any) -> Run:
    """A run without steps; ``values`` replace what it has."""
    requests: dict[str, dict[str, Any]] = {
        "ingest": {"paths": ["/data/train_FD001.txt", "/data/test_FD001.txt.gz"]},
        "retrain": {"fleet": "FD001", "parameters": {"rounds": "300"}, "silver_version": 3},
        "score": {"fleet": "FD001", "all_cycles": False},
        "report": {
            "origin": "failure",
            "fleet": "FD001",
            "engine": "test-007",
            "cycle": 31,
            "reason": "fan blade",
        },
        "maintain": {"days": 30, "log_days": None, "guard": True},
        "verify": {"deep": False},
        "stream": {"folder": "/data/incoming", "fleet": "FD001", "kind": "in_service"},
    }
    started = None if state == "QUEUED" else START + timedelta(seconds=1)
    run = Run(
        run_id=run_id(kind, number),
        kind=kind,
        state=state,
        who="anna",
        queued=START,
        started=started,
        finished=START + timedelta(seconds=75) if state in FINAL else None,
        request=requests[kind],
        steps=(),
        reads={},
        writes={},
        error="",
        result=None,
        retry_of=None,
    )
    return replace(run, **values)


def training_steps(*states: str) -> tuple[Step, ...]:
    """The steps of a retrain in these states."""
    nodes = ("Transform", "Trainer", "Evaluator", "Pusher", "BulkInferrer")
    told = {
        "COMPLETE": Step("", "COMPLETE", 4.2, 1.0, "", {"silver/readings": 3}),
        "CACHED": Step("", "CACHED", 0.1, 1.0, "equal inputs and parameters", {}),
        "RUNNING": Step("", "RUNNING", 12.5, 0.42, "fold 3 of 5", {"gold/features": 4}),
        "FAILED": Step("", "FAILED", 3.3, 0.6, "no space left on device"),
    }
    steps = [replace(told.get(s, Step("", s)), node=n) for n, s in zip(nodes, states, strict=True)]
    if steps[0].state == "COMPLETE":
        steps[0] = replace(steps[0], writes={"gold/features": 4, "gold/fleet_band": 4})
    return tuple(steps)


def stream_steps() -> tuple[Step, ...]:
    """The components of a stream as its journal tells them, whatever became of it."""
    return (
        Step("ExampleGen", "RUNNING", 2.1, 0.0, "batch 411", {"bronze/deliveries": 7}),
        Step("Clean", "RUNNING", 1.0, 0.0, "batch 399", writes={"silver/readings": 9}),
        Step("BulkInferrer", "RUNNING", 9.0, 0.0, "BulkInferrer streams"),
    )


def sample_runs() -> tuple[Run, ...]:
    """One run in each state that a page has to draw, newest first."""
    return (
        sample_run("retrain", "QUEUED", 9),
        sample_run(
            "retrain",
            "RUNNING",
            8,
            steps=training_steps("COMPLETE", "RUNNING", "PENDING", "PENDING", "PENDING"),
            reads={"silver/readings": 3, "gold/features": 4},
            writes={"gold/features": 4, "gold/fleet_band": 4},
        ),
        sample_run(
            "retrain",
            "CRASHED",
            7,
            steps=training_steps("COMPLETE", "RUNNING", "PENDING", "PENDING", "PENDING"),
        ),
        sample_run(
            "retrain",
            "FAILED",
            6,
            steps=training_steps("CACHED", "FAILED", "PENDING", "PENDING", "PENDING"),
            error="OSError: [Errno 28] no space left on device: 'artifacts/Trainer'",
        ),
        sample_run(
            "retrain",
            "CANCELLED",
            5,
            steps=training_steps("COMPLETE", "CANCELED", "PENDING", "PENDING", "PENDING"),
        ),
        sample_run("ingest", "CANCELLING", 10),
        sample_run("stream", "RUNNING", 20, steps=stream_steps()),
        sample_run("stream", "CANCELLED", 21, steps=stream_steps()),
        sample_run("stream", "FAILED", 22, steps=stream_steps(), error="StreamError: no topic"),
        sample_run(
            "retrain",
            "SUCCEEDED",
            4,
            steps=training_steps(*["COMPLETE"] * 5),
            reads={"silver/readings": 3},
            writes={"gold/features": 4, "gold/fleet_band": 4, "gold/predictions": 2},
            result={
                "fleet": "FD001",
                "model_id": "fd001-7c1e22aa",
                "blessed": True,
                "pushed": True,
                "reasons": ["better_than_live"],
                "metrics": METRICS,
                "tables": {"gold/features": 4, "gold/predictions": 2},
            },
            retry_of=run_id("retrain", 6),
        ),
        sample_run(
            "ingest",
            "SUCCEEDED",
            3,
            steps=(Step("ExampleGen", "COMPLETE", 2.0), Step("Clean", "COMPLETE", 1.0)),
            reads={"bronze/deliveries": 1},
            writes={"bronze/deliveries": 2, "bronze/readings": 1, "silver/readings": 3},
            result={
                "deliveries": DELIVERIES,
                "skipped": [["readme.md", "none of NASA's names"]],
                "tables": {"bronze/deliveries": 2},
            },
        ),
        sample_run("report", "SUCCEEDED", 2, result={"tables": {}}),
        sample_run("score", "SUCCEEDED", 1, result={"rows": 100, "model_id": "m", "tables": {}}),
    )


def sample_log(lines: int = 30) -> tuple[LogLine, ...]:
    """A log with every level."""
    levels = ("info", "info", "debug", "warning", "error")
    return tuple(
        LogLine(
            f"2026-11-23T04:48:{number % 60:02d}.000+00:00",
            "Trainer",
            levels[number % 5],
            f"fold {number}: average precision 0.99{number}",
        )
        for number in range(lines)
    )


class SampleRuns:
    """A run store that holds made-up runs and remembers what was asked of it."""

    def __init__(self, runs: tuple[Run, ...] = (), alive: bool = True) -> None:
        self.runs = list(runs)
        self.alive = alive
        self.submitted: list[tuple[Request, str]] = []
        self.cancelled: list[str] = []
        self.lines = sample_log()

    def submit(self, request: Request, who: str) -> Submitted:
        self.submitted.append((request, who))
        number = len(self.submitted)
        return Submitted(run_id(request.workflow, number), True)

    def recent(
        self, limit: int = 50, offset: int = 0, kind: str | None = None, by: datetime | None = None
    ) -> tuple[Run, ...]:
        found = [run for run in self.runs if kind in (None, run.kind)]
        found = [run for run in found if by is None or run.queued <= by]
        return tuple(found[offset : offset + limit])

    def active(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.state not in FINAL)

    def run(self, run_id: str) -> Run:
        for run in self.runs:
            if run.run_id == run_id:
                return run
        raise RunError(f"there is no run {run_id[:64]!r}")

    def log(self, run_id: str, limit: int = 500) -> tuple[LogLine, ...]:
        return self.lines[-limit:] if self.run(run_id) else ()

    def cancel(self, run_id: str) -> None:
        if self.run(run_id).state in FINAL:
            raise RunError(f"{run_id} has ended")
        self.cancelled.append(run_id)

    def retry(self, run_id: str, who: str) -> str:  # noqa: ARG002  (as RunStore has it)
        if self.run(run_id).state != "FAILED":
            raise RunError(f"{run_id} did not fail")
        return run_id.rpartition("-")[0] + "-ffffff"

    def worker_alive(self) -> bool:
        return self.alive
