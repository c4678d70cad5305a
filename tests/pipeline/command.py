"""The command as a person runs it: a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from pipeline.cli import main

FAST = ("--set", "rounds=20", "--set", "averaged=1")


def stillwater(
    home: Path,
    *words: str,
    failpoint: str | None = None,
    stdin: str = "",
    environment: dict[str, str] | None = None,
    timeout: float = 180,
) -> subprocess.CompletedProcess[str]:
    """Run ``stillwater`` on a home; a failpoint may be armed."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("STILLWATER_")},
        **(environment or {}),
        "STILLWATER_HOME": str(home),
    }
    if failpoint is not None:
        environment["STILLWATER_FAILPOINT"] = failpoint
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *words],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def quick(home: Path, *words: str) -> Result:
    """The same in this process: no second of imports for each verb."""
    return CliRunner().invoke(main, words, env={"STILLWATER_HOME": str(home)})


def document(home: Path, *words: str, code: int = 0) -> Any:
    """The JSON document of a verb, which must end with ``code``."""
    done = quick(home, *words, "--json")
    assert done.exit_code == code, done.stderr[-2000:]
    return json.loads(done.stdout)
