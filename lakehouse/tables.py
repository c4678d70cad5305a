"""The table contracts: every column, type, unit, description and key of the lake, written once."""

from lakehouse.columns import CYCLE, DELIVERY, ENGINE, FLEET, MODEL, RUN, TRANSFORM, measured
from lakehouse.contract import Column, Table
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.quality import ANOMALIES, CORRECTIONS, LIMITS, NORMALS, SCHEMAS

ENGINE_ORDER = ("fleet", "engine", "cycle")

DELIVERIES = Table(
    "bronze/deliveries",
    "one delivered file, or one member of a delivered archive",
    ("delivery_id",),
    (
        DELIVERY,
        FLEET,
        Column("kind", "string", "history, in_service or truth"),
        Column("state", "string", "received, accepted, blocked, rejected, duplicate or withdrawn"),
        Column("source", "string", "where it came from, as it was named"),
        Column("member", "string", "name inside an archive, empty otherwise"),
        Column("sha256", "string", "sha256 of the member as it was delivered"),
        Column("rows", "int64", "lines that held a record: accepted + quarantined"),
        Column("accepted", "int64", "records that went to bronze"),
        Column("quarantined", "int64", "lines that went to quarantine"),
        Column("duplicates", "int64", "records that were there already with equal values"),
        Column("conflicts", "int64", "records that were there already with other values"),
        Column("duplicate_of", "string", "the delivery that this one repeats"),
        Column("received_at", "timestamp", "when it was taken in"),
        Column("reason", "string", "why it is in this state, in words"),
        Column("simulated", "boolean", "made by the built-in simulator"),
        RUN,
    ),
)

READINGS = Table(
    "bronze/readings",
    "one record as it was delivered",
    ("delivery_id", "line"),
    (
        DELIVERY,
        Column("line", "int64", "line or row of the delivered file, from 1"),
        FLEET,
        ENGINE,
        CYCLE,
        *measured(PROFILE.signals),
        Column("extra", "string", "columns that no contract knows, as JSON"),
    ),
    sort=("fleet", "engine", "cycle", "delivery_id", "line"),
    bulk=True,
)

FAILURES = Table(
    "bronze/failures",
    "one failure of an engine, or a person's word about one",
    ("fleet", "engine", "cycle", "reported_at"),
    (
        FLEET,
        ENGINE,
        CYCLE,
        Column("reported_at", "timestamp", "when it became known"),
        Column("origin", "string", "history, reported, overhaul, removal or retracted"),
        DELIVERY,
        Column("who", "string", "who said it"),
        Column("reason", "string", "why, in that person's words"),
        RUN,
    ),
)

TRUTH = Table(
    "bronze/truth",
    "cycles that an engine had left after its last delivered record; for evaluation only",
    ("fleet", "engine"),
    (
        FLEET,
        ENGINE,
        CYCLE,
        Column("remaining", "int64", "cycles left after that record", "cycles"),
        DELIVERY,
        Column("of_delivery_id", "string", "the in-service delivery that it belongs to"),
    ),
)

QUARANTINE = Table(
    "bronze/quarantine",
    "one line that could not be used, or a whole file when line is null",
    ("delivery_id", "line"),
    (
        DELIVERY,
        Column("line", "int64", "line of the delivered file, from 1; null for the whole file"),
        ENGINE,
        CYCLE,
        Column("raw", "string", "what stood there, cut to 2,000 characters"),
        Column("reason", "string", "reason code"),
        Column("detail", "string", "what is wrong and what was expected"),
    ),
)

SILVER = Table(
    "silver/readings",
    "one flight of one engine, cleaned",
    ENGINE_ORDER,
    (
        FLEET,
        ENGINE,
        CYCLE,
        *measured(PROFILE.signals),
        Column(
            "flags",
            "string",
            "columns that were unusable and are null here, and those that a person corrected as "
            "corrected:<column>, with commas",
        ),
        DELIVERY,
    ),
    sort=ENGINE_ORDER,
    bulk=True,
)

FEATURES = Table(
    "gold/features",
    "what the model sees of one flight, by the transform that made it",
    (*ENGINE_ORDER, "transform_id"),
    (
        FLEET,
        ENGINE,
        CYCLE,
        TRANSFORM,
        Column("regime", "int64", "operating regime of that flight, from 0"),
    ),
    sort=ENGINE_ORDER,
    partitions=("transform_id",),
    open=True,
    bulk=True,
)

