"""A real Kafka broker on the loopback address, from Maven's jars; other tests may use it too."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic  # type: ignore[attr-defined]

VERSION = "4.1.0"
_CLUSTER = "c3RpbGx3YXRlci10ZXN0cw"
_POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>stillwater.tests</groupId><artifactId>broker</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
    <version>{VERSION}</version>
  </dependency></dependencies>
</project>
"""
_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{port}
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Broker:
    """One broker with its data in a folder; it can be stopped and started again.

    Attributes:
        address: host and port for clients.
    """

    def __init__(self, folder: Path, jars: Path) -> None:
        self._folder = folder
        self._jars = jars
        self._process: subprocess.Popen[bytes] | None = None
        port, controller = _free_ports(2)
        self.address = f"127.0.0.1:{port}"
        text = _PROPERTIES.format(port=port, controller=controller, folder=folder)
        (folder / "server.properties").write_text(text)
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", _CLUSTER]
        done = subprocess.run(
            self._java(*tool, "--config", f"{folder}/server.properties"),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", f"{self._folder}/server.properties"),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._admin().list_topics(timeout=1)
            except KafkaException:
                continue
            return
        said = (self._folder / "broker.log").read_text()[-3000:]
        self.stop()
        pytest.fail(f"the Kafka broker did not start:\n{said}")

    def stop(self) -> None:
        """End it; its data stay."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def make_topic(self, name: str, partitions: int = 1, **config: str) -> None:
        """Make a topic."""
        topic = NewTopic(
            name, partitions, 1, config={k.replace("_", "."): v for k, v in config.items()}
        )
        admin = self._admin()
        admin.create_topics([topic])[name].result(30)

    def add_partitions(self, name: str, partitions: int) -> None:
        """Let a topic have so many partitions from now on."""
        admin = self._admin()
        admin.create_partitions([NewPartitions(name, partitions)])[name].result(30)

    def delete_messages(self, name: str, before: int) -> None:
        """Delete every partition's messages before an offset, as retention does."""
        admin = self._admin()
        partitions = admin.list_topics(name, timeout=30).topics[name].partitions
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "none"})
        ends = {p: consumer.get_watermark_offsets(TopicPartition(name, p))[1] for p in partitions}
        consumer.close()
        wanted = [TopicPartition(name, p, min(before, end)) for p, end in ends.items()]
        for done in admin.delete_records(wanted).values():
            done.result(30)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.address, "log_level": 0})

    def _java(self, *words: str) -> list[str]:
        return ["java", "-Xmx384m", "-cp", f"{self._jars}/*", *words]


@contextmanager
def kafka_broker(folder: Path) -> Iterator[Broker]:
    """A running broker with its data in a folder; skips the test where none can be had."""
    broker = Broker(folder, kafka_jars())
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def kafka_jars() -> Path:
    """The folder with the broker's jars, fetched once by Maven; skips where they cannot be had."""
    if os.environ.get("CI"):
        pytest.skip("a Kafka broker is not started on CI")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    jars = cache / "stillwater-tests" / f"kafka-{VERSION}"
    if shutil.which("java") is None:
        pytest.skip("no Java for a Kafka broker: `apt-get install default-jre-headless`")
    if jars.is_dir():
        return jars
    if shutil.which("mvn") is None:
        pytest.skip(f"no Maven to fetch a Kafka broker with, and no jars in {jars}")
    jars.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(dir=jars.parent))
    try:
        (aside / "pom.xml").write_text(_POM)
        words = [
            "mvn",
            "-q",
            "-B",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={aside}/jars",
        ]
        done = subprocess.run(
            words, cwd=aside, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            pytest.skip(f"Maven did not bring the Kafka broker's jars: {done.stdout[-300:]}")
        (aside / "jars").rename(jars)
    finally:
        shutil.rmtree(aside)
    return jars


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
