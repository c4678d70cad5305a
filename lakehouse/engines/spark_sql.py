"""What is said to Spark as SQL text: one call of the JVM where columns would cost several each."""

from pyspark.sql import DataFrame
from pyspark.sql.functions import expr

from lakehouse.contract import Type
from lakehouse.engines import Overlap

TYPES: dict[Type, str] = {
    "int64": "bigint",
    "float64": "double",
    "float32": "float",
    "timestamp": "timestamp",
    "string": "string",
    "boolean": "boolean",
}


def typed(there: set[str], name: str, kind: str) -> str:
    """A column with a type, null where it is not there."""
    return f"CAST({quoted(name) if name in there else 'NULL'} AS {kind}) AS {quoted(name)}"


def quoted(name: str) -> str:
    """The name of a column, whatever is in it."""
    return f"`{name.replace('`', '``')}`"


def text(value: str) -> str:
    """A text as a literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def overlap_of(gone: DataFrame, came: DataFrame, key: tuple[str, ...]) -> Overlap:
    """How many rows are in both; a key names one row of a side, a column not there is null."""
    same = [
        f"{_cell('gone', gone, name)} <=> {_cell('came', came, name)}"
        for name in {**dict.fromkeys(gone.columns), **dict.fromkeys(came.columns)}
    ]
    paired = " AND ".join(f"gone.{quoted(name)} = came.{quoted(name)}" for name in key)
    both = gone.alias("gone").join(came.alias("came"), expr(paired))
    counted = both.selectExpr("count(1) AS both", f"count_if({' AND '.join(same)}) AS same")
    both_count, same_count = counted.collect()[0]
    return Overlap(same_count, both_count - same_count)


def _cell(side: str, rows: DataFrame, name: str) -> str:
    return f"{side}.{quoted(name)}" if name in rows.columns else "NULL"
