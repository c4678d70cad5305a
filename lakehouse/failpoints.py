"""Named points where a test can make this process die, fail or wait.

``STILLWATER_FAILPOINT=<name>:kill|raise|sleep`` arms one point; unset, a point costs one lookup.
"""

import os
import signal
import time


class FailpointError(RuntimeError):
    """An armed failpoint was reached."""


def failpoint(name: str) -> None:
    """Die, fail or wait here if this point is armed."""
    armed, _, action = os.environ.get("STILLWATER_FAILPOINT", "").partition(":")
    if armed != name:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "sleep":
        time.sleep(3600)
    else:
        raise FailpointError(name)
