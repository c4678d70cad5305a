"""The Kafka source against a real broker: every message once, and the same again after a crash."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from lakehouse.failpoints import FailpointError
from lakehouse.profiles.turbofan import PROFILE
from pipeline.sources import kafka
from pipeline.sources.faults import Reason
from pipeline.sources.files import discover
from pipeline.sources.kafka import Bounds, KafkaSource
from pipeline.sources.kafka_target import KafkaTarget
from pipeline.sources.kafka_topic import Topic
from pipeline.sources.messages import line
from pipeline.sources.parsing import parse
from pipeline.sources.streams import Batch, BatchLog, StreamError
from tests.pipeline.sources.kafka_broker import Broker, kafka_broker
from tests.pipeline.sources.nasa_files import SIGNALS, reasons


def flight(engine: str, cycle: int) -> str:
    """One message as an engine sends it."""
    return json.dumps({"engine": engine, "cycle": cycle, **dict.fromkeys(SIGNALS, cycle / 8)})


ONE_LINE = {
    "an object": (b'{"engine": "a"}', b'{"engine": "a"}'),
    "an object with a line break after it": (b'{"engine": "a"}\r\n', b'{"engine": "a"}'),
    "text of another tongue": ('{"engine": "äß"}'.encode(), '{"engine": "äß"}'.encode()),
    "no value": (None, b"null"),
    "an empty value": (b"", b'""'),
    "blanks": (b" \n", rb'" \n"'),
    "two lines": (b'{"a": 1}\n{"a": 2}', rb'"{\"a\": 1}\n{\"a\": 2}"'),
    "bytes that are no text": (b"\xff\xfe", rb'"\\xff\\xfe"'),
    "a NUL in text": (b"a\0b", rb'"a\u0000b"'),
}


@pytest.mark.parametrize("case", ONE_LINE)
def test_a_message_is_one_line(case: str) -> None:
    """What is no single line of text becomes a JSON string, which is no object."""
    value, expected = ONE_LINE[case]
    assert line(value) == expected
    assert b"\n" not in line(value)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker."""
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def topic(broker: Broker, request: pytest.FixtureRequest) -> Topic:
    """A topic of the test's own, with three partitions."""
    name = request.node.name.replace("[", "-").replace("]", "")[:200]
    broker.make_topic(name, 3)
    return Topic(broker.address, name)


def open_source(topic: Topic, home: Path, bounds: Bounds | None = None) -> KafkaSource:
    log = BatchLog(home / "log", f"kafka topic {topic.name}")
    return KafkaSource(topic, log, home / "landing", bounds or Bounds(seconds=0.5))


def next_batch(source: KafkaSource) -> Batch:
    """The next batch, once its messages are there."""
    for _ in range(40):
        if (batch := source.poll()) is not None:
            return batch
    raise AssertionError("no batch came")


def drained(source: KafkaSource) -> list[str]:
    """The lines of every batch until the topic is read to its end."""
    lines: list[str] = []
    while (batch := source.poll()) is not None or source.pending:
        if batch is not None:
            lines += Path(batch.files[0]).read_text().splitlines()
            source.commit(batch)
    return lines


@pytest.mark.kafka
def test_every_message_comes_once_in_the_order_of_its_engine(topic: Topic, tmp_path: Path) -> None:
    """In bounded batches, and a new source on the same log goes on where the old one was."""
    sent = [(f"e{i % 7}", flight(f"e{i % 7}", i)) for i in range(300)]
    KafkaTarget(topic).send(sent[:200])
    source = open_source(topic, tmp_path, Bounds(messages=30, seconds=0.5))
    batches = [next_batch(source)]
    assert len(Path(batches[0].files[0]).read_text().splitlines()) == 30
    source.commit(batches[0])
    lines = Path(batches[0].files[0]).read_text().splitlines() + drained(source)
    source.close()
    assert source.pending is False
    KafkaTarget(topic).send(sent[200:])
    again = open_source(topic, tmp_path)
    lines += drained(again)
    again.close()
    assert sorted(lines) == sorted(text for _, text in sent)
    for engine in range(7):
        mine = [text for key, text in sent if key == f"e{engine}"]
        assert [text for text in lines if f'"e{engine}"' in text] == mine


