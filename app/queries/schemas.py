"""The schemas of a fleet: the one in force, what is proposed, and every one before."""

from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

import narwhals as nw
from cachetools import LRUCache, cached

from lakehouse.quality import SCHEMAS
from lakehouse.snapshots import Pinned
from lakehouse.validation.changes import Change, schema_diff, schema_facts
from lakehouse.validation.files import read_schema

_PRESENCE = ("least share of rows", "least number of rows", "lifecycle stage")
_SHAPE = ("shape", "values in a row")
_DOMAIN = ("values", "range", "distinct values", "nan allowed", "inf allowed")


@dataclass(frozen=True)
class Decision:
    """One line of a schema's life: proposed, accepted or rejected, by whom, when, why."""

    state: str
    who: str
    at: datetime
    reason: str
    run_id: str


@dataclass(frozen=True)
class SchemaVersion:
    """One schema of a fleet.

    Attributes:
        schema_id: its name.
        fleet: the fleet.
        text: schema.pbtxt.
        delivery_id: the delivery that suggested it.
        decisions: its life, oldest first.
        holds: it is the one in force.
    """

    schema_id: str
    fleet: str
    text: str
    delivery_id: str
    decisions: tuple[Decision, ...]
    holds: bool = False

    @property
    def last(self) -> Decision:
        """What was decided last."""
        return self.decisions[-1]

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.last.state == "proposed" and not self.holds


@dataclass(frozen=True)
class Facts:
    """What a schema says of one column, in words."""

    name: str
    type: str
    presence: str
    shape: str
    domain: str
    drift: str
    skew: str


@cached(
    LRUCache(16),
    key=lambda pinned, fleet: (pinned.lake, pinned.version(SCHEMAS.name), fleet),
    lock=RLock(),
)
def schemas(pinned: Pinned, fleet: str) -> tuple[SchemaVersion, ...]:
    """All schemas of a fleet, the one that was decided on last first."""
    mine = pinned.scan(SCHEMAS.name).filter(nw.col("fleet") == fleet).sort("at")
    rows = mine.collect("polars").rows(named=True)
    accepted = [row["schema_id"] for row in rows if row["state"] == "accepted"]
    names = dict.fromkeys(row["schema_id"] for row in reversed(rows))
    return tuple(
        _version([row for row in rows if row["schema_id"] == name], name in accepted[-1:])
        for name in names
    )


def in_force(every: tuple[SchemaVersion, ...]) -> SchemaVersion | None:
    """The one that holds, None before the first."""
    return next((each for each in every if each.holds), None)


def one(pinned: Pinned, schema_id: str) -> SchemaVersion | None:
    """One schema of any fleet, None when there is none of that name."""
    mine = pinned.scan(SCHEMAS.name).filter(nw.col("schema_id") == schema_id).head(1)
    fleets = mine.select("fleet").collect("polars")["fleet"].to_list()
    every = schemas(pinned, str(fleets[0])) if fleets else ()
    return next((each for each in every if each.schema_id == schema_id), None)


def text_of(pinned: Pinned, schema_id: str) -> str | None:
    """schema.pbtxt of one schema of any fleet, None when there is none of that name."""
    found = one(pinned, schema_id)
    return None if found is None else found.text


def facts(version: SchemaVersion) -> tuple[Facts, ...]:
    """Column by column what a schema says.

    Raises:
        ValueError: its text is no schema.
    """
    told = schema_facts(read_schema(version.text))
    return tuple(_facts(name, said) for name, said in told.items())


def differences(old: SchemaVersion, new: SchemaVersion) -> tuple[Change, ...]:
    """What changes from one schema to another.

    Raises:
        ValueError: one of the texts is no schema.
    """
    return schema_diff(read_schema(old.text), read_schema(new.text))


def _version(rows: list[dict[str, Any]], holds: bool) -> SchemaVersion:
    first = rows[0]
    decisions = tuple(
        Decision(row["state"], row["who"] or "", row["at"], row["reason"] or "", row["run_id"])
        for row in rows
    )
    text, delivery = first["schema"], first["delivery_id"] or ""
    return SchemaVersion(first["schema_id"], first["fleet"], text, delivery, decisions, holds)


def _facts(name: str, said: dict[str, str]) -> Facts:
    limits = {"drift": "", "skew": ""}
    for what, value in said.items():
        for kind in limits:
            if what.startswith(f"{kind} limit"):
                norm = what.partition("(")[2].rstrip(")")
                limits[kind] = f"{_norm(norm)} ≤ {value}"
    return Facts(
        name=name,
        type=said.get("type", ""),
        presence=_presence(said),
        shape=" · ".join(said[what] for what in _SHAPE if what in said),
        domain=" · ".join(_said(what, said[what]) for what in _DOMAIN if what in said),
        drift=limits["drift"],
        skew=limits["skew"],
    )


def _presence(said: dict[str, str]) -> str:
    if said.get("least share of rows") == "1" and "lifecycle stage" not in said:
        return "in every row"
    return " · ".join(f"{what} {said[what]}" for what in _PRESENCE if what in said)


def _said(what: str, value: str) -> str:
    return value if what in ("values", "range") else f"{what} {value}"


def _norm(norm: str) -> str:
    return {"jensen shannon divergence": "JS", "infinity norm": "L∞"}.get(norm, norm)
