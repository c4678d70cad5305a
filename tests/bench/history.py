"""How long the history and the diff of a long table take: `make bench NAME=history`.

A table of 4.6 million flights with 1,000 versions: a few large deliveries, many small ones, some
engines written anew, one compaction. The peer is what one would write by hand: both versions read
whole and joined on their key.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import narwhals as nw
import numpy as np
import polars as pl
from deltalake import DeltaTable

from lakehouse.diffs import TableDiff, table_diff
from lakehouse.engines import Write
from lakehouse.engines.local import LocalEngine
from lakehouse.history import table_history
from lakehouse.lake import Lake
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.tables import SILVER

T = TypeVar("T")
HISTORY_MS, NEIGHBOURS_S, FAR_S = 300.0, 1.0, 3.0
LARGE, SMALL = 25, 100


def main() -> None:
    """Build the table, measure, compare, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=4_600_000)
    options.add_argument("--versions", type=int, default=1_000)
    options.add_argument("--keep", type=Path, help="folder to keep the table in")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = chosen.keep or Path(folder)
        lake = Lake(root, LocalEngine())
        if lake.version(SILVER.name) is None:
            took = timed(lambda: build(root, chosen.rows, chosen.versions))[0]
            print(f"built in {took:.0f} s")
        measure(lake)


def measure(lake: Lake) -> None:
    """Each figure beside its limit."""
    newest = lake.version(SILVER.name) or 0
    cold, facts = timed(lambda: table_history(lake, SILVER.name))
    warm = min(timed(lambda: table_history(lake, SILVER.name))[0] for _ in range(3))
    print(f"{len(facts):,} versions, {facts[0].rows:,} rows, {facts[0].files:,} files")
    print(f"history: cold {1000 * cold:.0f} ms, warm {1000 * warm:.0f} ms (≤ {HISTORY_MS:.0f})")
    rewritten = next(f.version for f in facts if f.rows_removed and not f.moved_only)
    pairs = (
        ("neighbours, an append", newest - 1, newest, NEIGHBOURS_S),
        ("neighbours, an engine anew", rewritten - 1, rewritten, NEIGHBOURS_S),
        ("far apart", newest - newest // 2, newest, FAR_S),
        ("far apart, backwards", newest, newest - newest // 2, FAR_S),
    )
    for name, before, after, limit in pairs:
        compare(lake, name, (before, after), limit)


def compare(lake: Lake, name: str, versions: tuple[int, int], limit: float) -> None:
    """One diff, its rows for display and its shifts, beside a join of both versions."""
    ours, diff = timed(lambda: table_diff(lake, SILVER.name, *versions))
    shown, _ = timed(lambda: (diff.added(), diff.removed(), diff.changed_rows()))
    shifted, _ = timed(diff.shifts)
    theirs, counts = timed(lambda: joined(lake, *versions))
    assert counts == counted(diff), (counts, counted(diff))
    print(
        f"{name} ({versions[0]} to {versions[1]}): diff {ours:.2f} s (≤ {limit:.0f}), "
        f"rows shown {shown:.2f} s, shifts {shifted:.2f} s; +{diff.rows_added:,} "
        f"-{diff.rows_removed:,} ~{diff.rows_changed:,}, {len(diff.engines):,} engines, "
        f"{diff.files_read} files read; "
        f"full join {theirs:.1f} s = {theirs / ours:.0f} times as long"
    )


def counted(diff: TableDiff) -> tuple[int, int, int]:
    """Rows added, removed and changed."""
    return diff.rows_added, diff.rows_removed, diff.rows_changed


def joined(lake: Lake, before: int, after: int) -> tuple[int, int, int]:
    """The same from a full join of both versions."""
    old, new = (nw.to_native(lake.scan(SILVER.name, v)) for v in (before, after))
    key = list(SILVER.key)
    values = [name for name in SILVER.column_names if name not in key]
    both = old.with_columns(_old=True).join(
        new.with_columns(_new=True), on=key, how="full", coalesce=True, suffix="_after"
    )
    differs = pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n}_after")) for n in values)
    here, there = pl.col("_old").is_not_null(), pl.col("_new").is_not_null()
    told = both.select(
        (there & ~here).sum().alias("added"),
        (here & ~there).sum().alias("removed"),
        (here & there & differs).sum().alias("changed"),
    )
    counts: tuple[int, int, int] = told.collect(engine="streaming").row(0)
    return counts


def build(root: Path, rows: int, versions: int) -> None:
    """The table: large deliveries first, then small ones with some engines written anew."""
    engine, lake = LocalEngine(), Lake(root, LocalEngine())
    path, random = lake.path(SILVER.name), np.random.default_rng(7)
    engine.create(path, SILVER, Write("create", note(0, 0, 0)))
    total, number = 0, 0
    while number < versions - 1:
        number += 1
        many = rows // LARGE if number <= LARGE else SMALL
        if number == versions // 2 + 50:
            DeltaTable(path).optimize.compact(target_size=2**20)
        elif number > LARGE and number % 200 == 0:
            few = flights(random, number - 1, SMALL)
            named = {"engine": [f"e{number - 1:05d}-000"]}
            one = few.filter(pl.col("engine") == named["engine"][0])
            engine.replace(path, SILVER, frame(one), named, again(number, one.height, total))
        elif number > LARGE and number % 200 == 100:
            named = {"engine": [f"e{number % LARGE + 1:05d}-001"]}
            one = flights(random, number % LARGE + 1, rows // LARGE)
            one = one.filter(pl.col("engine") == named["engine"][0])
            engine.replace(path, SILVER, frame(one), named, again(number, one.height, total))
        else:
            total += many
            engine.append(
                path, SILVER, frame(flights(random, number, many)), write(number, many, total)
            )


def flights(random: np.random.Generator, number: int, rows: int) -> pl.DataFrame:
    """Flights of engines of one delivery, 200 each."""
    place = np.arange(rows)
    names = {"fleet": "F", "flags": None, "delivery_id": f"d-{number:05d}"}
    columns: dict[str, Any] = {
        n: random.normal(500, 5, rows).round(1) for n in PROFILE.signal_names
    }
    frame = pl.DataFrame({"engine": place // 200, "cycle": place % 200 + 1} | columns)
    engine = pl.format(
        "e{}-{}", pl.lit(f"{number:05d}"), pl.col("engine").cast(pl.String).str.zfill(3)
    )
    literals = [pl.lit(value, pl.String).alias(name) for name, value in names.items()]
    return frame.with_columns(engine.alias("engine"), *literals).select(SILVER.column_names)


def frame(rows: pl.DataFrame) -> nw.LazyFrame[Any]:
    """As the engine takes it."""
    return nw.from_native(rows.lazy())


def write(number: int, added: int, total: int, removed: int = 0) -> Write:
    """A commit of a run of its own."""
    return Write(f"run-{number}/Clean/{SILVER.name}/all", note(number, added, total, removed))


def again(number: int, rows: int, total: int) -> Write:
    """A commit that puts rows in the place of as many."""
    return write(number, rows, total, rows)


def note(number: int, added: int, total: int, removed: int = 0) -> str:
    """What a commit notes; the hash only differs from version to version."""
    known = {"run_id": f"run-{number}", "node": "Clean", "who": "cli:bench", "inputs": {}}
    counts = {"rows_added": added, "rows_removed": removed, "row_count": total}
    return json.dumps(known | counts | {"content_sha256": f"{number:064x}"})


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds and result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
