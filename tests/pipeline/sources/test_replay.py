"""A replayed file says what the batch file says, in the order of flying, in time."""

import gzip
import json
import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.cleaning import clean
from lakehouse.profiles.turbofan import PROFILE
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse
from pipeline.sources.playing import Pace, Piece, Played, play
from pipeline.sources.records import QUARANTINE, Parsed
from pipeline.sources.replay import Schedule, schedule
from tests.pipeline.sources.nasa_files import (
    SIGNALS,
    Give,
    as_csv,
    nasa_line,
    nasa_text,
    with_line,
)

CSV = as_csv(nasa_text([5, 3, 4]))


def flown(flights: Schedule) -> list[str]:
    """Every line of a schedule."""
    return [flight.line for flight in flights.between(1, flights.ticks)]


def again(lines: list[str], folder: Path) -> Parsed:
    """What the reader makes of replayed lines."""
    path = folder / "replayed.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    return parse(discover([path], "F", "in_service").deliveries[0], PROFILE)


def ordered(parsed: Parsed) -> pl.DataFrame:
    """Records without the line that they stood on, which a replay changes."""
    return parsed.records.drop("line", "extra").sort("engine", "cycle", maintain_order=True)


def silver(parsed: Parsed) -> pl.DataFrame:
    """The silver rows of a delivery that stands alone."""
    readings = parsed.records.with_columns(fleet=pl.lit("F"), delivery_id=pl.lit("d"))
    deliveries = {"delivery_id": ["d"], "state": ["accepted"], "received_at": [datetime.now(UTC)]}
    lazy = [nw.from_native(f) for f in (readings.lazy(), pl.DataFrame(deliveries).lazy())]
    cleaned: pl.DataFrame = clean(lazy[0], lazy[1], PROFILE).collect("polars").to_native()
    return cleaned.sort("engine", "cycle")


BATCHES = {
    "NASA's text": ("test_FD001.txt", nasa_text([5, 3, 4])),
    "its gzip": ("test_FD001.txt.gz", gzip.compress(nasa_text([5, 3, 4]).encode())),
    "CSV": ("f.csv", CSV),
    "engines out of order": ("f.csv", "\n".join([CSV.split("\n")[0], *CSV.split("\n")[:0:-1]])),
    "empty values": ("f.csv", CSV.replace(",0.25,", ",,")),
    "NaN and infinity": (
        "f.csv",
        CSV.replace(",0.25,", ",NaN,", 2).replace(",0.5,", ",inf,", 3).replace(",1.0,", ",-inf,"),
    ),
    "the same flight twice, once otherwise": (
        "test_FD001.txt",
        nasa_text([2, 2]) + f"{nasa_line(1, 1, 7.0)}\n{nasa_line(1, 2, 1.002)}\n",
    ),
}


@pytest.mark.parametrize("case", BATCHES)
def test_a_replayed_file_has_the_records_and_the_silver_values_of_the_batch(
    case: str, give: Give, tmp_path: Path
) -> None:
    """Exactly, NaN and infinity included."""
    name, content = BATCHES[case]
    batch = parse(give(name, content, "F", "in_service"), PROFILE)
    replayed = again(flown(schedule([batch])), tmp_path)
    assert batch.quarantine.is_empty()
    assert replayed.quarantine.is_empty()
    assert ordered(replayed).equals(ordered(batch), null_equal=True)
    assert silver(replayed).equals(silver(batch), null_equal=True)


def test_nasas_own_file_is_replayed_exactly(nasa: Path, tmp_path: Path) -> None:
    """13,096 flights of 100 engines, named as the batch load names them."""
    found = discover([nasa / "cmapss" / "test_FD001.txt.gz"])
    batch = parse(found.deliveries[0], PROFILE)
    flights = schedule([batch])
    replayed = again(flown(flights), tmp_path)
    assert (flights.ticks, replayed.records.height) == (303, 13_096)
    assert replayed.records["engine"][0] == "test-001"
    assert ordered(replayed).equals(ordered(batch), null_equal=True)


@given(st.lists(st.floats(), min_size=len(SIGNALS), max_size=len(SIGNALS)))
def test_every_number_comes_back_to_the_last_bit(values: list[float]) -> None:
    """Also the smallest, the largest, NaN, infinity and minus zero."""
    record = {"line": 1, "engine": "e", "cycle": 1, **dict(zip(SIGNALS, values, strict=True))}
    frame = pl.DataFrame([record | {"extra": None}], schema_overrides={"extra": pl.String})
    flights = schedule([Parsed(frame, pl.DataFrame(schema=QUARANTINE))])
    with TemporaryDirectory() as folder:
        back = again(flown(flights), Path(folder)).records.row(0, named=True)
    for name, value in zip(SIGNALS, values, strict=True):
        assert back[name].hex() == value.hex() or (math.isnan(value) and math.isnan(back[name]))
        assert math.copysign(1, back[name]) == math.copysign(1, value) or math.isnan(value)


