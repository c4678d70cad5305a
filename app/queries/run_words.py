"""What to say about a run: what it is about, what came of it, and what to do when it went wrong."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from app.queries import stream_words
from app.queries.streams import Taken
from app.queries.trouble import START_WORKER, Around, Trouble
from lakehouse.clock import now
from lakehouse.journal import Step
from lakehouse.requests import StreamRequest
from lakehouse.runs import FINAL, Run

STREAM = StreamRequest.workflow


def fleet_of(run: Run) -> str:
    """The fleet that a run is about, empty when it may be several."""
    result = run.result or {}
    decided = result.get("delivery") or result.get("schema") or {}
    return str(run.request.get("fleet") or result.get("fleet") or decided.get("fleet") or "")


def subject(run: Run) -> str:
    """What a run is about: a fleet, an engine or files."""
    if run.kind == "ingest":
        return _files(run) or "—"
    if run.kind == "report":
        return _reported(run)
    if run.kind == STREAM:
        return stream_words.subject(run)
    if run.kind in _DECIDED:
        return _DECIDED[run.kind](run.request)
    return fleet_of(run) or "—"


def asked(run: Run) -> str:
    """What was asked for beyond the subject: version, parameters, what the names did not say."""
    request = run.request
    if run.kind == STREAM:
        return stream_words.asked(run)
    if run.kind == "retrain":
        chosen = [f"{name} {value}" for name, value in (request.get("parameters") or {}).items()]
        learnt = f"from silver/readings v{request.get('silver_version')}"
        return f"{learnt}, {', '.join(chosen) or 'default parameters'}"
    if run.kind == "ingest" and request.get("fleet"):
        return f"as {request['fleet']}, {str(request.get('kind')).replace('_', ' ')}"
    return f"“{request['reason']}”" if request.get("reason") else ""


def outcome(run: Run, taken: Taken | None = None) -> str:
    """What came of a run, or what it does now, in a few words; empty when nothing is to say.

    Args:
        run: the run.
        taken: what it has taken in, if it is a stream.
    """
    if run.kind == STREAM:
        return stream_words.outcome(run, taken)
    if run.state == "FAILED":
        return f"at {stopped_at(run)}" if stopped_at(run) else run.error
    if run.state not in FINAL:
        return _doing(run)
    describe = _OUTCOMES.get(run.kind)
    return describe(run.result) if describe and run.result is not None else ""


def duration(run: Run) -> float | None:
    """Seconds from the worker's start to the end, or until now; None while it is queued."""
    if run.started is None:
        return None
    return max(((run.finished or now()) - run.started).total_seconds(), 0.0)


def stopped_at(run: Run) -> str:
    """The component at which a run failed or stopped, empty when there is none."""
    stopped = [step.node for step in run.steps if step.state in ("FAILED", "STOPPED", "CANCELED")]
    return stopped[0] if stopped else ""


def trouble(run: Run, around: Around) -> Trouble | None:
    """What to tell about a run that failed, crashed, waits or was cancelled."""
    if run.kind == STREAM:
        return stream_words.trouble(run, around)
    if run.state == "QUEUED":
        return _waiting(run, around)
    live_model = around.live_model
    if run.state == "FAILED":
        return _failed(run, live_model)
    if run.state == "CRASHED":
        return _crashed(run, live_model)
    return _cancelled(run, live_model) if run.state == "CANCELLED" else None


def _waiting(run: Run, around: Around) -> Trouble | None:
    if around.alive:
        others = f"Waits for {around.ahead} earlier {'run' if around.ahead == 1 else 'runs'}."
        todo = "Nothing: it starts by itself."
        return Trouble("note", others, "", run.queued, "", todo) if around.ahead else None
    return Trouble(
        "watch",
        "No worker is running, so this run waits.",
        "",
        run.queued,
        "The request is kept, also over a restart.",
        f"{START_WORKER} It then starts by itself.",
    )


def _failed(run: Run, live_model: str) -> Trouble:
    node = stopped_at(run)
    again = f"Retry starts again at {node}; " if node else "Retry starts it again; "
    return Trouble(
        "act",
        f"{node or 'The run'} failed.",
        run.error,
        run.finished,
        _holds(run, live_model),
        "Put right what the error names, then retry. " + again + "finished steps are reused.",
    )


def _crashed(run: Run, live_model: str) -> Trouble:
    node = stopped_at(run)
    return Trouble(
        "watch",
        f"The worker stopped{f' during {node}' if node else ''}. The run is not lost.",
        "",
        None,
        _holds(run, live_model),
        f"{START_WORKER} The run then goes on by itself{f' at {node}' if node else ''}.",
    )


def _cancelled(run: Run, live_model: str) -> Trouble:
    node = stopped_at(run)
    return Trouble(
        "note",
        f"Cancelled{f' during {node}' if node else ''}.",
        "",
        run.finished,
        _holds(run, live_model),
        "Retry goes on where it stopped.",
    )


