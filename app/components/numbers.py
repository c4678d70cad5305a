"""Measured values as text, with as many digits as say something."""

import math


def value_text(value: float) -> str:
    """``9120.4``, ``642.8``, ``8.44``, ``0.0301``; a dash for no value."""
    if not math.isfinite(value):
        return "—"
    size = abs(value)
    if size >= 10:
        return f"{value:.1f}"
    text = f"{value:.2f}" if size >= 1 or size == 0 else f"{value:.4f}"
    return text.removeprefix("-") if float(text) == 0 else text


def sigma_text(value: float) -> str:
    """``+1.8``, ``−0.4``; a dash for no value."""
    return f"{value:+.1f}".replace("-", "−") if math.isfinite(value) else "—"


def counted(count: int, word: str) -> str:
    """``1 warning``, ``2 warnings``, ``3 anomalies``."""
    many = f"{word.removesuffix('y')}ies" if word.endswith("y") else f"{word}s"
    return f"{count:,} {word if count == 1 else many}"


def cycles_text(count: int) -> str:
    """``1 cycle``, ``27 cycles``."""
    return counted(count, "cycle")


def percent_text(probability: float) -> str:
    """``0 %``, ``50 %``, ``> 99 %``: nothing is ever certain."""
    return "> 99 %" if probability > 0.995 else f"{100 * probability:.0f} %"
