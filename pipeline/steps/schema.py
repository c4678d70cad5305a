"""SchemaGen at work: the schema of each fleet, and what new data suggest to change in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.clock import now
from lakehouse.quality import SCHEMAS
from lakehouse.requests import SchemaRequest
from lakehouse.validation.changes import Change
from lakehouse.validation.files import SCHEMA, read_schema, schema_text
from lakehouse.validation.protos import Schema
from pipeline.components.schema_gen import Proposal, schema_gen
from pipeline.step import Step, Summary
from pipeline.steps.frames import collect, lazy
from pipeline.steps.statistics import Taken, load_statistics, received

ARTIFACT = "Schema"
# What names an engine and its flights is meant to be new: no domains, no comparators.
KEYS = ("engine", "cycle")


class SchemaDecisionError(ValueError):
    """A decision that cannot be taken; the message says why."""


def infer(taken: Taken, step: Step) -> Summary:
    """The first schema of a fleet is accepted as inferred; later ones are proposed to a person."""
    schemas: dict[str, str] = {}
    proposed = []
    # History first: it shows all of a life.
    for place, row in enumerate(sorted(received(taken), key=lambda row: row["kind"])):
        reviewed = accepted(step, row["fleet"])
        statistics = load_statistics(step, row["delivery_id"])
        if statistics is None or not row["accepted"]:
            continue
        schema = None if reviewed is None else read_schema(reviewed["schema"])
        proposal = schema_gen(statistics, schema, KEYS)
        if reviewed is None:
            first = f"inferred from {_name(row)}: the first schema of the fleet"
            _write(step, (place, row), proposal, ("accepted", first, None))
        elif proposal.changes and not _known(step, row["fleet"], proposal.changes):
            why = f"{_name(row)} suggests {len(proposal.changes)} changes"
            of = reviewed["schema_id"]
            proposed.append(_write(step, (place, row), proposal, ("proposed", why, of)))
        holds = accepted(step, row["fleet"])
        if holds is not None:
            schemas[row["fleet"]] = holds["schema_id"]
    return {"schemas": schemas, "proposed": proposed}


def decide(request: SchemaRequest, step: Step) -> Summary:
    """Accept or reject a schema; any that was ever proposed or accepted can be accepted.

    Raises:
        SchemaDecisionError: there is no such schema, or it holds already.
    """
    rows = collect(step.read(SCHEMAS.name).filter(nw.col("schema_id") == request.schema_id))
    if rows.is_empty():
        raise SchemaDecisionError(f"there is no schema {request.schema_id}")
    newest = rows.sort("at").row(-1, named=True)
    holds = accepted(step, newest["fleet"])
    if holds is not None and holds["schema_id"] == request.schema_id:
        raise SchemaDecisionError(f"{request.schema_id} is the schema of {newest['fleet']} already")
    state = {"accept": "accepted", "reject": "rejected"}[request.decision]
    row = newest | {
        "state": state,
        "who": step.run.who,
        "reason": request.reason,
        "at": now(),
        "run_id": step.run.run_id,
    }
    step.append(SCHEMAS.name, lazy(pl.DataFrame([row], schema_overrides=_TEXT)))
    step.note(f"schema {request.schema_id} of {newest['fleet']}: {state}")
    return {"schema_id": request.schema_id, "fleet": newest["fleet"], "after": state}


def accepted(step: Step, fleet: str) -> dict[str, Any] | None:
    """The row of the schema that holds for a fleet, None before the first."""
    mine = (nw.col("fleet") == fleet, nw.col("state") == "accepted")
    rows = collect(step.read(SCHEMAS.name).filter(*mine))
    return None if rows.is_empty() else rows.sort("at").row(-1, named=True)


def load_schema(step: Step, fleet: str) -> Schema | None:
    """The schema that holds for a fleet, as an input of the step."""
    row = accepted(step, fleet)
    if row is None:
        return None
    step.uses(ARTIFACT, row["schema_id"])
    return read_schema(row["schema"])


def _name(row: Mapping[str, Any]) -> str:
    return Path(row["source"]).name


_TEXT = dict.fromkeys(("of_schema_id", "delivery_id", "who"), pl.String)


def _write(
    step: Step,
    placed: tuple[int, Mapping[str, Any]],
    proposal: Proposal,
    what: tuple[str, str, str | None],
) -> str:
    (place, row), (state, why, of) = placed, what
    text = schema_text(proposal.proposed)
    schema_id = f"s-{sha256((row['fleet'] + text).encode()).hexdigest()[:10]}"
    changes = json.dumps([asdict(change) for change in proposal.changes])

    def fill(folder: Path) -> None:
        (folder / SCHEMA).write_text(text)

    step.publish(ARTIFACT, schema_id, fill, fleet=row["fleet"])
    told = {
        "schema_id": schema_id,
        "fleet": row["fleet"],
        "state": state,
        "schema": text,
        "of_schema_id": of,
        "changes": changes,
        "delivery_id": row["delivery_id"],
        "who": step.run.who,
        "reason": why,
        "at": now(),
        "run_id": step.run.run_id,
    }
    frame = pl.DataFrame([told], schema_overrides=_TEXT)
    step.append(SCHEMAS.name, lazy(frame), part=str(place))
    step.note(f"{row['fleet']}: schema {schema_id} {state}: {why}")
    return schema_id


def _known(step: Step, fleet: str, changes: Sequence[Change]) -> bool:
    """Whether the same changes to the schema that holds were proposed or rejected before."""
    rows = collect(step.read(SCHEMAS.name).filter(nw.col("fleet") == fleet)).sort("at")
    since = rows.filter(pl.col("state") == "accepted")["at"].max()
    text = json.dumps([asdict(change) for change in changes])
    later = rows.filter(pl.col("at") > since, pl.col("changes") == text)
    return not later.is_empty()
