"""Whether a feature is there, as often, as many times and of the type that its schema says.

After TFDV 1.16: ``anomalies/feature_util.cc`` and ``schema.cc``.
"""

from math import prod

from tensorflow_metadata.proto.v0 import schema_pb2

from lakehouse.validation.reading import Told
from lakehouse.validation.reasons import Reason
from lakehouse.validation.specification import is_in_environment

DROPPED = "Column dropped"


def environment_reasons(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, environment: str | None
) -> list[Reason]:
    """Whether the schema keeps the feature out of this environment."""
    if is_in_environment(schema, feature, environment):
        return []
    detail = f"New column {feature.name} found in data but not in the environment {environment} "
    return [Reason("SCHEMA_NEW_COLUMN", "Column missing in environment", f"{detail}in the schema.")]


def value_count_reasons(feature: schema_pb2.Feature, told: Told) -> list[Reason]:
    """Whether its examples hold too few or too many values."""
    if feature.HasField("value_counts") and len(feature.value_counts.value_count) != 1:
        detail = "The values have a different nest level than expected."
        return [Reason("VALUE_NESTEDNESS_MISMATCH", "Mismatched value nest level", detail)]
    nested = feature.HasField("value_counts")
    wanted = feature.value_counts.value_count[0] if nested else feature.value_count
    least, most = told.value_counts
    found = []
    if wanted.HasField("min") and least < wanted.min:
        detail = "Some examples have fewer values than expected."
        found.append(Reason("FEATURE_TYPE_LOW_NUMBER_VALUES", "Missing values", detail))
    if wanted.HasField("max") and most > wanted.max:
        detail = "Some examples have more values than expected."
        found.append(Reason("FEATURE_TYPE_HIGH_NUMBER_VALUES", "Superfluous values", detail))
    return found


def shape_reasons(feature: schema_pb2.Feature, told: Told) -> list[Reason]:
    """Whether it has the fixed number of values that its shape says."""
    if not feature.HasField("shape"):
        return []
    wanted = prod(dim.size for dim in feature.shape.dim)
    least, most = told.value_counts
    if told.missing or least != most:
        detail = (
            "The feature has a shape, but it's not always present (if the feature is nested, then"
            " it should always be present at each nested level) or its value lengths vary."
        )
    elif least != wanted:
        detail = (
            f"The feature has fixed value length {least} but it's not compatible with the specified"
            " shape."
        )
    else:
        return []
    return [Reason("INVALID_FEATURE_SHAPE", "Feature shape dropped", detail)]


def presence_reasons(wanted: schema_pb2.FeaturePresence, told: Told) -> list[Reason]:
    """Whether it is there in too few examples."""
    fewer = "The feature was present in fewer examples than expected:"
    found = []
    if wanted.HasField("min_count") and told.present < wanted.min_count:
        detail = f"{fewer} minimum count = {wanted.min_count}, actual = {told.present}"
        found.append(Reason("FEATURE_TYPE_LOW_NUMBER_PRESENT", DROPPED, detail))
    if not wanted.HasField("min_fraction") or told.fraction is None:
        return found
    if told.fraction < wanted.min_fraction:
        detail = f"{fewer} minimum fraction = {wanted.min_fraction:f}, actual = {told.fraction:f}"
        found.append(Reason("FEATURE_TYPE_LOW_FRACTION_PRESENT", DROPPED, detail))
    return found


def type_reasons(feature: schema_pb2.Feature, told: Told) -> list[Reason]:
    """Whether it is of another type."""
    if told.feature_type == feature.type:
        return []
    wanted = schema_pb2.FeatureType.Name(feature.type)
    detail = f"Expected data of type: {wanted} but got {told.type}"
    return [Reason("UNEXPECTED_DATA_TYPE", "Unexpected data type", detail)]


def unique_reasons(feature: schema_pb2.Feature, told: Told) -> list[Reason]:
    """Whether it has too few or too many distinct values."""
    if not feature.HasField("unique_constraints"):
        return []
    wanted = feature.unique_constraints
    if told.unique is None:
        detail = (
            "UniqueConstraints specified for the feature, but unique values were not counted "
            "(i.e., feature is not string or categorical)."
        )
        return [Reason("FEATURE_TYPE_NO_UNIQUE", "No unique values", detail)]
    found = []
    if told.unique < wanted.min:
        detail = f"Expected at least {wanted.min} unique values but found only {told.unique}."
        found.append(Reason("FEATURE_TYPE_LOW_UNIQUE", "Low number of unique values", detail))
    if told.unique > wanted.max:
        detail = f"Expected no more than {wanted.max} unique values but found {told.unique}."
        found.append(Reason("FEATURE_TYPE_HIGH_UNIQUE", "High number of unique values", detail))
    return found
