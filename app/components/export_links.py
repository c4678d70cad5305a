"""Links that save the rows of a table at a version as a file."""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from app.components.addresses import export_address
from app.components.aria import aria
from lakehouse.row_files import Format

FORMATS: Mapping[Format, str] = {"parquet": "Parquet", "csv": "CSV"}


def export_links(table: str, version: int, engine: tuple[str, str] = ("", "")) -> Component:
    """One link a format, for whoever may see the table.

    Args:
        table: name of the table.
        version: the version that is saved.
        engine: only rows of that engine (fleet, engine); empty: all rows.
    """
    links = [
        html.A(
            label,
            href=export_address(table, version, form, engine),
            className="btn btn-outline-secondary btn-sm",
            **aria(label=f"Save version {version} of {table} as {label}"),
        )
        for form, label in FORMATS.items()
    ]
    words = html.Span("Export", className="export-label")
    return html.Div([words, *links], className="export-links")
