"""A topic of Kafka: where it is, and which partitions it has."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer

from pipeline.sources.streams import StreamError

LOG = logging.getLogger("stillwater.kafka")
_ANSWER = 10.0
_MAKING = 3.0


@dataclass(frozen=True)
class Topic:
    """Where messages are.

    Attributes:
        brokers: addresses, host:port with commas between them.
        name: the topic's name.
        settings: more settings of librdkafka, as for encryption and passwords.
    """

    brokers: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def client(self, ours: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of a client: what this topic says outranks ours."""
        common = {"bootstrap.servers": self.brokers, "client.id": "stillwater"}
        return common | dict(ours) | dict(self.settings)


def partitions_of(client: Consumer | Producer, topic: str) -> frozenset[int]:
    """The partitions that a topic has.

    Raises:
        StreamError: no broker answers, or the topic is not there.
    """
    # A topic that a broker makes when it is first asked for takes a moment.
    deadline = time.monotonic() + _MAKING
    while True:
        try:
            found = client.list_topics(topic, timeout=_ANSWER).topics[topic]
        except KafkaException as error:
            raise StreamError(f"no Kafka broker answers: {error.args[0].str()}") from None
        if found.error is None:
            return frozenset(found.partitions)
        if time.monotonic() > deadline:
            raise StreamError(f"Kafka topic {topic}: {found.error.str()}")
        time.sleep(0.2)
