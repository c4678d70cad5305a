"""The files that TFX writes of statistics, schema and anomalies, as bytes and text.

Names and formats are TFX's (``FeatureStats.pb``, ``schema.pbtxt``, ``SchemaDiff.pb``), so that its
tools read ours and ours read its.
"""

from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from lakehouse.artifacts import check
from lakehouse.validation.protos import Anomalies, Schema, Statistics

STATISTICS = "FeatureStats.pb"
SCHEMA = "schema.pbtxt"
ANOMALIES = "SchemaDiff.pb"


def statistics_bytes(statistics: Statistics) -> bytes:
    """The content of ``FeatureStats.pb``; the same statistics give the same bytes."""
    return bytes(statistics.SerializeToString(deterministic=True))


def read_statistics(content: bytes) -> Statistics:
    """Statistics from ``FeatureStats.pb``.

    Raises:
        ValueError: the bytes are no statistics.
    """
    try:
        return Statistics.FromString(content)
    except DecodeError as error:
        raise ValueError(f"no statistics (DatasetFeatureStatisticsList): {error}") from None


def published_statistics(folder: Path) -> Statistics:
    """Statistics of one split, as a step published them.

    Raises:
        BrokenArtifactError: the folder or its file is gone or has changed since.
    """
    check(folder)
    return read_statistics(next(folder.glob(f"Split-*/{STATISTICS}")).read_bytes())


def schema_text(schema: Schema) -> str:
    """The content of ``schema.pbtxt``."""
    return str(text_format.MessageToString(schema, as_utf8=True))


def read_schema(text: str) -> Schema:
    """A schema from ``schema.pbtxt``.

    Raises:
        ValueError: the text is no schema; the message names line and column.
    """
    try:
        return text_format.Parse(text, Schema())
    except text_format.ParseError as error:
        raise ValueError(f"no schema: {error}") from None


def anomalies_bytes(anomalies: Anomalies) -> bytes:
    """The content of ``SchemaDiff.pb``; the same anomalies give the same bytes."""
    return bytes(anomalies.SerializeToString(deterministic=True))


def read_anomalies(content: bytes) -> Anomalies:
    """Anomalies from ``SchemaDiff.pb``.

    Raises:
        ValueError: the bytes are no anomalies.
    """
    try:
        return Anomalies.FromString(content)
    except DecodeError as error:
        raise ValueError(f"no anomalies: {error}") from None