def test_a_line_is_json_for_everyone(give: Give) -> None:
    """NaN stands as text: a bare NaN is no JSON, and null would hide it."""
    batch = parse(give("f.csv", CSV.replace(",0.25,", ",NaN,"), "F", "in_service"), PROFILE)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    lines = [json.loads(line, parse_constant=refuse) for line in flown(schedule([batch]))]
    assert {line["setting_2"] for line in lines} == {"NaN"}


def test_a_tick_holds_the_next_flight_of_every_engine_that_still_flies(give: Give) -> None:
    """In the order of the engines; gaps and first cycles other than 1 take no tick."""
    text = "\n".join(nasa_line(*at) for at in [(2, 7), (1, 1), (1, 5), (2, 9), (1, 6), (3, 2)])
    flights = schedule([parse(give("test_FD001.txt", text), PROFILE)])
    ticks = [
        [(line["engine"], line["cycle"]) for line in map(json.loads, lines_of(flights, tick))]
        for tick in range(1, flights.ticks + 1)
    ]
    assert ticks == [
        [("test-001", 1), ("test-002", 7), ("test-003", 2)],
        [("test-001", 5), ("test-002", 9)],
        [("test-001", 6)],
    ]
    assert flights.between(4, 9) == []
    assert len(flights.between(2, 99)) == 3


def lines_of(flights: Schedule, tick: int) -> list[str]:
    return [flight.line for flight in flights.between(tick, tick)]


def test_unknown_columns_are_replayed_too(give: Give, tmp_path: Path) -> None:
    """They come back as what they were."""
    rows = [
        json.loads(line)
        for line in flown(schedule([parse(give("f.csv", CSV, "F", "in_service"), PROFILE)]))
    ]
    text = "\n".join(
        json.dumps(row | {"pilot": "Ä", "load": {"t": [row["cycle"]]}}) for row in rows
    )
    batch = parse(give("f.jsonl", text, "F", "in_service"), PROFILE)
    replayed = again(flown(schedule([batch])), tmp_path)
    assert replayed.unknown_columns == ("pilot", "load")
    extra = [p.records.sort("engine", "cycle")["extra"].to_list() for p in (batch, replayed)]
    assert [json.loads(one) for one in extra[0]] == [json.loads(one) for one in extra[1]]


def test_lines_in_quarantine_are_counted(give: Give) -> None:
    """They cannot be replayed, and nothing at all can be of a useless file."""
    text = with_line(with_line(nasa_text([5, 4]), 3, "1 3"), 7, nasa_line(2, 2, "hot"))
    flights = schedule([parse(give("test_FD001.txt", text), PROFILE)])
    assert (flights.skipped, len(flown(flights))) == (2, 7)
    useless = schedule([parse(give("test_FD001.txt", "dear engine\n"), PROFILE)])
    assert (useless.skipped, useless.ticks, useless.between(1, 9)) == (1, 0, [])


class Theatre:
    """A clock, a script of control lines by the second, and what was sent when."""

    def __init__(self, script: dict[float, str] | None = None, slow: float = 0.0) -> None:
        self.seconds = 0.0
        self.script = dict(script or {})
        self.slow = slow
        self.sent: list[tuple[float, int, int]] = []
        self.said: list[str] = []
        self.engines: Counter[str] = Counter()

    def controls(self, wait: float) -> str | None:
        """The next line of the script, if it is said within so many seconds."""
        at = min(self.script, default=math.inf)
        if at <= self.seconds + wait:
            self.seconds = max(self.seconds, at)
            return self.script.pop(at)
        self.seconds += wait
        return None

    def emit(self, piece: Piece) -> None:
        self.sent.append((round(self.seconds, 3), piece.first, piece.last))
        self.engines.update(flight.engine for flight in piece.flights)
        self.seconds += self.slow

    def told(self, _played: Played, words: str) -> None:
        if words:
            self.said.append(words)

    def play(self, flights: Schedule, **pace: float) -> Played:
        clock: Callable[[], float] = lambda: self.seconds  # noqa: E731
        return play(flights, self.emit, self.controls, Pace(**pace, clock=clock), self.told)  # type: ignore[arg-type]


