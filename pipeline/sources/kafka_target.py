"""A Kafka topic as the target of a replay."""

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pipeline.sources.kafka_topic import LOG, Topic, partitions_of
from pipeline.sources.streams import StreamError

_PATIENCE = 30.0
_OURS = {"enable.idempotence": True, "message.timeout.ms": int(_PATIENCE * 1000)}


class KafkaTarget:
    """A topic that messages are sent to; those with one key stay in order.

    Raises:
        StreamError: no broker answers, there is no such topic, or a setting is refused.
    """

    def __init__(self, topic: Topic) -> None:
        self._topic = topic.name
        self._failed: list[KafkaError] = []
        try:
            self._producer = Producer(topic.client(_OURS), logger=LOG)
        except KafkaException as error:
            raise StreamError(f"Kafka settings: {error.args[0].str()}") from None
        partitions_of(self._producer, topic.name)

    def send(self, messages: Iterable[tuple[str, str]]) -> None:
        """Send (key, value) pairs; when this returns, the brokers have them all.

        Raises:
            StreamError: one did not arrive.
        """
        for key, value in messages:
            while not self._queued(key.encode(), value.encode()):
                self._producer.poll(0.1)
        self._producer.flush(_PATIENCE + 5)
        if self._failed or len(self._producer):
            why = self._failed[0].str() if self._failed else "no broker answers"
            raise StreamError(f"Kafka topic {self._topic}: a message did not arrive: {why}")

    def _queued(self, key: bytes, value: bytes) -> bool:
        """Hand a message over to be sent; False while the queue is full."""
        try:
            self._producer.produce(self._topic, value, key, on_delivery=self._arrived)
        except BufferError:
            return False
        except KafkaException as error:
            raise StreamError(f"Kafka topic {self._topic}: {error.args[0].str()}") from None
        return True

    def _arrived(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failed.append(error)