def _holds(run: Run, live_model: str) -> str:
    done = [step.node for step in run.steps if step.state in ("COMPLETE", "CACHED")]
    none = "No step had finished; no page shows anything of it."
    parts = [f"What {_listed(done)} wrote is kept." if done else none]
    if run.kind in ("retrain", "promote"):
        parts.append(f"{live_model} stays live." if live_model else "No model was live before.")
    else:
        parts.append("The pages keep showing the last whole state.")
    return " ".join(parts)


def _files(run: Run) -> str:
    request = run.request
    if request.get("fetch"):
        return f"{str(request['fetch']).upper()} from NASA"
    if request.get("simulate"):
        return f"{request['simulate']} simulated engines"
    names = [PurePosixPath(path).name for path in request.get("paths", ())]
    return _some(names)


def _reported(run: Run) -> str:
    request = run.request
    where = f"{request.get('fleet')}/{request.get('engine')}@{request.get('cycle')}"
    return f"{where} {request.get('origin')}"


def _corrected(request: Mapping[str, Any]) -> str:
    first, last = request.get("cycle"), request.get("until")
    flights = f"{first}" if last in (None, first) else f"{first}-{last}"
    place = f"{request.get('fleet')}/{request.get('engine')}" + (f"@{flights}" if first else "")
    if request.get("retracts"):
        return f"{place}: take {request['retracts']} back"
    if request.get("action") == "withdraw":
        return f"{place} withdrawn"
    return f"{place} {', '.join(request.get('changes') or ())}"


def _limited(request: Mapping[str, Any]) -> str:
    where = f"{request.get('fleet')}/{request.get('sensor')}"
    return f"{where} at {request['regime']}" if request.get("regime") else where


def _promoted(request: Mapping[str, Any]) -> str:
    model = str(request.get("model_id"))
    return f"{request.get('fleet')} back to {model}" if request.get("roll_back") else model


# What a person decided on, by kind of run.
_DECIDED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "promote": _promoted,
    "review": lambda request: f"{request.get('decision')} {request.get('delivery_id')}",
    "schema": lambda request: f"{request.get('decision')} {request.get('schema_id')}",
    "limit": _limited,
    "correct": _corrected,
    "restore": lambda request: f"{request.get('table')}@{request.get('version')}",
    "maintain": lambda request: f"versions replaced {request.get('days')} days ago",
    "verify": lambda request: "everything, to the row" if request.get("deep") else "everything",
}


def _ingested(result: Mapping[str, Any]) -> str:
    deliveries = result.get("deliveries", ())
    counts: dict[str, int] = {}
    for delivery in deliveries:
        counts[delivery["state"]] = counts.get(delivery["state"], 0) + 1
    rows = sum(delivery.get("accepted") or 0 for delivery in deliveries)
    states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    return f"{states} · {rows:,} rows" if states else "nothing to take in"


def _trained(result: Mapping[str, Any]) -> str:
    if result.get("pushed"):
        return f"{result.get('model_id')} is live"
    reasons = [str(reason).replace("_", " ") for reason in result.get("reasons") or ()]
    return f"not published: {reasons[0]}" if reasons else "not published"


def _scored(result: Mapping[str, Any]) -> str:
    return f"{result.get('rows') or 0:,} predictions"


def _reviewed(result: Mapping[str, Any]) -> str:
    delivery = result.get("delivery") or {}
    return f"{delivery.get('before')} → {delivery.get('after')}"


def _restored(result: Mapping[str, Any]) -> str:
    restored = result.get("restored") or {}
    engines, deliveries = restored.get("engines") or 0, len(restored.get("deliveries") or ())
    return f"{engines:,} engines changed, {deliveries:,} deliveries decided anew"


def _maintained(result: Mapping[str, Any]) -> str:
    files = sum(table["files_deleted"] for table in result.get("tables") or ())
    kept, lost = len(result.get("kept") or ()), len(result.get("lost") or ())
    parts = [f"{files:,} files let go", f"{kept:,} versions kept for models" if kept else ""]
    return ", ".join([*filter(None, parts), *([f"{lost:,} proofs lost"] if lost else [])])


def _verified(result: Mapping[str, Any]) -> str:
    count = int(result.get("count") or 0)
    found = "1 finding" if count == 1 else f"{count:,} findings"
    return "whole" if result.get("ok") else f"▲ {found}"


_OUTCOMES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "ingest": _ingested,
    "retrain": _trained,
    "promote": lambda result: f"{(result.get('promoted') or {}).get('model_id')} is live",
    "score": _scored,
    "review": _reviewed,
    "schema": lambda result: str((result.get("schema") or {}).get("after") or ""),
    "correct": lambda result: f"said as {(result.get('correction') or {}).get('correction_id')}",
    "restore": _restored,
    "maintain": _maintained,
    "verify": _verified,
    "limit": lambda result: f"set as {result.get('limit_id')}",
}


def _doing(run: Run) -> str:
    working = [step for step in run.steps if step.state == "RUNNING"]
    return _step_words(working[0]) if working else ""


def _step_words(step: Step) -> str:
    return f"{step.node} · {step.message}" if step.message else step.node


def _some(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
