"""A file that is written and discovered."""

from pathlib import Path

import pytest

from pipeline.sources.delivered import Delivered
from pipeline.sources.files import discover
from tests.pipeline.sources.nasa_files import Give


@pytest.fixture
def give(tmp_path: Path) -> Give:
    """Write a file and discover it: ``give("train_FD001.txt", text)``."""

    def write(
        name: str, content: str | bytes, fleet: str | None = None, kind: str | None = None
    ) -> Delivered:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return discover([path], fleet, kind).deliveries[0]

    return write
