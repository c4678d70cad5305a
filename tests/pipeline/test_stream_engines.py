"""A stream on Spark that is killed ends with what the local engine's batch load gives."""

from pathlib import Path

import pytest

from tests.pipeline.killed_stream import (
    ON_SPARK,
    assert_equal_load,
    killed_again_and_again,
)


@pytest.mark.fault
@pytest.mark.spark
@pytest.mark.timeout(3000)
def test_a_spark_stream_killed_equals_one_batch_load(
    tmp_path: Path, parts: Path, loaded: Path
) -> None:
    """The same through Structured Streaming and its checkpoint."""
    killed_again_and_again(tmp_path / "var", parts, tmp_path / "drop", "spark", ON_SPARK)
    assert_equal_load(tmp_path / "var", loaded)
