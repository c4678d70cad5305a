"""Who answers for the content of each table: its domain, and the components that write it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """Who answers for a table.

    Attributes:
        domain: the part of the work that its content belongs to.
        writers: the components that write it; empty where every run does.
    """

    domain: str
    writers: tuple[str, ...] = ()


OWNERS: Mapping[str, Owner] = {
    "bronze/deliveries": Owner("Ingest", ("ExampleGen", "ExampleValidator", "Review")),
    "bronze/readings": Owner("Ingest", ("ExampleGen",)),
    "bronze/failures": Owner("Ingest", ("ExampleGen", "Report")),
    "bronze/truth": Owner("Ingest", ("ExampleGen",)),
    "bronze/quarantine": Owner("Ingest", ("ExampleGen",)),
    "bronze/corrections": Owner("Decisions", ("Correct", "Restore")),
    "silver/readings": Owner("Fleet data", ("Clean",)),
    "gold/features": Owner("Training", ("Transform", "BulkInferrer")),
    "gold/fleet_band": Owner("Training", ("Transform",)),
    "gold/predictions": Owner("Forecasts", ("BulkInferrer",)),
    "gold/backfill": Owner("Forecasts", ("BulkInferrer",)),
    "gold/engine_status": Owner("Forecasts", ("BulkInferrer",)),
    "quality/anomalies": Owner("Validation", ("ExampleValidator",)),
    "quality/schemas": Owner("Validation", ("SchemaGen", "SchemaReview")),
    "quality/normals": Owner("Validation", ("ExampleValidator",)),
    "ops/limits": Owner("Decisions", ("Limits",)),
    "ops/snapshots": Owner("Book-keeping"),
    "ops/files": Owner("Book-keeping"),
}
