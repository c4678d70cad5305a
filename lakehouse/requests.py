"""Run requests: names and typed parameters of the workflows, nothing that runs."""

import json
from hashlib import sha256
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lakehouse.history import DAYS

DeliveryKind = Literal["history", "in_service", "truth"]
Origin = Literal["failure", "overhaul", "removal", "retract"]
FleetName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
TAKE_IN = ("ExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator")
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
LARGEST = 2**53
EngineName = Annotated[str, StringConstraints(pattern=r"^[^/@\x00-\x1f]{1,128}$")]


class Request(BaseModel):
    """What a person asks for; the worker does it.

    Attributes:
        workflow: name of the workflow.
        nodes: its components, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    workflow: ClassVar[str]
    nodes: ClassVar[tuple[str, ...]]

    @property
    def deduplication(self) -> str | None:
        """Two requests with the same text are one run while it is queued or running."""
        return None


class IngestRequest(Request):
    """Take in files; ``fleet`` and ``kind`` where the names do not say them."""

    workflow: ClassVar[str] = "ingest"
    nodes: ClassVar[tuple[str, ...]] = (*TAKE_IN, "Clean", "BulkInferrer")

    paths: tuple[str, ...] = Field(default=(), description="absolute paths of files and folders")
    fleet: FleetName | None = None
    kind: DeliveryKind | None = None
    simulate: int | None = Field(
        default=None, ge=20, le=5000, description="simulate so many engines"
    )
    fetch: str | None = Field(
        default=None, description="name of a published data set to download first"
    )


class RetrainRequest(Request):
    """Train a model for one fleet, evaluate it and publish it if the gate lets it."""

    workflow: ClassVar[str] = "retrain"
    nodes: ClassVar[tuple[str, ...]] = (
        "Transform",
        "Trainer",
        "Evaluator",
        "Pusher",
        "BulkInferrer",
    )

    fleet: FleetName
    parameters: dict[str, str] = Field(default_factory=dict)
    silver_version: int = Field(ge=0, description="version of silver/readings to learn from")

    @property
    def deduplication(self) -> str:
        """The same fleet, parameters and silver version."""
        text = json.dumps(self.model_dump(), sort_keys=True)
        return "retrain-" + sha256(text.encode()).hexdigest()[:32]


class ScoreRequest(Request):
    """Score a fleet with its live model."""

    workflow: ClassVar[str] = "score"
    nodes: ClassVar[tuple[str, ...]] = ("BulkInferrer",)

    fleet: FleetName
    all_cycles: bool = False


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


class StreamRequest(Request):
    """Take in what arrives in a folder or a Kafka topic, batch after batch, until it is cancelled.

    The batches of one source are numbered through all its runs: what was taken never comes again.
    """

    workflow: ClassVar[str] = "stream"
    nodes: ClassVar[tuple[str, ...]] = (*TAKE_IN, "Clean", "BulkInferrer")

    folder: str | None = Field(default=None, description="absolute path of the watched folder")
    brokers: str | None = Field(default=None, description="Kafka's addresses: host:port,…")
    topic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,249}$")
    fleet: FleetName | None = None
    kind: DeliveryKind | None = None
    once: bool = Field(default=False, description="end when nothing more is there")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.folder is None) == (self.brokers is None):
            raise ValueError("a stream reads one folder or one Kafka topic")
        if (self.brokers is None) != (self.topic is None):
            raise ValueError("Kafka needs brokers and topic")
        if self.brokers is not None and (self.fleet is None or self.kind is None):
            raise ValueError("messages do not say fleet and kind: both are needed")
        return self

    @property
    def source(self) -> str:
        """What is read, in words."""
        return self.folder or f"kafka://{self.brokers}/{self.topic}"

    @property
    def name(self) -> str:
        """Name of the stream: the same source, fleet and kind go on where they stopped."""
        text = json.dumps([self.source, self.fleet, self.kind])
        return f"stream-{sha256(text.encode()).hexdigest()[:12]}"

    @property
    def deduplication(self) -> str:
        """One run at a time reads a source."""
        return self.name


class MaintainRequest(Request):
    """Compact the tables and let old versions go, except those that somebody needs."""

    workflow: ClassVar[str] = "maintain"
    nodes: ClassVar[tuple[str, ...]] = ("Maintain",)

    days: int = Field(default=DAYS, ge=0, le=36_500, description="a replaced version stays so long")
    log_days: int | None = Field(default=None, ge=0, le=36_500, description="null: logs stay")
    guard: bool = Field(default=True, description="keep what published models learned from")

    @property
    def deduplication(self) -> str:
        """The same upkeep."""
        return f"maintain-{self.days}-{self.log_days}-{self.guard}"


class VerifyRequest(Request):
    """Look whether everything in the home is as it was left; changes nothing."""

    workflow: ClassVar[str] = "verify"
    nodes: ClassVar[tuple[str, ...]] = ("Verify",)

    deep: bool = Field(default=False, description="also hash every row")

    @property
    def deduplication(self) -> str:
        """The same verification."""
        return f"verify-{self.deep}"


# Every request that is defined above, in that order.
REQUESTS: dict[str, type[Request]] = {each.workflow: each for each in Request.__subclasses__()}
