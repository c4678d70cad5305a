"""Pusher at work: a model that the gate blessed, or one that a person promotes, goes live."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Literal

from lakehouse.artifacts import PROMOTION
from lakehouse.clock import iso, now
from lakehouse.failpoints import failpoint
from lakehouse.promotion import candidate
from lakehouse.requests import PromoteRequest
from lakehouse.serving import PUSHED, Live, go_live, live, pushed
from pipeline.step import Step, Summary

How = Literal["retrain", "promote", "roll_back"]


def promote(request: PromoteRequest, step: Step) -> Summary:
    """Make a registered model the live one of its fleet, by a person's word.

    Raises:
        PromotionError: it may not be made live, or what it needs is gone or changed.
    """
    how: How = "roll_back" if request.roll_back else "promote"
    served = live(step.home.settings.serving, request.fleet)
    # An attempt that was interrupted after the model went live is only written down.
    done = (
        served if served is not None and served.run_id in (step.run.run_id, step.origin) else None
    )
    entry = done or candidate(step.home.metadata, step.home.settings, request)
    step.uses("Model", request.model_id)
    put_live(step, entry, how, (request.replaces or "", request.reason))
    step.note(f"{how.replace('_', ' ')}: {request.reason}")
    told = ("fleet", "model_id", "replaces", "roll_back")
    return {name: getattr(request, name) for name in told}


def put_live(step: Step, entry: Live, how: How, about: tuple[str, str]) -> None:
    """Publish what is pushed, then make it live; what an interrupted attempt published stands.

    Args:
        step: Pusher.
        entry: what shall serve.
        how: by which way it came to be live.
        about: the model that was live before (empty for none), and why it is replaced.
    """
    mine = replace(entry, run_id=step.run.run_id, since=iso(now()))
    told = {"how": how, "replaces": about[0], "reason": about[1]}
    folder = step.publish(
        "PushedModel",
        f"{mine.run_id}.{mine.model_id}",
        partial(_write, mine, told),
        model_id=mine.model_id,
        fleet=mine.fleet,
        **told,
    )
    go_live(step.home.settings.serving, pushed(folder))
    failpoint(f"{step.node}.after_commit")
    step.note(f"{mine.model_id} is live for {mine.fleet}")


def _write(entry: Live, told: Mapping[str, str], folder: Path) -> None:
    (folder / PUSHED).write_text(json.dumps(asdict(entry), indent=1))
    (folder / PROMOTION).write_text(json.dumps(told, indent=1))
