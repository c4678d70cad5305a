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
    "natural_language_domain": {schema_pb2.BYTES, schema_pb2.INT},
    "image_domain": {schema_pb2.BYTES},
    "mid_domain": {schema_pb2.BYTES},
    "url_domain": {schema_pb2.BYTES},
    "time_domain": {schema_pb2.BYTES, schema_pb2.INT},
    "struct_domain": {schema_pb2.STRUCT},
}
_OF_VALUES = ("bool_domain", "int_domain", "float_domain")


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
    reasons = _type(mended)
    if not mended.type:
        return mended, tuple(reasons)
    reasons += [*_numbers(mended), *_domain(schema, mended), *_mass(mended)]
    return mended, tuple(reasons)


def _type(feature: schema_pb2.Feature) -> list[Reason]:
    if feature.type:
        return []
    done = "determine the type and set it, rather than deprecating."
    if feature.HasField("domain") or feature.HasField("string_domain"):
        feature.type = schema_pb2.BYTES
        done = "inferring the type to be BYTES, given the domain specified."
    return [Reason("FEATURE_MISSING_TYPE", f"unspecified type: {done}", "")]


def _numbers(feature: schema_pb2.Feature) -> list[Reason]:
    wrong = []
    presence, count = feature.presence, feature.value_count
    if presence.min_fraction < 0:
        wrong.append("min_fraction should not be negative: clear is equal to zero")
        presence.ClearField("min_fraction")
    if presence.min_fraction > 1:
        wrong.append("min_fraction should not greater than 1")
        presence.min_fraction = 1.0
    if count.min < 0:
        wrong.append("ValueCount.min should not be negative")
        count.ClearField("min")
    if count.HasField("max") and count.max < count.min:
        wrong.append("ValueCount.max should not be less than min")
        count.max = count.min
    if any(dim.size <= 0 for dim in feature.shape.dim):
        wrong.append("Shape.dim.size must be a positive integer")
        feature.ClearField("shape")
    return [_meaningless(text) for text in wrong]


def _domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> list[Reason]:
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return []
    if kind not in _FITTING:
        return [_unusable(feature, kind, "internal issue: unknown domain_info type")]
    if feature.type not in _FITTING[kind]:
        feature.ClearField(kind)
        type_ = schema_pb2.FeatureType.Name(feature.type)
        detail = f'The domain "{kind}" does not match the type: {type_}'
        return [Reason("DOMAIN_INVALID_FOR_TYPE", "The domain does not match the type", detail)]
    if kind == "domain" and domain_of(schema, feature) is None:
        return [_unusable(feature, kind, "missing domain: ")]
    return []


def _unusable(feature: schema_pb2.Feature, domain: str, why: str) -> Reason:
    feature.ClearField(domain)
    feature.ClearField("distribution_constraints")
    return Reason("INVALID_DOMAIN_SPECIFICATION", why, "")


def _mass(feature: schema_pb2.Feature) -> list[Reason]:
    """A share of the values may lie outside a domain only where the domain names its values."""
    kind = feature.WhichOneof("domain_info")
    if not feature.HasField("distribution_constraints") or kind in ("domain", "string_domain"):
        return []
    feature.ClearField("distribution_constraints")
    if kind is None:
        return [_meaningless("distribution constraints require domain or string domain.")]
    named = kind.removesuffix("_domain") if kind in _OF_VALUES else "semantic"
    return [_meaningless(f"distribution constraints not supported for {named} domains.")]


def _meaningless(what: str) -> Reason:
    return Reason("INVALID_SCHEMA_SPECIFICATION", what, "")
