"""The schema that statistics suggest, and what changed between two schemas.

The inference equals TFDV 1.16's ``infer_schema`` (``anomalies/schema.cc``, ``feature_util.cc``,
``bool_domain_util.cc``): no numeric ranges and no comparators, these are for a person to add;
:func:`with_comparators` proposes the latter.
"""

from collections.abc import Collection

from tensorflow_metadata.proto.v0 import schema_pb2

from lakehouse.validation.protos import Schema, Statistics
from lakehouse.validation.reading import Told, dataset

# A text feature with more distinct values than that has no domain.
MAX_DOMAIN = 100
TRUE = frozenset({"TRUE", "true", "SET", "set", "1", ""})
FALSE = frozenset({"FALSE", "false", "CLEAR", "clear", "0"})


def infer_schema(statistics: Statistics, infer_shape: bool = True) -> Schema:
    """The schema that fits these statistics.

    Args:
        statistics: of one data set.
        infer_shape: give features that are always there a fixed shape, as SchemaGen does.
    """
    schema = schema_pb2.Schema()
    for told in dataset(statistics).features:
        _infer_feature(schema, told, infer_shape)
    return schema


def with_comparators(
    schema: Schema,
    jensen_shannon: float,
    infinity_norm: float,
    leave_out: Collection[str] = (),
) -> Schema:
    """The same with a drift and a skew comparator for every feature that can have one.

    Args:
        schema: stays as it is.
        jensen_shannon: largest Jensen-Shannon divergence (0 to 1) of numeric features.
        infinity_norm: largest difference in a value's share (0 to 1) of text with a domain.
        leave_out: features that are meant to move, such as keys and cycles.
    """
    proposed = schema_pb2.Schema()
    proposed.CopyFrom(schema)
    for feature in proposed.feature:
        if feature.name in leave_out:
            continue
        for comparator in ("drift_comparator", "skew_comparator"):
            if feature.type in (schema_pb2.INT, schema_pb2.FLOAT):
                chosen = getattr(feature, comparator).jensen_shannon_divergence
                chosen.threshold = jensen_shannon
            elif feature.HasField("domain") or feature.HasField("bool_domain"):
                getattr(feature, comparator).infinity_norm.threshold = infinity_norm
    return proposed


def _infer_feature(schema: schema_pb2.Schema, told: Told, infer_shape: bool) -> None:
    feature = schema.feature.add(name=told.name, type=told.feature_type)
    feature.presence.min_count = min(told.present, 1)
    if told.present:
        if not told.missing:
            feature.presence.min_fraction = 1.0
        _infer_shape(feature, told, infer_shape)
    _infer_domain(schema, feature, told)


def _infer_shape(feature: schema_pb2.Feature, told: Told, infer_shape: bool) -> None:
    least, most = told.value_counts
    if infer_shape and not told.missing and least == most > 0:
        feature.shape.dim.add(size=least)
    elif least == most > 0:
        feature.value_count.min, feature.value_count.max = least, most
    elif least > 0:
        feature.value_count.min = 1


def _infer_domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature, told: Told) -> None:
    values = sorted(told.values)
    if told.is_bytes or told.has_invalid_text:
        return
    if told.is_integer:
        if told.numbers.min >= 0 and told.numbers.max == 1:
            feature.bool_domain.SetInParent()
    elif told.is_text and _are_boolean(values):
        for value in values:
            chosen = "true_value" if value in TRUE else "false_value"
            setattr(feature.bool_domain, chosen, value)
    elif told.is_text and values and all(is_integer(value) for value in values):
        feature.int_domain.SetInParent()
    elif told.is_text and 0 < len(values) <= MAX_DOMAIN:
        schema.string_domain.add(name=told.name, value=values)
        feature.domain = told.name


def _are_boolean(values: Collection[str]) -> bool:
    """One word for true, one for false, or one of them."""
    trues = sum(value in TRUE for value in values)
    falses = sum(value in FALSE for value in values)
    return bool(values) and trues <= 1 and falses <= 1 and trues + falses == len(values)


def is_integer(text: str) -> bool:
    """Whether a text is a decimal number that fits 64 bits."""
    digits = text.strip().removeprefix("-").removeprefix("+")
    return digits.isascii() and digits.isdecimal() and -(2**63) <= int(text) < 2**63
