"""Requests that are a person's decision, each with its reason."""

import json
from hashlib import sha256
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lakehouse.requests.base import (
    LARGEST,
    ColumnName,
    EngineName,
    FleetName,
    Identifier,
    Reason,
    Request,
)

Origin = Literal["failure", "overhaul", "removal", "retract"]


class ReportRequest(Request):
    """A person's word about one engine: it failed, was overhauled or removed, or did not."""

    workflow: ClassVar[str] = "report"
    nodes: ClassVar[tuple[str, ...]] = ("Report", "BulkInferrer")

    origin: Origin
    fleet: FleetName
    engine: EngineName
    cycle: int = Field(ge=1)
    reason: Reason


class ReviewRequest(Request):
    """A person's decision on a delivery: let its records into silver, or keep them out."""

    workflow: ClassVar[str] = "review"
    nodes: ClassVar[tuple[str, ...]] = ("Review", "Clean", "BulkInferrer")

    delivery_id: Identifier
    decision: Literal["accept", "quarantine"]
    reason: Reason

    @property
    def deduplication(self) -> str:
        """The same decision on the same delivery."""
        return f"review-{self.decision}-{self.delivery_id}"


class Change(BaseModel):
    """A value as it stands, null where it is unusable, and as it should be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: float | None = Field(allow_inf_nan=False)
    new: float = Field(allow_inf_nan=False)


class CorrectRequest(Request):
    """A person's word about rows of one engine, which outranks what was delivered.

    ``correct`` names ``changes`` of the flight ``cycle``, ``withdraw`` takes the flights from
    ``cycle`` to ``until`` out, ``retract`` takes back the correction ``retracts``.
    """

    workflow: ClassVar[str] = "correct"
    nodes: ClassVar[tuple[str, ...]] = ("Correct", "Clean", "BulkInferrer")

    action: Literal["correct", "withdraw", "retract"]
    fleet: FleetName
    engine: EngineName
    cycle: int | None = Field(default=None, ge=1, le=LARGEST)
    until: int | None = Field(default=None, ge=1, le=LARGEST)
    changes: dict[ColumnName, Change] = Field(default_factory=dict, description="column to change")
    retracts: Identifier | None = None
    reason: Reason

    @model_validator(mode="after")
    def _of_its_action(self) -> Self:
        needed = {"correct": ["cycle", "changes"], "withdraw": ["cycle", "until"]}
        wanted = needed.get(self.action, ["retracts"])
        given = [n for n in ("cycle", "until", "changes", "retracts") if getattr(self, n)]
        if given != wanted:
            raise ValueError(f"{self.action} needs {' and '.join(wanted)}, nothing else")
        if self.until is not None and self.until < (self.cycle or 0):
            raise ValueError(f"cycles {self.cycle} to {self.until} are no range")
        return self

    @property
    def deduplication(self) -> str:
        """The same correction, for the same reason."""
        text = json.dumps(self.model_dump(), sort_keys=True)
        return "correct-" + sha256(text.encode()).hexdigest()[:32]


class RestoreRequest(Request):
    """Make a table what it was at an earlier version: a new version, with what was decided then."""

    workflow: ClassVar[str] = "restore"
    nodes: ClassVar[tuple[str, ...]] = ("Restore", "BulkInferrer")

    table: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,32}/[a-z_]{1,32}$")]
    version: int = Field(ge=0, le=LARGEST)
    reason: Reason

    @property
    def deduplication(self) -> str:
        """The same version of the same table."""
        return f"restore-{self.table}-{self.version}"


class SchemaRequest(Request):
    """A person's decision on a proposed schema."""

    workflow: ClassVar[str] = "schema"
    nodes: ClassVar[tuple[str, ...]] = ("SchemaReview",)

    schema_id: Identifier
    decision: Literal["accept", "reject"]
    reason: Reason


class LimitRequest(Request):
    """A new limit of a sensor; from now on it takes the place of the one before.

    Both sides null lifts the limit.
    """

    workflow: ClassVar[str] = "limit"
    nodes: ClassVar[tuple[str, ...]] = ("Limits",)

    fleet: FleetName
    sensor: ColumnName
    regime: str | None = Field(default=None, max_length=64, description="null: in every regime")
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)
    reason: Reason

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class PromoteRequest(Request):
    """Make a registered model the live one of its fleet, whatever the gate said of it."""

    workflow: ClassVar[str] = "promote"
    nodes: ClassVar[tuple[str, ...]] = ("Pusher", "BulkInferrer")

    fleet: FleetName
    model_id: Identifier
    replaces: Identifier | None = Field(description="the live model that the person saw")
    roll_back: bool = Field(default=False, description="it served before the one it replaces")
    reason: Reason

    @property
    def deduplication(self) -> str:
        """The same model in the same one's place."""
        return f"promote-{self.fleet}-{self.model_id}-{self.replaces}"
