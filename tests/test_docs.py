"""The reference pages say what the code says."""

from pathlib import Path

import pytest

from lakehouse.settings import (
    MaintainSettings,
    Settings,
    SparkSettings,
    VerifySettings,
    WebSettings,
)
from lakehouse.tables import TABLES
from pipeline.cli import main

GROUPS = ("web", "spark", "maintain", "verify")
REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_table_and_column_is_documented(table: object) -> None:
    """A new column needs a line in docs/reference/tables.md."""
    text = (REFERENCE / "tables.md").read_text()
    section = text.split(f"## {table.name}\n")[1].split("\n## ")[0]  # type: ignore[attr-defined]
    for column in table.columns:  # type: ignore[attr-defined]
        assert f"| `{column.name}` | {column.type} | {column.description} |" in section


def test_every_setting_is_documented() -> None:
    """A new setting needs a line in docs/reference/settings.md."""
    text = (REFERENCE / "settings.md").read_text()
    names = [name for name in Settings.model_fields if name not in GROUPS]
    names += [f"web.{name}" for name in WebSettings.model_fields]
    names += [f"spark.{name}" for name in SparkSettings.model_fields]
    names += [f"maintain.{name}" for name in MaintainSettings.model_fields]
    names += [f"verify.{name}" for name in VerifySettings.model_fields]
    for name in names:
        variable = "STILLWATER_" + name.upper().replace(".", "__")
        assert f"| `{name}` | `{variable}` |" in text


def test_every_verb_is_documented() -> None:
    """A new verb needs a line in docs/reference/command-line.md."""
    text = (REFERENCE / "command-line.md").read_text()
    for name in main.commands:
        assert f"`{name}" in text, name
