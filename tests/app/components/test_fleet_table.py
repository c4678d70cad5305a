"""What the fleet's table says of an engine's data."""

import json
from dataclasses import replace

import pytest

from app.components.fleet_table import Telling, fleet_table
from app.components.rendered import packed
from app.queries.anomalies import Count
from app.queries.fleet import Ask, FleetPage
from lakehouse.profiles.turbofan import PROFILE
from tests.app.components.test_sentence import ROW
from tests.app.sample_lake import NEWEST


@pytest.mark.parametrize(
    ("status", "found", "words"),
    [
        ("ok", None, "ok"),
        ("blocked", None, "▲ blocked"),
        ("blocked", Count(0, 2, "gap"), "▲ blocked"),
        ("blocked", Count(1, 2, "unit"), "▲ 1 error"),
        ("warning", None, "◆ warning"),
        ("warning", Count(0, 1, "gap"), "◆ 1 warning"),
    ],
)
def test_what_is_kept_out_is_not_hidden_by_warnings(
    status: str, found: Count | None, words: str
) -> None:
    page = FleetPage(Ask("F&D"), (replace(ROW, data_status=status, found=found),), 1)
    drawn = json.loads(packed(fleet_table(page, Telling(PROFILE, NEWEST, 3))))
    text = json.dumps(drawn, ensure_ascii=False)
    assert f'"{words}"' in text
    kind = "blocked" if words.startswith("▲") else status
    assert f"c-data data-{kind}" in text
    assert ("/quality?fleet=F%26D&engine=test-034&as_of=3" in text) is ("1 " in words)
