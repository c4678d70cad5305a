"""What changed from one schema to another, for a person to read."""

from collections.abc import Iterable
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import schema_pb2

from lakehouse.validation.protos import Schema
from lakehouse.validation.specification import domain_of

_COMPARED = (
    "infinity_norm",
    "jensen_shannon_divergence",
    "normalized_abs_difference",
)


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        feature: the column.
        what: which of its properties.
        before: how it was, null where it was not said.
        after: how it is, null where it is no longer said.
    """

    feature: str
    what: str
    before: str | None
    after: str | None


def schema_diff(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Every difference, feature by feature: those of ``old`` first, then the new ones."""
    before, after = schema_facts(old), schema_facts(new)
    found: list[Change] = []
    for name in dict.fromkeys([*before, *after]):
        mine, theirs = before.get(name, {}), after.get(name, {})
        found += [
            Change(name, what, mine.get(what), theirs.get(what))
            for what in dict.fromkeys([*mine, *theirs])
            if mine.get(what) != theirs.get(what)
        ]
    return tuple(found)


def schema_facts(schema: Schema) -> dict[str, dict[str, str]]:
    """Feature by feature what a schema says of it, each as a name and a text."""
    return {feature.name: dict(_facts(schema, feature)) for feature in schema.feature}


def _facts(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> Iterable[tuple[str, str]]:
    """What a schema says of a feature, each as a name and a text."""
    yield "type", schema_pb2.FeatureType.Name(feature.type)
    if feature.lifecycle_stage:
        yield "lifecycle stage", schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
    presence = feature.presence
    if presence.HasField("min_fraction"):
        yield "least share of rows", f"{presence.min_fraction:g}"
    if presence.HasField("min_count"):
        yield "least number of rows", str(presence.min_count)
    if feature.HasField("shape"):
        yield "shape", " x ".join(str(dim.size) for dim in feature.shape.dim) or "one value"
    if feature.HasField("value_count"):
        yield "values in a row", _range(feature.value_count)
    if feature.HasField("unique_constraints"):
        yield "distinct values", _range(feature.unique_constraints)
    yield from _domain(schema, feature)
    for comparator in ("drift_comparator", "skew_comparator"):
        for norm in _COMPARED:
            chosen = getattr(getattr(feature, comparator), norm)
            if chosen.HasField("threshold"):
                words = f"{comparator.split('_')[0]} limit ({norm.replace('_', ' ')})"
                yield words, f"{chosen.threshold:g}"


def _domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> Iterable[tuple[str, str]]:
    values = domain_of(schema, feature)
    if values is not None:
        yield "values", ", ".join(sorted(values))
    elif feature.HasField("bool_domain"):
        domain = feature.bool_domain
        yield "values", f"{domain.true_value or 1} or {domain.false_value or 0}"
    elif feature.HasField("int_domain"):
        yield "range", _range(feature.int_domain)
    elif feature.HasField("float_domain"):
        yield "range", _range(feature.float_domain)
        for kind in ("nan", "inf"):
            if getattr(feature.float_domain, f"disallow_{kind}"):
                yield f"{kind} allowed", "no"


def _range(
    bounds: schema_pb2.IntDomain | schema_pb2.FloatDomain | schema_pb2.ValueCount,
) -> str:
    low = f"{bounds.min:g}" if bounds.HasField("min") else ""
    high = f"{bounds.max:g}" if bounds.HasField("max") else ""
    return f"{low}..{high}"
