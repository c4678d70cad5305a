"""Named points where a test can make this process die, fail or wait.

``STILLWATER_FAILPOINT=<name>:kill|raise|sleep`` arms one point, ``…:<n>`` behind it the n-th time
that it is reached; unset, a point costs one lookup.
"""

import os
import signal
import time
from collections import Counter

_reached: Counter[str] = Counter()


class FailpointError(RuntimeError):
    """An armed failpoint was reached."""


def failpoint(name: str) -> None:
    """Die, fail or wait here if this point is armed."""
    armed, _, action = os.environ.get("STILLWATER_FAILPOINT", "").partition(":")
    if armed != name:
        return
    action, _, time_reached = action.partition(":")
    _reached[name] += 1
    if _reached[name] != int(time_reached or _reached[name]):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "sleep":
        time.sleep(3600)
    else:
        raise FailpointError(name)
