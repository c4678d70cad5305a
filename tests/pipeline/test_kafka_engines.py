"""A topic of a real broker through either engine, killed on the way: the same tables."""

import json
import signal
from pathlib import Path

import pytest

from pipeline.sources.kafka_target import KafkaTarget
from pipeline.sources.kafka_topic import Topic
from pipeline.sources.simulator import simulate
from tests.conftest import SHORT_LIVED
from tests.pipeline.command import stillwater
from tests.pipeline.oracle import assert_sound, tables
from tests.pipeline.sources.kafka_broker import kafka_broker
from tests.pipeline.sources.nasa_files import SIGNALS

pytestmark = [pytest.mark.kafka, pytest.mark.spark, pytest.mark.timeout(1200)]
SAME = ("silver/readings", "gold/engine_status", "bronze/quarantine")
WHERE = ("delivery_id", "line", "silver_version")
KILLS = ("stream.before_batch", "ExampleGen.after_commit", "Clean.after_commit")


def messages(folder: Path) -> list[tuple[str, str]]:
    """Engine and JSON of every flight of a small fleet in service, as the engines fly."""
    file = Path(simulate(folder, 12, seed=5)[1].source)
    rows = [line.split() for line in file.read_text().splitlines()]
    rows.sort(key=lambda row: (int(row[1]), int(row[0])))
    return [
        (row[0], json.dumps(dict(zip(("engine", "cycle", *SIGNALS), map(float, row), strict=True))
                            | {"engine": row[0], "cycle": int(row[1])}))
        for row in rows
    ]  # fmt: skip


def stream(home: Path, topic: Topic, engine: str, failpoint: str | None = None) -> int:
    words = ("stream", "--kafka", topic.brokers, "--topic", topic.name, "--once")
    extra = {
        "STILLWATER_ENGINE": engine,
        "STILLWATER_SPARK__MASTER": "local[2]",
        "STILLWATER_SPARK__PARTITIONS": "2",
        "STILLWATER_SPARK__CONF": json.dumps(SHORT_LIVED),
    }
    fleet = ("--fleet", "SIM", "--kind", "in_service")
    done = stillwater(home, *words, *fleet, failpoint=failpoint, environment=extra, timeout=300)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-3000:]
    return done.returncode


def test_a_topic_through_spark_gives_the_tables_of_the_local_engine(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Messages come between kills; none is lost and none comes twice."""
    sent = messages(tmp_path / "made")
    share = len(sent) // len(KILLS)
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as broker:
        broker.make_topic("flights", 3)
        topic = Topic(broker.address, "flights")
        for number, point in enumerate(KILLS):
            last = None if number == len(KILLS) - 1 else (number + 1) * share
            KafkaTarget(topic).send([*sent[number * share : last], *sent[:5]])
            assert stream(tmp_path / "spark", topic, "spark", f"{point}:kill") == -signal.SIGKILL
        for engine in ("spark", "local"):
            assert stream(tmp_path / engine, topic, engine) == 0
            assert_sound(tmp_path / engine)
    ours, theirs = tables(tmp_path / "spark"), tables(tmp_path / "local")
    for name in SAME:
        columns = [column for column in theirs[name].columns if column not in WHERE]
        mine, other = (t[name].select(columns).sort(columns) for t in (ours, theirs))
        assert mine.equals(other, null_equal=True), name
    assert ours["silver/readings"].height == len(sent)
    assert ours["bronze/readings"].height == len(sent) + 5 * len(KILLS)
