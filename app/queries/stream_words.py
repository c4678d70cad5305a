"""What to say about a run of a stream, which has no end of its own: cancelling is how it ends."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from app.queries.streams import Taken
from app.queries.trouble import START_WORKER, Around, Trouble
from lakehouse.journal import Step
from lakehouse.runs import FINAL, Run

# What the states of its components mean by the state of the run.
_SHOWN: Mapping[str, Mapping[str, str]] = {
    "RUNNING": {"RUNNING": "STREAMING", "PENDING": "WAITING"},
    "CANCELLING": {"RUNNING": "STREAMING"},
    "CRASHED": {"RUNNING": "STOPPED"},
    "FAILED": {"RUNNING": "STOPPED"},
    "CANCELLED": {"RUNNING": "ENDED"},
}


def subject(run: Run) -> str:
    """Fleet and source, short."""
    fleet = str(run.request.get("fleet") or "")
    return f"{fleet} from {_short(run)}" if fleet else _short(run)


def asked(run: Run) -> str:
    """The whole source, the kind, and until when."""
    request = run.request
    parts = [f"from {_source(run)}"]
    if request.get("kind"):
        parts.append(str(request["kind"]).replace("_", " "))
    parts.append("until nothing more is there" if request.get("once") else "until it is cancelled")
    return ", ".join(parts)


def outcome(run: Run, taken: Taken | None) -> str:
    """How much it has taken in, and while it runs which batch it is at."""
    if run.state == "FAILED":
        return run.error
    if run.state in FINAL:
        return "nothing had come" if taken is None else f"{taken.records:,} records"
    if taken is None:
        return "waits for data" if run.state == "RUNNING" else ""
    batch = next((step.message for step in run.steps if step.message), "")
    return " · ".join(part for part in (f"{taken.records:,} records", batch) if part)


def amount(taken: Taken | None) -> str:
    """Records and deliveries in words."""
    if taken is None:
        return "nothing had come"
    deliveries = "1 delivery" if taken.count == 1 else f"{taken.count:,} deliveries"
    return f"{taken.records:,} records in {deliveries}"


def shown_steps(run: Run) -> tuple[Step, ...]:
    """The components as a stream has them: they work on batch after batch, without a share.

    The first one says which batch that is, the others only what takes long in it.
    """
    states = _SHOWN.get(run.state, {})
    return tuple(
        replace(
            step,
            state=states.get(step.state, step.state),
            message="" if place and step.message.startswith("batch ") else _said(step),
        )
        for place, step in enumerate(run.steps)
    )


def command(request: Mapping[str, Any]) -> str:
    """The command that goes on with the same stream."""
    words = ["stillwater", "stream"]
    words += [str(request["folder"])] if request.get("folder") else []
    names = (("brokers", "kafka"), ("topic", "topic"), ("fleet", "fleet"), ("kind", "kind"))
    for name, option in names:
        words += [f"--{option}", str(request[name])] if request.get(name) else []
    return shlex.join([*words, "--once"] if request.get("once") else words)


def trouble(run: Run, around: Around) -> Trouble | None:
    """What to tell about a stream that waits, failed, crashed or was cancelled."""
    again = f"Start again goes on where it stopped, and so does: {command(run.request)}"
    kept = f"What it took in is kept: {amount(around.taken)}."
    holds = kept if around.taken else "Nothing had come yet."
    if run.state == "QUEUED" and not around.alive:
        what = "No worker is running, so this stream waits."
        todo = f"{START_WORKER} It then starts by itself."
        return Trouble("watch", what, "", run.queued, "The request is kept.", todo)
    if run.state == "CRASHED":
        what = "The worker stopped. The stream is not lost."
        todo = f"{START_WORKER} The stream then goes on by itself with the batch it was at."
        return Trouble("watch", what, "", None, holds, todo)
    if run.state == "FAILED":
        todo = f"Put right what the error names. {again}"
        return Trouble("act", "The stream failed.", run.error, run.finished, holds, todo)
    if run.state == "CANCELLED":
        what = "The stream was cancelled, which is how a stream ends."
        return Trouble("note", what, "", run.finished, holds, f"Nothing. {again}")
    return None


def _said(step: Step) -> str:
    return step.message.removeprefix(f"{step.node} streams").lstrip(", ")


def _source(run: Run) -> str:
    request = run.request
    if request.get("folder"):
        return str(request["folder"])
    return f"topic {request.get('topic')} of {request.get('brokers')}"


def _short(run: Run) -> str:
    folder = run.request.get("folder")
    if not folder:
        return f"topic {run.request.get('topic')}"
    *above, name = PurePosixPath(str(folder)).parts[-2:]
    # A folder that is called like its fleet says nothing more.
    parts = above if above and name == run.request.get("fleet") else [*above, name]
    return "/".join(parts).replace("//", "/")
