"""Values outside the domain that a schema gives a feature.

After TFDV 1.16: ``anomalies/{string,int,float,bool}_domain_util.cc``.
"""

from collections.abc import Callable

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2

from lakehouse.validation.reading import Told
from lakehouse.validation.reasons import Reason, six_digits
from lakehouse.validation.schema import is_integer
from lakehouse.validation.specification import domain_of

Reasons = list[Reason]
_RANGE = "Out-of-range values"
_INVALID = "Invalid values"
_NOT_BOOLEAN = "Non-boolean values"


def outside(schema: schema_pb2.Schema, feature: schema_pb2.Feature, told: Told) -> Reasons:
    """What lies outside the feature's domain; nothing where it has none."""
    kind = feature.WhichOneof("domain_info")
    if told.is_bytes and kind not in (None, *_OF_BYTES):
        detail = f"Data is marked as BYTES with incompatible domain_info: {kind}"
        return [Reason("DOMAIN_INVALID_FOR_TYPE", "Invalid domain type", detail)]
    if kind in ("domain", "string_domain"):
        return _strings(domain_of(schema, feature) or set(), feature, told)
    check = _CHECKS.get(kind or "")
    return check(feature, told) if check else []


_ESCAPES = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _strings(domain: set[str], feature: schema_pb2.Feature, told: Told) -> Reasons:
    if told.has_invalid_text:
        detail = "Found strings that were not valid UTF8 strings."
        return [Reason("ENUM_TYPE_INVALID_UTF8", "Invalid UTF8 strings", detail)]
    unseen = {value: told.values[value] for value in sorted(told.values) if value not in domain}
    allowed = 0.0
    if feature.distribution_constraints.HasField("min_domain_mass"):
        allowed = 1 - feature.distribution_constraints.min_domain_mass
    if not unseen or sum(unseen.values()) / told.total <= allowed:
        return []
    named = ", ".join(
        f"{_escaped(value)} ({_percent(n / told.total)})" for value, n in unseen.items()
    )
    detail = f"Examples contain values missing from the schema: {named}. "
    return [Reason("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "Unexpected string values", detail)]


def _escaped(value: str) -> str:
    """As C writes it in quotes; what lies beyond ASCII stays as it is."""
    return "".join(
        _ESCAPES.get(sign) or (sign if sign >= " " and sign != "\x7f" else f"\\{ord(sign):03o}")
        for sign in value
    )


def _percent(share: float) -> str:
    return "<1%" if share < 0.01 else f"~{int(100 * share)}%"


def _integers(feature: schema_pb2.Feature, told: Told) -> Reasons:
    domain = feature.int_domain
    if told.is_integer:
        low, high = int(told.numbers.min), int(told.numbers.max)
    elif told.is_text and told.values:
        if strange := sorted(value for value in told.values if not is_integer(value)):
            detail = f'String values that were not ints were found, such as "{strange[0]}".'
            return [Reason("INT_TYPE_NOT_INT_STRING", _INVALID, detail)]
        numbers = [int(value) for value in told.values]
        low, high = min(numbers), max(numbers)
    else:
        return []
    found = []
    if domain.HasField("min") and low < domain.min:
        found.append(Reason("INT_TYPE_SMALL_INT", _RANGE, f"Unexpectedly small value: {low}."))
    if domain.HasField("max") and high > domain.max:
        found.append(Reason("INT_TYPE_BIG_INT", _RANGE, f"Unexpectedly large value: {high}."))
    return found


def _floats(feature: schema_pb2.Feature, told: Told) -> Reasons:
    domain = feature.float_domain
    if told.is_float:
        low, high = told.numbers.min, told.numbers.max
        nan = any(histogram.num_nan for histogram in told.numbers.histograms)
    elif told.is_text and told.values:
        numbers = {value: _number(value) for value in told.values}
        if strange := sorted(value for value, number in numbers.items() if number is None):
            detail = f'String values that were not floats were found, such as "{strange[0]}".'
            return [Reason("FLOAT_TYPE_STRING_NOT_FLOAT", _INVALID, detail)]
        read = [number for number in numbers.values() if number is not None]
        low, high, nan = np.nanmin(read), np.nanmax(read), bool(np.isnan(read).any())
    else:
        return []
    found = []
    if domain.disallow_nan and nan:
        found.append(Reason("FLOAT_TYPE_HAS_NAN", _INVALID, "Float feature has NaN values."))
    return found + _float_range(domain, float(np.float32(low)), float(np.float32(high)))


def _float_range(domain: schema_pb2.FloatDomain, low: float, high: float) -> Reasons:
    found = []
    note = "(upto six significant digits)"
    if domain.HasField("min") and low < domain.min:
        detail = f"Unexpectedly low values: {six_digits(low)}<{six_digits(domain.min)}{note}"
        found.append(Reason("FLOAT_TYPE_SMALL_FLOAT", _RANGE, detail))
    if domain.HasField("max") and high > domain.max:
        detail = f"Unexpectedly high value: {six_digits(high)}>{six_digits(domain.max)}{note}"
        found.append(Reason("FLOAT_TYPE_BIG_FLOAT", _RANGE, detail))
    if domain.disallow_inf and np.isinf([low, high]).any():
        found.append(Reason("FLOAT_TYPE_HAS_INF", _INVALID, "Float feature has Inf values."))
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _booleans(feature: schema_pb2.Feature, told: Told) -> Reasons:
    if told.is_integer:
        return _boolean_integers(told)
    if told.is_float:
        strange = _not_boolean(told)
        detail = f"Floats (such as {strange}) not in {{0, 1}}: converting to float_domain."
        return [Reason("BOOL_TYPE_UNEXPECTED_FLOAT", _NOT_BOOLEAN, detail)] if strange else []
    domain = feature.bool_domain
    named = [name for name in ("false_value", "true_value") if domain.HasField(name)]
    valid = sorted({getattr(domain, name) for name in named})
    unseen = sorted(value for value in told.values if value not in valid)
    if not unseen:
        return []
    expected = ", ".join(f'"{value}"' for value in valid)
    detail = f'Saw unexpected value "{unseen[0]}" instead of {{{expected}}}.'
    return [Reason("BOOL_TYPE_UNEXPECTED_STRING", _NOT_BOOLEAN, detail)]


def _boolean_integers(told: Told) -> Reasons:
    low, high = told.numbers.min, told.numbers.max
    if low >= 0 and high <= 1:
        return []
    type_, strange = ("BOOL_TYPE_SMALL_INT", low) if low < 0 else ("BOOL_TYPE_BIG_INT", high)
    detail = f"Integers (such as {six_digits(strange)}) not in {{0, 1}}: converting to an integer."
    return [Reason(type_, _NOT_BOOLEAN, detail)]


def _not_boolean(told: Told) -> str | None:
    """A float that is neither 0 nor 1, as far as histograms tell."""
    for end in (told.numbers.min, told.numbers.max):
        if end not in (0.0, 1.0):
            return six_digits(end)
    for histogram in told.numbers.histograms:
        if histogram.num_nan:
            return "NaN"
        for bucket in histogram.buckets:
            if bucket.sample_count > 0 and bucket.low_value > 0 and bucket.high_value < 1:
                return f"one from {six_digits(bucket.low_value)} on"
    return None


_OF_BYTES = ("natural_language_domain", "image_domain", "url_domain")
_CHECKS: dict[str, Callable[[schema_pb2.Feature, Told], Reasons]] = {
    "int_domain": _integers,
    "float_domain": _floats,
    "bool_domain": _booleans,
}
