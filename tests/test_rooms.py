"""What the dashboard loads when it starts."""

import subprocess
import sys

FORBIDDEN = ("pyspark", "delta", "xgboost", "sklearn", "ml_metadata", "pipeline")


def test_the_dashboard_loads_no_learner_no_spark_and_no_pipeline() -> None:
    """A function-level import counts as an import; so does somebody else's."""
    code = f"import sys, app.server; print([name for name in {FORBIDDEN!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