@pytest.fixture
def flights(give: Give) -> Schedule:
    """Two engines of 20 and 10 flights."""
    return schedule([parse(give("test_FD001.txt", nasa_text([20, 10])), PROFILE)])


def test_a_replay_keeps_its_speed(flights: Schedule) -> None:
    """Two cycles a second, each of them a piece; the first one goes out at once."""
    theatre = Theatre()
    played = theatre.play(flights, speed=2)
    assert theatre.sent == [(0.5 * i, i + 1, i + 1) for i in range(20)]
    assert (played.ticks, played.records, played.pieces) == (20, 30, 20)
    assert theatre.engines == {"test-001": 20, "test-002": 10}


@pytest.mark.parametrize(
    ("speed", "together", "seconds"), [(10, 3, 0.3), (40, 10, 0.25), (1e9, 20, 0)]
)
def test_a_fast_replay_sends_several_cycles_together(
    flights: Schedule, speed: float, together: int, seconds: float
) -> None:
    """No more than about four pieces a second."""
    theatre = Theatre()
    assert theatre.play(flights, speed=speed).ticks == 20
    assert theatre.sent[0] == (0.0, 1, together)
    assert all(at == pytest.approx(i * seconds) for i, (at, _, _) in enumerate(theatre.sent))


def test_a_slow_target_is_not_flooded_afterwards(flights: Schedule) -> None:
    """A piece that takes longer than its time delays the ones after it."""
    theatre = Theatre(slow=3.0)
    theatre.play(flights, speed=1)
    assert [at for at, *_ in theatre.sent[:4]] == [0.0, 3.0, 6.0, 9.0]


def test_start_and_stop_bound_a_replay(flights: Schedule) -> None:
    """Both ends included; what was flown before is not sent."""
    theatre = Theatre()
    played = theatre.play(flights, speed=4, start=9, stop=12)
    assert [first for _, first, _ in theatre.sent] == [9, 10, 11, 12]
    assert played.records == 6
    assert Theatre().play(flights, speed=4, start=19, stop=99).ticks == 2


def test_pause_and_resume_hold_the_clock(flights: Schedule) -> None:
    """Nothing goes out in between, and nothing is caught up."""
    theatre = Theatre({2.5: "pause", 60.0: " RESUME \r"})
    theatre.play(flights, speed=1)
    assert [at for at, *_ in theatre.sent[:5]] == [0.0, 1.0, 2.0, 60.0, 61.0]
    assert [first for _, first, _ in theatre.sent] == list(range(1, 21))
    assert theatre.said == ["paused", "goes on"]


def test_seek_goes_forwards_and_backwards(flights: Schedule) -> None:
    """What lies between is not sent; what was sent is sent again."""
    theatre = Theatre({1.5: "seek 19", 2.2: "seek 18"})
    played = theatre.play(flights, speed=1)
    assert [first for _, first, _ in theatre.sent] == [1, 2, 19, 18, 19, 20]
    assert (played.ticks, played.position) == (6, 21)


def test_speed_changes_at_once(flights: Schedule) -> None:
    """The cycle after it does not wait for the old speed."""
    theatre = Theatre({0.5: "speed 0.1", 20.0: "speed 4"})
    theatre.play(flights, speed=1)
    assert theatre.sent[:4] == [(0.0, 1, 1), (0.5, 2, 2), (10.5, 3, 3), (20.0, 4, 4)]
    assert theatre.sent[4] == (20.25, 5, 5)


def test_stop_ends_a_replay(flights: Schedule) -> None:
    """Also while it is paused."""
    theatre = Theatre({2.5: "pause", 9.0: "stop"})
    played = theatre.play(flights, speed=1)
    assert (played.ticks, played.stopped) == (3, True)


@pytest.mark.parametrize(
    "line",
    [
        "seek",
        "seek 0",
        "seek 21",
        "seek 2.5",
        "seek x",
        "speed",
        "speed -1",
        "speed nan",
        "speed 1 2",
        "fly",
    ],
)
def test_what_is_no_control_is_said_and_changes_nothing(flights: Schedule, line: str) -> None:
    """The answer says what is known."""
    theatre = Theatre({0.0: line})
    assert theatre.play(flights, speed=100).ticks == 20
    assert len(theatre.said) == 1
    assert "not understood" in theatre.said[0]
    assert "seek CYCLE" in theatre.said[0]
    assert "1 to 20" in theatre.said[0]
