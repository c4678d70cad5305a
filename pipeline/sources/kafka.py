"""A Kafka topic as a stream: batches are ranges of offsets, written down before they land."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from lakehouse.failpoints import failpoint
from pipeline.sources.kafka_topic import LOG, Topic, partitions_of
from pipeline.sources.messages import line
from pipeline.sources.streams import Batch, BatchLog, StreamError, land

_CHUNK = 100
_PATIENCE = 30.0
_NEW_PARTITIONS_AFTER = 60.0
_OURS = {
    # librdkafka wants a group; nothing is ever committed to it.
    "group.id": "stillwater",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    # Messages that are gone must not be passed over in silence.
    "auto.offset.reset": "error",
    # A batch may take long to be worked on.
    "max.poll.interval.ms": 86_400_000,
}

Offsets = dict[int, int]


@dataclass(frozen=True)
class Bounds:
    """How large a batch becomes at most.

    Attributes:
        messages: so many messages.
        seconds: so long is collected before a batch is given out.
        size: no more is collected once it has so many bytes.
    """

    messages: int = 10_000
    seconds: float = 1.0
    size: int = 64 << 20


class KafkaSource:
    """Messages of one topic in batches; each batch lands as one file of JSON lines.

    A batch is a range of offsets of each partition. The ranges are in the log before the file is
    there, and the log alone says where reading goes on (no consumer group's commits), so that
    after a crash a batch is read again as it was. Within a file messages stand in the order of
    partition and offset.

    Attributes:
        pending: whether messages may be there that were not read yet.

    Args:
        topic: what is read, all its partitions, from the oldest message on.
        log: which batches were planned from it; closed with this source.
        landing: folder of the files, ``<number>.jsonl``; made when it is not there.
        bounds: how large a batch becomes.

    Raises:
        StreamError: no broker answers, there is no such topic, or a setting is refused.
    """

    def __init__(
        self, topic: Topic, log: BatchLog, landing: Path, bounds: Bounds | None = None
    ) -> None:
        landing.mkdir(parents=True, exist_ok=True)
        self.pending = True
        self._topic = topic.name
        self._log = log
        self._landing = landing.absolute()
        self._bounds = bounds or Bounds()
        self._next: Offsets = {} if log.last is None else _offsets(log.last.content["to"])
        self._partitions: frozenset[int] = frozenset()
        self._ended: set[int] = set()
        self._looked = 0.0
        try:
            self._consumer = Consumer(topic.client(_OURS), logger=LOG)
        except KafkaException as error:
            raise StreamError(f"Kafka settings: {error.args[0].str()}") from None
        try:
            self._look_for_partitions()
        except StreamError:
            self._consumer.close()
            raise

    def poll(self) -> Batch | None:
        """The open batch again, else what has come since; waits up to ``bounds.seconds`` for it.

        Raises:
            StreamError: messages that were never read, or that an open batch has to be made of,
                are gone from the topic, or the topic cannot be read. Make a new source then.
        """
        planned = self._log.open
        if planned is not None:
            path = self._path(planned.number)
            if not _is(path, planned.content["sha256"]):
                self._repeat(planned.content, path)
            return Batch(planned.number, (str(path),))
        if time.monotonic() - self._looked > _NEW_PARTITIONS_AFTER:
            # Brokers that are away for a while do not end a stream; it goes on when they are back.
            with suppress(StreamError):
                self._look_for_partitions()
        messages = self._collect()
        return self._give_out(messages) if messages else None

    def commit(self, batch: Batch) -> None:
        """Say that a batch is in the lake.

        Raises:
            StreamError: no such batch was planned, or another process writes the log.
        """
        self._log.done(batch.number)

    def close(self) -> None:
        """Leave the brokers and let the log go."""
        self._consumer.close()
        self._log.close()

    def _give_out(self, messages: list[Message]) -> Batch:
        content = _lines(messages)
        first = _offsets_of(reversed(messages))
        upto = self._next | {p: offset + 1 for p, offset in _offsets_of(messages).items()}
        digest = hashlib.sha256(content).hexdigest()
        planned = self._log.plan({"from": first, "to": upto, "sha256": digest})
        self._next = upto
        land(self._path(planned.number), content)
        failpoint("stream.landed")
        return Batch(planned.number, (str(self._path(planned.number)),))

    def _path(self, number: int) -> Path:
        return self._landing / f"{number}.jsonl"

    def _collect(self) -> list[Message]:
        """Messages until one of the bounds is reached."""
        messages: list[Message] = []
        size, deadline = 0, time.monotonic() + self._bounds.seconds
        while size < self._bounds.size and (more := self._bounds.messages - len(messages)) > 0:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            new = self._consume(min(more, _CHUNK), left)
            size += sum(len(message.value() or b"") for message in new)
            messages += new
        self.pending = self._ended != self._partitions
        return messages

    def _repeat(self, content: dict[str, Any], path: Path) -> None:
        """Read a planned batch again, and land it."""
        start, upto = _offsets(content["from"]), _offsets(content["to"])
        messages: list[Message] = []
        missing = set(start)
        self._assign(start)
        deadline = time.monotonic() + _PATIENCE
        while missing - self._ended and time.monotonic() < deadline:
            for message in self._consume(_CHUNK, 1.0):
                partition, offset = _place(message)
                if offset < upto[partition]:
                    messages.append(message)
                if offset >= upto[partition] - 1:
                    missing.discard(partition)
        lines = _lines(messages)
        if hashlib.sha256(lines).hexdigest() != content["sha256"]:
            raise StreamError(
                f"{path} cannot be made again: topic {self._topic} does not hold the messages of "
                f"this batch any more as they were (partition to offset: from {start})"
            )
        land(path, lines)
        self._go_on()

    def _consume(self, most: int, seconds: float) -> list[Message]:
        messages = []
        for message in self._consumer.consume(most, timeout=seconds):
            error = message.error()
            partition = message.partition()
            if error is None:
                self._ended.discard(_place(message)[0])
                messages.append(message)
            elif error.code() == KafkaError._PARTITION_EOF and partition is not None:
                self._ended.add(partition)
            else:
                raise StreamError(_explain(self._topic, partition, error))
        return messages

    def _look_for_partitions(self) -> None:
        """Read every partition that the topic has by now."""
        self._looked = time.monotonic()
        partitions = partitions_of(self._consumer, self._topic)
        if self._partitions != partitions:
            self._partitions = partitions
            self._go_on()

    def _go_on(self) -> None:
        """Read from where the log says, and a partition that it does not know from its start."""
        self._assign({p: self._next.get(p, OFFSET_BEGINNING) for p in self._partitions})

    def _assign(self, offsets: Offsets) -> None:
        self._ended.clear()
        self._consumer.assign([TopicPartition(self._topic, *at) for at in sorted(offsets.items())])


def _lines(messages: Iterable[Message]) -> bytes:
    """The file of a batch: the same bytes however the partitions were interleaved."""
    return b"".join(line(message.value()) + b"\n" for message in sorted(messages, key=_place))


def _place(message: Message) -> tuple[int, int]:
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise StreamError("Kafka gave a message without partition and offset")
    return partition, offset


def _offsets_of(messages: Iterable[Message]) -> Offsets:
    """Partition to the offset of its last message."""
    return dict(_place(message) for message in messages)


def _offsets(content: Mapping[Any, int]) -> Offsets:
    """Offsets as the log keeps them: JSON knows only text as a key."""
    return {int(partition): offset for partition, offset in content.items()}


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _explain(topic: str, partition: int | None, error: KafkaError) -> str:
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        return (
            f"Kafka topic {topic}, partition {partition}: messages that this stream has not read "
            f"yet are not there any more ({error.str()}); a new stream begins with the oldest one"
        )
    return f"Kafka topic {topic}, partition {partition}: {error.str()}"
