"""Drift and skew: what a feature's comparators say of it and of the data before or beside it.

After TFDV 1.16: ``anomalies/feature_util.cc`` and ``dataset_constraints_util.cc``.
"""

from dataclasses import dataclass
from typing import Literal

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from lakehouse.validation.distances import jensen_shannon, l_infinity, normalised_difference
from lakehouse.validation.reading import Dataset, Told
from lakehouse.validation.reasons import Reason, six_digits

Measured = list[anomalies_pb2.DriftSkewInfo.Measurement]
# In the order in which TFDV tells of them.
_NORMS = ("infinity_norm", "normalized_abs_difference", "jensen_shannon_divergence")
_SIX = "(up to six significant digits)"


@dataclass(frozen=True)
class Against:
    """What data are compared with.

    Attributes:
        kind: drift from the data before, or skew from the data that a model learnt from.
        control: statistics of these.
    """

    kind: Literal["drift", "skew"]
    control: Dataset

    @property
    def pair(self) -> str:
        """Both sides, in TFDV's words."""
        return "current and previous" if self.kind == "drift" else "training and serving"

    @property
    def name(self) -> str:
        """What the other side is called."""
        return "previous" if self.kind == "drift" else "training"


def compare(
    feature: schema_pb2.Feature, told: Told, against: Against
) -> tuple[list[Reason], Measured]:
    """What is too far from the control, and every distance that was measured."""
    comparator = getattr(feature, f"{against.kind}_comparator")
    chosen = [norm for norm in _NORMS if getattr(comparator, norm).HasField("threshold")]
    if not chosen:
        return [], []
    control = against.control.by_name.get(told.name)
    if control is None:
        title = f"{against.name} data missing"
        detail = f"{against.name} data is missing."
        return [Reason("COMPARATOR_CONTROL_DATA_MISSING", title, detail)], []
    reasons, measured = [], []
    for norm in chosen:
        found = _measure(norm, getattr(comparator, norm), told, control)
        if found is None:
            continue
        measured.append(found.measurement)
        if found.measurement.value > found.measurement.threshold:
            reasons.append(found.reason(against.pair))
    return reasons, measured


def count_reasons(
    constraints: schema_pb2.DatasetConstraints, examples: int, previous: Dataset | None
) -> tuple[Reason, ...]:
    """What is wrong with the number of examples."""
    found = []
    if previous is not None and previous.examples:
        ratio = examples / previous.examples
        bounds = constraints.num_examples_drift_comparator
        told = "The ratio of num examples in the current dataset versus the previous span is "
        told += f"{six_digits(ratio)} {_SIX}, which is"
        if bounds.HasField("max_fraction_threshold") and ratio > bounds.max_fraction_threshold:
            detail = f"{told} above the threshold {six_digits(bounds.max_fraction_threshold)}."
            found.append(Reason("COMPARATOR_HIGH_NUM_EXAMPLES", f"High {_VERSUS}", detail))
        if bounds.HasField("min_fraction_threshold") and ratio < bounds.min_fraction_threshold:
            detail = f"{told} below the threshold {six_digits(bounds.min_fraction_threshold)}."
            found.append(Reason("COMPARATOR_LOW_NUM_EXAMPLES", f"Low {_VERSUS}", detail))
    told = f"The dataset has {examples} examples, which is"
    if constraints.HasField("min_examples_count") and examples < constraints.min_examples_count:
        title = "Low num examples in dataset."
        found.append(Reason("DATASET_LOW_NUM_EXAMPLES", title, f"{told} fewer than expected."))
    if constraints.HasField("max_examples_count") and examples > constraints.max_examples_count:
        title = "High num examples in dataset."
        found.append(Reason("DATASET_HIGH_NUM_EXAMPLES", title, f"{told} more than expected."))
    return tuple(found)


_VERSUS = "num examples in current dataset versus the previous span."


@dataclass(frozen=True)
class _Found:
    """One measured distance, and the words for it where it is too large."""

    measurement: anomalies_pb2.DriftSkewInfo.Measurement
    type: str
    distance: str
    value: str = ""

    def reason(self, pair: str) -> Reason:
        measured = self.measurement
        limit = f"above the threshold {six_digits(measured.threshold)}."
        detail = f"The {self.distance} between {pair} is {six_digits(measured.value)} {_SIX}, "
        detail += limit
        if self.value:
            detail += f" The feature value with maximum difference is: {self.value}"
        return Reason(self.type, f"High {self.distance} between {pair}", detail)


def _measure(name: str, norm: object, told: Told, control: Told) -> _Found | None:
    measurement = anomalies_pb2.DriftSkewInfo.Measurement(threshold=norm.threshold)  # type: ignore[attr-defined]
    if name == "jensen_shannon_divergence":
        chosen = schema_pb2.HistogramSelection.Type.Name(norm.source.type)  # type: ignore[attr-defined]
        histogram = "QUANTILES" if chosen == "QUANTILES" else "STANDARD"
        divergence = jensen_shannon(told, control, histogram)
        if divergence is None:
            return None
        measurement.type = measurement.JENSEN_SHANNON_DIVERGENCE
        measurement.value = divergence
        type_ = "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"
        return _Found(measurement, type_, "approximate Jensen-Shannon divergence")
    if name == "infinity_norm":
        value, measurement.value = l_infinity(told.values, control.values)
        measurement.type = measurement.L_INFTY
        return _Found(measurement, "COMPARATOR_L_INFTY_HIGH", "Linfty distance", value)
    value, measurement.value = normalised_difference(told.values, control.values)
    measurement.type = measurement.NORMALIZED_ABSOLUTE_DIFFERENCE
    type_ = "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH"
    return _Found(measurement, type_, "normalized absolute difference", value)
