"""What a verification of the home found."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.numbers import counted
from app.components.sheet_table import Head, sheet_row, sheet_table

_HEADS = (
    Head("What", "runs-cell-run"),
    Head("Where", "verify-where"),
    Head("What is wrong", "runs-cell-why"),
)


def verify_result(result: Mapping[str, Any]) -> list[Component]:
    """The sections of a finished verification."""
    how = "every row" if result.get("deep") else "every file, commit, manifest and record"
    if result.get("ok"):
        words = f"✓ Nothing was lost or changed. Looked at: {how}, and the audit log."
        return [html.H2("Found"), html.P(words, className="run-verdict")]
    count, listed = int(result.get("count") or 0), result.get("findings") or ()
    rows = [
        sheet_row(_HEADS, [each["what"].replace("_", " "), each["where"], each["detail"]])
        for each in listed
    ]
    words = (
        f"▲ {counted(count, 'finding')}. Change nothing before you know what happened: take from a "
        "backup what is missing or changed."
    )
    rest = f"{count - len(rows):,} more: stillwater verify lists them all."
    return [
        html.H2("Found"),
        html.P(words, className="run-verdict"),
        sheet_table("Findings", _HEADS, rows),
        *([html.P(rest, className="run-hint")] if count > len(rows) else []),
    ]
