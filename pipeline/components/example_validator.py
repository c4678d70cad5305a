"""ExampleValidator: what is wrong with data, held against their schema."""

from dataclasses import dataclass

from lakehouse.validation.finding import Finding
from lakehouse.validation.protos import Anomalies, Schema, Statistics
from lakehouse.validation.validation import findings, validate_statistics


@dataclass(frozen=True)
class Validated:
    """What was found, as TFX writes it and for reading."""

    anomalies: Anomalies
    findings: tuple[Finding, ...]


def example_validator(
    statistics: Statistics,
    schema: Schema,
    previous: Statistics | None = None,
    training: Statistics | None = None,
) -> Validated:
    """Validate data by their statistics.

    Args:
        statistics: of the data in question.
        schema: what they should look like.
        previous: of the data before them: drift.
        training: of the data that a model learnt from: skew.
    """
    anomalies = validate_statistics(statistics, schema, previous, training)
    return Validated(anomalies, findings(anomalies))