@pytest.mark.kafka
@pytest.mark.parametrize("point", ["stream.planned", "stream.landed", "stream.before_done"])
def test_a_batch_is_the_same_after_a_crash(
    topic: Topic, tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it died, the planned batch comes again though more messages are there by then."""
    first = [(f"e{i % 5}", flight(f"e{i % 5}", i)) for i in range(50)]
    later = [(f"e{i % 5}", flight(f"e{i % 5}", i)) for i in range(50, 80)]
    KafkaTarget(topic).send(first)
    dying = open_source(topic, tmp_path)
    monkeypatch.setenv("STILLWATER_FAILPOINT", f"{point}:raise")
    with pytest.raises(FailpointError):
        for _ in range(40):
            if (batch := dying.poll()) is not None:
                dying.commit(batch)
    dying.close()
    monkeypatch.delenv("STILLWATER_FAILPOINT")
    KafkaTarget(topic).send(later)
    source = open_source(topic, tmp_path)
    batch = next_batch(source)
    assert batch.number == 0
    landed = Path(batch.files[0]).read_text().splitlines()
    assert sorted(landed) == sorted(text for _, text in first)
    source.commit(batch)
    assert sorted(drained(source)) == sorted(text for _, text in later)
    source.close()


@pytest.mark.kafka
def test_a_landed_file_that_is_gone_is_made_again_alike(topic: Topic, tmp_path: Path) -> None:
    """The log says which messages it held."""
    KafkaTarget(topic).send((f"e{i % 4}", flight(f"e{i % 4}", i)) for i in range(100))
    source = open_source(topic, tmp_path)
    batch = next_batch(source)
    content = Path(batch.files[0]).read_bytes()
    Path(batch.files[0]).unlink()
    assert source.poll() == batch
    assert Path(batch.files[0]).read_bytes() == content
    source.close()


@pytest.mark.kafka
def test_what_is_no_object_is_a_quarantined_line_of_its_own(topic: Topic, tmp_path: Path) -> None:
    """No message is lost and none spoils another."""
    producer = Producer({"bootstrap.servers": topic.brokers})
    odd = [None, b"", b"[1]\n[2]", b"\xff\0\n", b"hello", b"7"]
    for value in odd:
        producer.produce(topic.name, value, partition=0)
    for cycle in (1, 2):
        producer.produce(topic.name, flight("e1", cycle).encode(), partition=0)
    assert producer.flush(30) == 0
    source = open_source(topic, tmp_path)
    batch = next_batch(source)
    source.close()
    parsed = parse(discover(batch.files, "F", "in_service").deliveries[0], PROFILE)
    assert parsed.records["cycle"].to_list() == [1, 2]
    assert reasons(parsed) == dict.fromkeys(range(1, len(odd) + 1), Reason.NOT_JSON)


@pytest.mark.kafka
def test_a_partition_that_is_added_is_read_from_its_start(
    broker: Broker, topic: Topic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart."""
    monkeypatch.setattr(kafka, "_NEW_PARTITIONS_AFTER", 0.0)
    source = open_source(topic, tmp_path)
    assert drained(source) == []
    broker.add_partitions(topic.name, 5)
    producer = Producer({"bootstrap.servers": topic.brokers})
    for partition in range(5):
        producer.produce(topic.name, flight("e1", partition + 1).encode(), partition=partition)
    assert producer.flush(30) == 0
    lines: list[str] = []
    for _ in range(40):
        lines += drained(source)
        if len(lines) == 5:
            break
    source.close()
    assert {json.loads(text)["cycle"] for text in lines} == {1, 2, 3, 4, 5}


@pytest.mark.kafka
def test_messages_that_were_deleted_unread_are_not_passed_over(
    broker: Broker, topic: Topic, tmp_path: Path
) -> None:
    """The stream stops with a message, and a batch that cannot be made again says so."""
    KafkaTarget(topic).send([("e1", flight("e1", cycle)) for cycle in range(1, 11)])
    source = open_source(topic, tmp_path, Bounds(messages=4, seconds=0.5))
    batch = next_batch(source)
    broker.delete_messages(topic.name, 8)
    source.close()
    Path(batch.files[0]).rename(tmp_path / "kept")
    unmade = open_source(topic, tmp_path)
    with pytest.raises(StreamError, match="not there any more"):
        unmade.poll()
    unmade.close()
    (tmp_path / "kept").rename(batch.files[0])
    behind = open_source(topic, tmp_path)
    assert behind.poll() == batch
    behind.commit(batch)
    with pytest.raises(StreamError, match="not there any more"):
        drained(behind)
    behind.close()


@pytest.mark.kafka
def test_a_missing_topic_is_said_at_once(broker: Broker, tmp_path: Path) -> None:
    """A typing error must not look like a quiet topic."""
    with pytest.raises(StreamError, match="nowhere"):
        open_source(Topic(broker.address, "nowhere"), tmp_path)


@pytest.mark.kafka
def test_a_broker_that_restarts_costs_nothing(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """While it is away nothing comes; then the stream goes on."""
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as broker:
        broker.make_topic("flights", 2)
        topic = Topic(broker.address, "flights")
        KafkaTarget(topic).send([("e1", flight("e1", 1))])
        source = open_source(topic, tmp_path)
        lines = drained(source)
        broker.stop()
        assert source.poll() is None
        broker.start()
        KafkaTarget(topic).send([("e1", flight("e1", 2))])
        batch = next_batch(source)
        lines += Path(batch.files[0]).read_text().splitlines()
        source.close()
    assert [json.loads(text)["cycle"] for text in lines] == [1, 2]
