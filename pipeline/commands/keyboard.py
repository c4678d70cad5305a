"""Control lines that a person types, or a program writes, while a command runs."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import UnsupportedOperation

_INTERRUPTED = (signal.SIGINT, signal.SIGTERM)
# When the input has ended, nobody is left who could end a pause.
_AT_THE_END = "resume"


@contextmanager
def keyboard() -> Iterator[Callable[[float], str | None]]:
    """The lines of standard input; a signal counts as ``stop``, a second one ends at once."""
    typed = Keyboard()
    before = [signal.getsignal(number) for number in _INTERRUPTED]

    def interrupted(number: int, _frame: object) -> None:
        typed.lines.insert(0, "stop")
        signal.signal(number, before[_INTERRUPTED.index(signal.Signals(number))])

    for number in _INTERRUPTED:
        signal.signal(number, interrupted)
    try:
        yield typed
    finally:
        for number, handler in zip(_INTERRUPTED, before, strict=True):
            signal.signal(number, handler)


class Keyboard:
    """Lines of standard input, waited for without a thread that an ending process would trip over.

    Attributes:
        lines: what was read and not asked for yet.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._rest = b""
        self._input: int | None = None
        try:
            self._input = sys.stdin.fileno()
        except (AttributeError, UnsupportedOperation, ValueError):
            # No real file: all that will ever be there is there now, or nothing is.
            self.lines = [*(sys.stdin.read().splitlines() if sys.stdin else ()), _AT_THE_END]

    def __call__(self, seconds: float) -> str | None:
        """The next line, waited for so many seconds."""
        if not self.lines:
            self._wait(seconds)
        return self.lines.pop(0) if self.lines else None

    def _wait(self, seconds: float) -> None:
        if self._input is None or _in_background(self._input):
            time.sleep(seconds)
            return
        if not select.select([self._input], [], [], seconds)[0]:
            return
        data = os.read(self._input, 4096)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line.decode(errors="replace") for line in lines if line.strip()]
        if not data:
            self._input = None
            rest = self._rest.decode(errors="replace")
            self.lines += [line for line in (rest, _AT_THE_END) if line.strip()]


def _in_background(descriptor: int) -> bool:
    """Whether the shell's foreground is another job; reading its terminal would stop us."""
    try:
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) != os.getpgrp()
    except OSError:
        return False
