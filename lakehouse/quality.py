"""The table contracts of data quality: what was found, and what people said about it."""

from lakehouse.columns import CYCLE, ENGINE, FLEET, RUN
from lakehouse.contract import Column, Table

# What a person decides about a delivery: the states it may be in before, and the one afterwards.
DECISIONS = {
    "accept": (("blocked", "withdrawn"), "accepted"),
    "quarantine": (("blocked", "accepted"), "withdrawn"),
}

CORRECTIONS = Table(
    "bronze/corrections",
    "a person's word about one value or one flight, which outranks what was delivered",
    ("correction_id", "fleet", "engine", "cycle", "column"),
    (
        Column("correction_id", "string", "name of the decision, which may be several rows"),
        Column("action", "string", "correct, withdraw, retract or restore"),
        FLEET,
        ENGINE,
        CYCLE,
        Column("column", "string", "sensor or setting column; null = the whole flight"),
        Column("old_value", "float64", "what silver said then, null where it was unusable"),
        Column("new_value", "float64", "what a corrected value is"),
        Column("retracts", "string", "the correction that a retraction takes back"),
        Column("who", "string", "who said it"),
        Column("reason", "string", "why, in that person's words"),
        Column("corrected_at", "timestamp", "when"),
        RUN,
    ),
    sort=("fleet", "engine", "corrected_at", "cycle", "column"),
)

ANOMALIES = Table(
    "quality/anomalies",
    "one finding about data, down to the rows",
    ("anomaly_id",),
    (
        Column("anomaly_id", "string", "the same finding of the same data has the same name"),
        Column("run_id", "string", "the run that found it"),
        Column("severity", "string", "error (keeps the delivery out of silver) or warning"),
        Column("type", "string", "AnomalyInfo.Type in capitals, or a time-series check"),
        Column("table", "string", "the table that was looked at"),
        Column("table_version", "int64", "its version"),
        Column("column", "string", "the column, null where the row or table is meant"),
        FLEET,
        Column("engine", "string", "the engine, null where several are meant"),
        Column("first_cycle", "int64", "first flight that it concerns", "cycles"),
        Column("last_cycle", "int64", "last flight that it concerns", "cycles"),
        Column("delivery_id", "string", "the delivery that was looked at"),
        Column("limit_id", "string", "the limit that was broken"),
        Column("detail", "string", "what is wrong, and what was expected"),
        Column("found_at", "timestamp", "when it was found"),
    ),
    sort=("fleet", "delivery_id", "anomaly_id"),
)

LIMITS = Table(
    "ops/limits",
    "one limit that a person set; the newest of a sensor and regime holds",
    ("limit_id",),
    (
        Column("limit_id", "string", "name of the limit"),
        FLEET,
        Column("regime", "string", "rounded settings, as 35/0.85/100; null = all regimes"),
        Column("sensor", "string", "sensor or setting column"),
        Column("low", "float64", "least allowed value, null = none"),
        Column("high", "float64", "greatest allowed value, null = none"),
        Column("author", "string", "who set it"),
        Column("reason", "string", "why, in that person's words"),
        Column("valid_from", "timestamp", "from when on it holds"),
    ),
)

SCHEMAS = Table(
    "quality/schemas",
    "one schema of a fleet as it was proposed, or a person's decision about it",
    ("schema_id", "state", "at"),
    (
        Column("schema_id", "string", "name of the schema: the same content has the same name"),
        FLEET,
        Column("state", "string", "proposed, accepted or rejected; the newest accepted one holds"),
        Column("schema", "string", "Schema of tensorflow-metadata as text"),
        Column("of_schema_id", "string", "the accepted schema that it was compared with"),
        Column("changes", "string", "JSON: what differs, as feature, what, before, after"),
        Column("delivery_id", "string", "the delivery that suggested it"),
        Column("who", "string", "who accepted or rejected it, or asked for the run"),
        Column("reason", "string", "why, in words"),
        Column("at", "timestamp", "when"),
        RUN,
    ),
)

NORMALS = Table(
    "quality/normals",
    "what a fleet's signals look like in one regime: the medians of its engines",
    ("fleet", "regime", "column"),
    (
        FLEET,
        Column("regime", "int64", "number of the rounded settings"),
        Column("column", "string", "sensor or setting column"),
        Column("engines", "int64", "engines that flew in it"),
        Column("rows", "int64", "their flights in it"),
        Column("low", "float64", "median of their lowest readings"),
        Column("high", "float64", "median of their highest readings"),
        Column("level", "float64", "median of their median readings"),
        Column("noise", "float64", "standard deviation from one flight to the next, robust"),
        Column("repeats", "float64", "share of flights that read exactly what the one before did"),
        Column("flights", "int64", "flights of the fleet in silver when this was worked out"),
        Column("silver_version", "int64", "silver/readings that it came from, for who looks it up"),
    ),
)
