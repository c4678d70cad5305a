"""Data held against a schema: what TFX's ExampleValidator finds, in TFX's own proto.

The anomalies of each feature equal those of TFDV 1.16's ``validate_statistics``
(``anomalies/schema.cc``, ``schema_anomalies.cc``, ``feature_util.cc``).
"""

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from lakehouse.validation.comparators import Against, Measured, compare, count_reasons
from lakehouse.validation.domains import outside
from lakehouse.validation.finding import Finding, Severity
from lakehouse.validation.presence import (
    DROPPED,
    environment_reasons,
    presence_reasons,
    shape_reasons,
    type_reasons,
    unique_reasons,
    value_count_reasons,
)
from lakehouse.validation.protos import Anomalies, Schema, Statistics
from lakehouse.validation.reading import Dataset, Told, dataset
from lakehouse.validation.reasons import Reason, anomaly
from lakehouse.validation.specification import (
    is_left_out,
    is_required,
    repaired,
)


def validate_statistics(
    statistics: Statistics,
    schema: Schema,
    previous: Statistics | None = None,
    training: Statistics | None = None,
    environment: str | None = None,
) -> Anomalies:
    """What is wrong with data, as their statistics tell.

    Args:
        statistics: of the data in question.
        schema: what they should look like.
        previous: of the data before, for the drift comparators.
        training: of the data that a model learnt from, for the skew comparators.
        environment: which of the schema's environments the data belong to.
    """
    data = dataset(statistics)
    anomalies = anomalies_pb2.Anomalies(baseline=schema)
    if not data.examples:
        anomalies.data_missing = True
        return anomalies
    anomalies.anomaly_name_format = anomalies_pb2.Anomalies.SERIALIZED_PATH
    before = None if previous is None else dataset(previous)
    checked = _Checked(schema, environment, before, None if training is None else dataset(training))
    known = {feature.name: feature for feature in schema.feature}
    for told in sorted(data.features, key=lambda told: told.name):
        reasons = checked.feature(known.get(told.name), told, anomalies)
        _note(anomalies, told.name, tuple(reasons))
    for feature in schema.feature:
        if feature.name not in data.by_name and is_required(schema, feature, environment):
            _note(anomalies, feature.name, (_MISSING,))
    if counted := count_reasons(schema.dataset_constraints, data.examples, before):
        anomalies.dataset_anomaly_info.CopyFrom(anomaly(counted))
    return anomalies


def findings(anomalies: Anomalies) -> tuple[Finding, ...]:
    """One finding for each reason of each feature, then those of the whole data set."""
    if anomalies.data_missing:
        return (Finding("error", "NO_DATA_IN_SPAN", "there is not one example"),)
    found = [
        finding
        for name in sorted(anomalies.anomaly_info)
        for finding in _findings(anomalies.anomaly_info[name], name)
    ]
    return (*found, *_findings(anomalies.dataset_anomaly_info, None))


def _findings(info: anomalies_pb2.AnomalyInfo, column: str | None) -> list[Finding]:
    warned = info.severity == anomalies_pb2.AnomalyInfo.WARNING
    severity: Severity = "warning" if warned else "error"
    type_of = anomalies_pb2.AnomalyInfo.Type.Name
    return [
        Finding(
            severity,
            type_of(reason.type),
            reason.description.strip() or reason.short_description.strip(),
            column,
        )
        for reason in info.reason
    ]


_MISSING = Reason("SCHEMA_MISSING_COLUMN", DROPPED, "Column is completely missing")
_NEW = Reason("SCHEMA_NEW_COLUMN", "New column", "New column (column in data but not in schema)")
_ABSENT = Reason(
    "FEATURE_TYPE_NOT_PRESENT", DROPPED, "The feature was not present in any examples."
)


class _Checked:
    """Features held against a schema and, where there are any, against other data."""

    def __init__(
        self,
        schema: schema_pb2.Schema,
        environment: str | None,
        previous: Dataset | None,
        training: Dataset | None,
    ) -> None:
        self._schema = schema
        self._environment = environment
        self._against = [
            *([Against("drift", previous)] if previous else []),
            *([Against("skew", training)] if training else []),
        ]

    def feature(
        self, feature: schema_pb2.Feature | None, told: Told, anomalies: anomalies_pb2.Anomalies
    ) -> list[Reason]:
        """What is wrong with one feature; its distances are written into ``anomalies``."""
        if feature is None:
            return [_NEW]
        if is_left_out(feature):
            return []
        feature, reasons = repaired(self._schema, feature)
        if not feature.type:
            return list(reasons)
        if not told.present:
            required = is_required(self._schema, feature, self._environment)
            return [*reasons, *([_ABSENT] if required else [])]
        found = [
            *reasons,
            *environment_reasons(self._schema, feature, self._environment),
            *value_count_reasons(feature, told),
            *shape_reasons(feature, told),
            *presence_reasons(feature.presence, told),
            *type_reasons(feature, told),
            *outside(self._schema, feature, told),
            *unique_reasons(feature, told),
        ]
        return found + self._compared(feature, told, anomalies)

    def _compared(
        self, feature: schema_pb2.Feature, told: Told, anomalies: anomalies_pb2.Anomalies
    ) -> list[Reason]:
        found: list[Reason] = []
        measured: dict[str, Measured] = {}
        for against in self._against:
            reasons, measured[against.kind] = compare(feature, told, against)
            found += reasons
        if any(measured.values()):
            anomalies.drift_skew_info.add(
                path={"step": [told.name]},
                drift_measurements=measured.get("drift", []),
                skew_measurements=measured.get("skew", []),
            )
        return found


def _note(anomalies: anomalies_pb2.Anomalies, name: str, reasons: tuple[Reason, ...]) -> None:
    if reasons:
        anomalies.anomaly_info[name].CopyFrom(anomaly(reasons, name))
