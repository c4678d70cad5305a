"""``make bench NAME=engine_page``: the engine page over HTTP against one raw read of its data.

A real server process over a made-up fleet, once and a hundred times over; engines drawn at random,
the process warm but these engines not; page and raw read in turn. The limits are the issue's.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from pathlib import Path
from socket import socket
from urllib.parse import urlencode

import numpy as np

from app.pages.engine import Ids
from lakehouse.users import UserStore
from tests.bench.engine_page_click import clicks
from tests.bench.engine_page_lake import PLAN, write_fleet
from tests.bench.engine_page_peer import files, raw_read

PASSWORD = "a password for a bench"
SERVE = (
    "import sys; from app.server import serve; from lakehouse.settings import Settings; "
    "serve(Settings.load(home=sys.argv[1], port=int(sys.argv[2])))"
)
LIMITS = {
    "page / raw read (p95)": 12.0,
    "page again / raw read (p95)": 3.0,
    "100x / 1x (p95)": 1.3,
    "click to painted / empty figure (median)": 3.0,
}
WARM = 12
CLICKS = 9


@dataclass(frozen=True)
class Times:
    """Milliseconds of every try."""

    page: list[float]
    again: list[float]
    raw: list[float]


class Visitor:
    """One signed-in visitor over one connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        page = self._send("GET", "/sign-in").decode()
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"name": "bench", "password": PASSWORD, "csrf_token": token}
        self._send("POST", "/sign-in", urlencode(form), "application/x-www-form-urlencoded")
        self._send("GET", "/")

    def engine(self, name: str) -> bytes:
        """All data callbacks of one engine's page: there is one."""
        view = {"fleet": PLAN.name, "engine": name, "as_of": None}
        values = ((Ids.VIEW, view), (Ids.SEQ, 1), (Ids.NORM, ""), ("theme", "light"))
        body = {
            "output": f"{Ids.BODY}.children",
            "outputs": {"id": Ids.BODY, "property": "children"},
            "inputs": [{"id": name, "property": "data", "value": v} for name, v in values],
            "state": [{"id": Ids.PICK, "property": "data", "value": {}}],
            "changedPropIds": [],
        }
        return self._send("POST", "/_dash-update-component", json.dumps(body), "application/json")

    def _send(self, method: str, path: str, body: str = "", kind: str = "") -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "X-CSRFToken": self._cookies.get("_csrf_token", "")}
        headers |= {"Content-Type": kind} if kind else {}
        answer = self._answer(method, path, body, headers)
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return content

    def _answer(self, method: str, path: str, body: str, headers: dict[str, str]) -> HTTPResponse:
        try:
            self._connection.request(method, path, body or None, headers)
            return self._connection.getresponse()
        except (ConnectionError, RemoteDisconnected):
            # The server hangs up on a visitor who was silent for some seconds.
            self._connection.close()
            self._connection.request(method, path, body or None, headers)
            return self._connection.getresponse()


@contextmanager
def server(home: Path) -> Iterator[Visitor]:
    """A dashboard over ``home`` in a process of its own, and somebody who is signed in."""
    UserStore(home / "users.sqlite").add("bench", "operator", PASSWORD)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {**os.environ, "STILLWATER_LOG_LEVEL": "error"}
    command = [sys.executable, "-c", SERVE, str(home), str(port)]
    process = subprocess.Popen(command, env=environment)
    try:
        yield _visitor(port)
    finally:
        process.terminate()
        process.wait(30)


def _visitor(port: int) -> Visitor:
    for _ in range(120):
        try:
            return Visitor(port)
        except ConnectionRefusedError:
            time.sleep(0.25)
    raise SystemExit("the server did not come up")


@dataclass(frozen=True)
class Place:
    """One lake, its server's visitor, and the engines that are drawn."""

    visitor: Visitor
    paths: list[str]
    drawn: list[str]
    found: Times


@dataclass(frozen=True)
class Found:
    """Times of every fleet size, and of clicks against the empty page."""

    fleets: list[Times]
    clicks: tuple[list[float], list[float]]


def measure(folder: Path, scales: Sequence[int], tries: int) -> Found:
    """Page, the same page again, and raw read; the fleets in turn, engines drawn at random."""
    with ExitStack() as servers:
        places = [_place(servers, folder / str(scale), scale, tries) for scale in scales]
        for number in range(tries + WARM):
            for place in places:
                _try(place, place.drawn[number], counts=number >= WARM)
        clicked = clicks(places[0].visitor.address, "bench", PASSWORD, CLICKS)
    return Found([place.found for place in places], clicked)


def _place(servers: ExitStack, home: Path, times: int, tries: int) -> Place:
    write_fleet(home / "lake", times)
    names = [f"test-{number:03d}-{copy:03d}" for number in range(1, 100) for copy in range(times)]
    drawn = random.Random(5).sample(names, tries + WARM)
    visitor = servers.enter_context(server(home))
    return Place(visitor, files(home / "lake"), drawn, Times([], [], []))


def _try(place: Place, name: str, counts: bool) -> None:
    page = _timed(lambda: place.visitor.engine(name))
    again = _timed(lambda: place.visitor.engine(name))
    raw = _timed(lambda: raw_read(place.paths, PLAN.name, name))
    if counts:
        place.found.page.append(page)
        place.found.again.append(again)
        place.found.raw.append(raw)


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    if not call():
        raise SystemExit("an answer was empty")
    return (time.perf_counter() - start) * 1000


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return float(np.percentile(values, 95))


def report(scale: int, found: Times) -> None:
    """One line of figures of one fleet size."""
    line = ", ".join(
        f"{name} {np.median(values):.1f} / {p95(values):.1f}"
        for name, values in (("page", found.page), ("again", found.again), ("raw", found.raw))
    )
    print(f"{scale}x: median / p95 in ms: {line}")


def main() -> int:
    """Measure, print, and answer 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--scale", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stillwater-bench-") as folder:
        found = measure(Path(folder), (1, asked.scale), asked.pairs)
    small, large = found.fleets
    report(1, small)
    report(asked.scale, large)
    painted, empty = (float(np.median(times)) for times in found.clicks)
    print(f"click to painted {painted:.0f} ms, empty figure {empty:.0f} ms")
    ratios = (
        p95(small.page) / p95(small.raw),
        p95(small.again) / p95(small.raw),
        p95(large.page) / p95(small.page),
        painted / empty,
    )
    for (name, limit), ratio in zip(LIMITS.items(), ratios, strict=True):
        print(f"{name}: ratio={ratio:.2f} limit={limit}")
    return int(any(r > limit for r, limit in zip(ratios, LIMITS.values(), strict=True)))


if __name__ == "__main__":
    sys.exit(main())
