"""Faults of a schema itself, found before it is held against data (TFDV's ``schema.cc``)."""

from tensorflow_metadata.proto.v0 import schema_pb2

from lakehouse.validation.reasons import Reason

_STAGES_OUT = ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED")
_FITTING = {
    "domain": {schema_pb2.BYTES},
    "string_domain": {schema_pb2.BYTES},
    "bool_domain": {schema_pb2.INT, schema_pb2.BYTES, schema_pb2.FLOAT},
    "int_domain": {schema_pb2.INT, schema_pb2.BYTES},
    "float_domain": {schema_pb2.FLOAT, schema_pb2.BYTES},
}


def is_left_out(feature: schema_pb2.Feature) -> bool:
    """Whether the feature's lifecycle stage keeps it out of every check."""
    stage = schema_pb2.LifecycleStage.Name(feature.lifecycle_stage)
    return bool(feature.deprecated) or stage in _STAGES_OUT


def is_in_environment(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, environment: str | None
) -> bool:
    """Whether the feature belongs to the environment; without one, every feature does."""
    if environment is None or environment in feature.in_environment:
        return True
    return environment not in feature.not_in_environment and (
        environment in schema.default_environment
    )


def is_required(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, environment: str | None
) -> bool:
    """Whether the feature must be there."""
    presence = feature.presence
    wanted = presence.min_count > 0 or presence.min_fraction > 0
    return not is_left_out(feature) and wanted and is_in_environment(schema, feature, environment)


def domain_of(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> set[str] | None:
    """The values that a text feature may take; None where its schema names none."""
    if feature.HasField("string_domain"):
        return set(feature.string_domain.value)
    if not feature.HasField("domain"):
        return None
    named = (domain for domain in schema.string_domain if domain.name == feature.domain)
    return next((set(domain.value) for domain in named), None)


def repaired(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature
) -> tuple[schema_pb2.Feature, tuple[Reason, ...]]:
    """The feature without what makes no sense in it, and what that was."""
    mended = schema_pb2.Feature()
    mended.CopyFrom(feature)
    reasons = [*_type(mended), *_numbers(mended), *_domain(schema, mended)]
    return mended, tuple(reasons)


def _type(feature: schema_pb2.Feature) -> list[Reason]:
    if feature.type:
        return []
    if feature.HasField("domain") or feature.HasField("string_domain"):
        feature.type = schema_pb2.BYTES
    return [Reason("FEATURE_MISSING_TYPE", "Unspecified type", f"{feature.name} is given no type.")]


def _numbers(feature: schema_pb2.Feature) -> list[Reason]:
    wrong = []
    presence, count = feature.presence, feature.value_count
    if not 0 <= presence.min_fraction <= 1:
        wrong.append(f"min_fraction {presence.min_fraction:g} is not within 0 and 1")
        presence.min_fraction = min(max(presence.min_fraction, 0.0), 1.0)
    if count.min < 0:
        wrong.append("value_count.min is negative")
        count.ClearField("min")
    if count.HasField("max") and count.max < count.min:
        wrong.append("value_count.max is less than its min")
        count.max = count.min
    if any(dim.size <= 0 for dim in feature.shape.dim):
        wrong.append("a dimension of the shape is not positive")
        feature.ClearField("shape")
    return [Reason("INVALID_SCHEMA_SPECIFICATION", text, f"{text}.") for text in wrong]


def _domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> list[Reason]:
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return []
    if feature.type not in _FITTING.get(kind, {feature.type}):
        feature.ClearField(kind)
        type_ = schema_pb2.FeatureType.Name(feature.type)
        detail = f'The domain "{kind}" does not match the type: {type_}'
        return [Reason("DOMAIN_INVALID_FOR_TYPE", "The domain does not match the type", detail)]
    if kind == "domain" and domain_of(schema, feature) is None:
        title = f"missing domain: {feature.domain}"
        feature.ClearField("domain")
        return [Reason("INVALID_DOMAIN_SPECIFICATION", title, title)]
    return []
