"""Requests for work on data and models: take in, train, score, keep up."""

import json
from hashlib import sha256
from typing import ClassVar, Self

from pydantic import Field, model_validator

from lakehouse.history import DAYS
from lakehouse.requests.base import DeliveryKind, FleetName, Request

TAKE_IN = ("ExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator")


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
