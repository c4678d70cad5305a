"""Numbers and times in words."""

from datetime import timedelta

import pytest

from app.components.addresses import engine_address, fleet_address
from app.components.numbers import counted, cycles_text, percent_text, sigma_text, value_text
from app.components.times import ago, exactly, minute, said_ago
from tests.app.sample_lake import NEWEST


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9120.43, "9120.4"),
        (8.4382, "8.44"),
        (0.03012, "0.0301"),
        (0.0, "0.00"),
        (-0.00001, "0.0000"),
        (-0.5, "-0.5000"),
        (float("nan"), "—"),
    ],
)
def test_values_have_the_digits_that_say_something(value: float, text: str) -> None:
    assert value_text(value) == text


def test_nothing_is_ever_certain() -> None:
    assert percent_text(0.9999) == "> 99 %"
    assert percent_text(0.0) == "0 %"
    assert percent_text(0.504) == "50 %"


def test_small_words() -> None:
    assert sigma_text(-0.44) == "−0.4"
    assert sigma_text(float("nan")) == "—"
    assert cycles_text(1) == "1 cycle"
    assert cycles_text(1200) == "1,200 cycles"


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=9), "9 d"),
        (-timedelta(hours=1), "just now"),
    ],
)
def test_how_long_ago(passed: timedelta, text: str) -> None:
    assert ago(NEWEST, NEWEST + passed) == text


def test_times_exactly() -> None:
    assert exactly(NEWEST) == "2026-11-23 04:00 UTC"
    assert said_ago(NEWEST, NEWEST + timedelta(minutes=3)) == "3 min ago"
    assert said_ago(None, NEWEST) == "never"


def test_names_are_quoted_in_addresses() -> None:
    assert engine_address("A B", "x/../y?#", 3) == "/engine/A%20B/x%2F..%2Fy%3F%23?as_of=3"
    assert fleet_address("F&D", None) == "/?fleet=F%26D"
    assert fleet_address() == "/"


def test_things_are_counted_in_words() -> None:
    assert [counted(n, "anomaly") for n in (0, 1, 2)] == ["0 anomalies", "1 anomaly", "2 anomalies"]
    assert counted(1_200, "delivery") == "1,200 deliveries"
    assert counted(3, "error") == "3 errors"


def test_a_time_to_the_minute() -> None:
    assert minute(NEWEST) == "2026-11-23 04:00"
    assert (minute(None), exactly(None)) == ("—", "")
