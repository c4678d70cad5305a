"""Comparing protos field by field, floating-point numbers up to rounding."""

import math
from collections.abc import Iterator
from typing import Any

import narwhals as nw
import polars as pl
from google.protobuf.message import Message

from lakehouse.validation.protos import Statistics
from lakehouse.validation.statistics import statistics


def told(frame: pl.DataFrame, **options: int) -> Statistics:
    """Statistics of a Polars frame."""
    return statistics(nw.from_native(frame.lazy()), **options)


def differences(one: Message, other: Message, within: float, at: str = "") -> Iterator[str]:
    """Every field that is not the same in both."""
    names = {field.name: field for message in (one, other) for field, _ in message.ListFields()}
    for name, field in names.items():
        mine, theirs = getattr(one, name), getattr(other, name)
        many = field.label == field.LABEL_REPEATED
        left, right = (list(mine), list(theirs)) if many else ([mine], [theirs])
        if len(left) != len(right):
            yield f"{at}.{name}: {len(left)} and {len(right)}"
        for a, b in zip(left, right, strict=False):
            yield from _differ(a, b, within, f"{at}.{name}")


def _differ(one: Any, other: Any, within: float, at: str) -> Iterator[str]:
    if isinstance(one, Message):
        yield from differences(one, other, within, at)
    elif isinstance(one, float):
        both_nan = math.isnan(one) and math.isnan(other)
        if not (both_nan or math.isclose(one, other, rel_tol=within)):
            yield f"{at}: {one!r} and {other!r}"
    elif one != other:
        yield f"{at}: {one!r} and {other!r}"
