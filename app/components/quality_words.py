"""How verdicts and findings are named."""

from dash import html
from dash.development.base_component import Component

from app.components.aria import aria
from app.components.numbers import counted
from lakehouse.profiles import Profile

_TYPES = {
    "SCHEMA_NEW_COLUMN": "new column",
    "SCHEMA_MISSING_COLUMN": "missing column",
    "UNEXPECTED_DATA_TYPE": "unexpected type",
    "FEATURE_TYPE_NOT_PRESENT": "no value at all",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": "too few values",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": "too few values",
    "FEATURE_TYPE_LOW_NUMBER_VALUES": "too few values a row",
    "FEATURE_TYPE_HIGH_NUMBER_VALUES": "too many values a row",
    "FEATURE_TYPE_LOW_UNIQUE": "too few different values",
    "FEATURE_TYPE_HIGH_UNIQUE": "too many different values",
    "FLOAT_TYPE_HAS_NAN": "not a number",
    "FLOAT_TYPE_HAS_INF": "infinite",
    "FLOAT_TYPE_SMALL_FLOAT": "too small",
    "FLOAT_TYPE_BIG_FLOAT": "too large",
    "INT_TYPE_SMALL_INT": "too small",
    "INT_TYPE_BIG_INT": "too large",
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": "unexpected values",
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": "distribution moved",
    "COMPARATOR_L_INFTY_HIGH": "distribution moved",
    "NO_DATA_IN_SPAN": "no data",
}
_SEVERITIES = {"error": ("▲", "error", "act"), "warning": ("◆", "warning", "watch")}
ALL_COLUMNS = "rows"


def type_words(name: str) -> str:
    """A type of anomaly in words; TFX's name stands beside it where there is room."""
    return _TYPES.get(name, name.lower().replace("_", " "))


def column_words(column: str | None, profile: Profile) -> str:
    """A column as engineers call it; findings without one are about whole rows."""
    if column is None:
        return ALL_COLUMNS
    symbols = {signal.name: signal.symbol for signal in profile.signals}
    return symbols.get(column, column)


def severity_badge(severity: str) -> Component:
    """Error or warning, as shape, word and tone."""
    shape, word, tone = _SEVERITIES.get(severity, ("?", severity, "quiet"))
    mark = html.Span(shape, className="run-state-shape", **aria(hidden="true"))
    return html.Span([mark, word], className=f"run-state run-tone-{tone}")


def sentence(detail: str, column: str | None) -> str:
    """What was found as a sentence; one that begins with its verb gets the column before it."""
    text = detail.rstrip(".")
    if column and text.startswith("reads "):
        return f"{column} {text}."
    return f"{text[:1].upper()}{text[1:]}."


def found_words(errors: int, warnings: int) -> str:
    """``1 error, 2 warnings``; empty for nothing."""
    parts = [counted(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return ", ".join(parts)


def span_words(span: tuple[int, int] | None) -> str:
    """``12``, ``12–40``, a dash for no flights."""
    if span is None:
        return "—"
    return f"{span[0]:,}" if span[0] == span[1] else f"{span[0]:,}–{span[1]:,}"
