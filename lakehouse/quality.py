"""The table contracts of data quality: what was found, and the limits that people set."""

from lakehouse.columns import FLEET
from lakehouse.contract import Column, Table

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
