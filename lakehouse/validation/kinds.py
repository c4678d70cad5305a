"""How a frame's columns are read by data validation: which of TFX's types, and as which values."""

from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw

Type = Literal["INT", "FLOAT", "STRING"]


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes:
        key: a short name for its results, so that no column name can get in their way.
        name: its name.
        type: its type in ``FeatureNameStatistics`` (tensorflow-metadata).
    """

    key: str
    name: str
    type: Type

    @property
    def is_numeric(self) -> bool:
        """Whether it has moments and histograms; text has values and ranks."""
        return self.type != "STRING"

    @property
    def value(self) -> nw.Expr:
        """Its values: float64 (NaN kept apart by :attr:`present`), or text."""
        return nw.col(self.name).cast(nw.Float64 if self.is_numeric else nw.String)

    @property
    def present(self) -> nw.Expr:
        """Its values without NaN, which TFDV counts apart and leaves out of every other number."""
        if self.type != "FLOAT":
            return self.value
        return nw.when(~self.value.is_nan()).then(self.value)


def columns_of(frame: nw.LazyFrame[Any]) -> tuple[Column, ...]:
    """The columns of a frame in its order; times and other types are described by their text."""
    schema = frame.collect_schema()
    return tuple(
        Column(f"f{index}", name, _type(dtype))
        for index, (name, dtype) in enumerate(schema.items())
    )


def _type(dtype: Any) -> Type:
    if dtype.is_integer() or dtype == nw.Boolean:
        return "INT"
    return "FLOAT" if dtype.is_float() or dtype.is_decimal() else "STRING"
