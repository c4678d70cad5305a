"""Units that are taken for each other."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Conversion:
    """How a wrong reading comes from a right one: ``wrong = right * factor + offset``."""

    name: str
    factor: float
    offset: float = 0.0

    def undone(self, reading: pl.Expr) -> pl.Expr:
        """The right reading."""
        return (reading - self.offset) / self.factor


_BY_UNIT: dict[str, tuple[Conversion, ...]] = {
    "°R": (
        Conversion("K", 1 / 1.8),
        Conversion("°F", 1.0, -459.67),
        Conversion("°C", 1 / 1.8, -273.15),
    ),
    "psia": (
        Conversion("kPa", 6.894757),
        Conversion("bar", 0.06894757),
        Conversion("MPa", 0.006894757),
        Conversion("Pa", 6894.757),
        Conversion("gauge pressure (psig)", 1.0, -14.696),
    ),
    "pps/psi": (Conversion("kg/s per psi", 0.45359237), Conversion("pps/kPa", 0.1450377)),
    "rpm": (Conversion("Hz", 1 / 60), Conversion("rad/s", 0.10471976)),
    "lbm/s": (Conversion("kg/s", 0.45359237),),
    "kft": (Conversion("ft", 1000.0), Conversion("m", 304.8), Conversion("km", 0.3048)),
    "deg": (Conversion("rad", 0.017453293),),
}
_POWERS = tuple(
    Conversion(f"{unit} times the unit", factor)
    for unit, factor in (
        ("1,000", 1e3),
        ("100", 1e2),
        ("10", 1e1),
        ("0.1", 1e-1),
        ("0.01", 1e-2),
        ("0.001", 1e-3),
        ("1,000,000", 1e6),
        ("0.000001", 1e-6),
    )
)


def conversions(unit: str) -> tuple[Conversion, ...]:
    """What a column with this unit may have been delivered in, the likeliest first."""
    named = _BY_UNIT.get(unit, ())
    factors = {c.factor for c in named if not c.offset}
    return named + tuple(c for c in _POWERS if c.factor not in factors)