FLEET_BAND = Table(
    "gold/fleet_band",
    "where the fleet's sensors lay at the same age",
    ("fleet", "transform_id", "sensor", "cycle"),
    (
        FLEET,
        TRANSFORM,
        Column("sensor", "string", "sensor or setting column"),
        CYCLE,
        Column("p05", "float64", "5 % of the fleet lie below"),
        Column("p50", "float64", "median"),
        Column("p95", "float64", "95 % of the fleet lie below"),
        Column("norm_p05", "float64", "the same, regime-normalised", "standard deviations"),
        Column("norm_p50", "float64", "the same, regime-normalised", "standard deviations"),
        Column("norm_p95", "float64", "the same, regime-normalised", "standard deviations"),
    ),
    sort=("fleet", "transform_id", "sensor", "cycle"),
)

_SAID = (
    Column("probability", "float64", "that the engine is within its last cycles"),
    Column("window_from", "int64", "first cycle of the failure window", "cycles"),
    Column("window_to", "int64", "last cycle of the failure window; null = open", "cycles"),
    Column("coverage", "float64", "nominal coverage of the window"),
    Column("rul", "float64", "remaining useful life, point estimate", "cycles"),
    Column("features_version", "int64", "version of gold/features that was read"),
)

PREDICTIONS = Table(
    "gold/predictions",
    "what was said of an engine when that cycle was its newest",
    (*ENGINE_ORDER, "model_id", "input_digest"),
    (
        FLEET,
        ENGINE,
        CYCLE,
        MODEL,
        Column("input_digest", "string", "chained sha256 of the engine's rows up to that cycle"),
        *_SAID,
        RUN,
        Column("predicted_at", "timestamp", "when it was said"),
    ),
    sort=ENGINE_ORDER,
    bulk=True,
)

BACKFILL = Table(
    "gold/backfill",
    "what the live model says of earlier cycles, from the rows up to that cycle only",
    (*ENGINE_ORDER, "model_id"),
    (
        FLEET,
        ENGINE,
        CYCLE,
        MODEL,
        *_SAID,
        Column("in_training", "boolean", "this engine taught this model"),
        RUN,
        Column("predicted_at", "timestamp", "when it was worked out"),
    ),
    sort=ENGINE_ORDER,
    bulk=True,
)

ENGINE_STATUS = Table(
    "gold/engine_status",
    "where one engine stands now",
    ("fleet", "engine"),
    (
        FLEET,
        ENGINE,
        Column("state", "string", "in_service or failed"),
        CYCLE,
        Column("probability", "float64", "that the engine is within its last cycles"),
        Column("window_from", "int64", "first cycle of the failure window", "cycles"),
        Column("window_to", "int64", "last cycle of the failure window; null = open", "cycles"),
        Column("rul", "float64", "remaining useful life, point estimate", "cycles"),
        MODEL,
        Column("data_status", "string", "ok, warning or blocked"),
        Column("predicted_at", "timestamp", "when it was said"),
        Column("coverage", "float64", "nominal coverage of the window"),
        Column("said_at", "int64", "cycle that the prediction was issued for", "cycles"),
        Column("failed_at", "int64", "cycle of its failure, null while in service", "cycles"),
        Column("last_received_at", "timestamp", "arrival of its newest delivery"),
        Column("run_id", "string", "the run that issued the prediction"),
        Column("cycles_seen", "int64", "flights in silver", "cycles"),
        Column(
            "silver_version", "int64", "version of silver/readings that the fleet is caught up with"
        ),
        Column("trend", "string", "probability over its life, 24 numbers in percent"),
        Column("why", "string", "sensors that deviate most from the fleet at that age"),
        Column("simulated", "boolean", "the engine comes from the built-in simulator"),
    ),
    sort=("fleet", "engine"),
)

SNAPSHOTS = Table(
    "ops/snapshots",
    "which versions of all tables belong together",
    ("seq",),
    (
        Column("seq", "int64", "number of the snapshot, from 1"),
        Column("time", "timestamp", "when it was taken"),
        RUN,
        Column("versions", "string", "JSON: table to version"),
        Column("live", "string", "JSON: fleet to model_id"),
    ),
)

FILES = Table(
    "ops/files",
    "one file that a commit added, or the commit itself, with its hash",
    ("table", "version", "path"),
    (
        Column("table", "string", "table name"),
        Column("version", "int64", "version that added it"),
        Column("path", "string", "path inside the table's folder"),
        Column("bytes", "int64", "size", "bytes"),
        Column("sha256", "string", "sha256 of the file"),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        DELIVERIES,
        READINGS,
        FAILURES,
        TRUTH,
        QUARANTINE,
        CORRECTIONS,
        SILVER,
        FEATURES,
        FLEET_BAND,
        PREDICTIONS,
        BACKFILL,
        ENGINE_STATUS,
        ANOMALIES,
        SCHEMAS,
        NORMALS,
        LIMITS,
        SNAPSHOTS,
        FILES,
    )
}
