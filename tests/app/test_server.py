"""Serving: never open to others without a password, and without gunicorn's surprises."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from app.server import check_address, gunicorn_options
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.settings import Settings, SettingsError
from lakehouse.tokens import draft_token, keep_token
from lakehouse.users import UserStore
from tests.lakehouse.frames import part, silver


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_alone_needs_no_password(tmp_path: Path, host: str) -> None:
    check_address(Settings(home=tmp_path, host=host))


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",  # noqa: S104
        "::",
        "192.168.0.7",
        "plant.example",
    ],
)
def test_others_come_in_only_when_somebody_has_a_password(tmp_path: Path, host: str) -> None:
    settings = Settings(home=tmp_path, host=host)
    users = UserStore(settings.users)
    users.first_start_links()
    with pytest.raises(SettingsError, match="no user has a password"):
        check_address(settings)
    users.set_password("admin", "correct horse")
    check_address(settings)
    users.set_active("operator", False)
    check_address(settings)


def test_an_ipv6_address_is_written_with_brackets(tmp_path: Path) -> None:
    options = gunicorn_options(Settings(home=tmp_path, host="::1", port=1234))
    assert options["bind"] == "[::1]:1234"
    assert options["preload_app"] is False
    assert options["control_socket_disable"] is True


def test_it_serves_and_stops(tmp_path: Path) -> None:
    """An export leaves it in parts, and the use of the token stands in its log."""
    settings = Settings(home=tmp_path)
    users = UserStore(settings.users)
    users.add("ada", "operator")
    token = draft_token(users, "ada", "a program")
    keep_token(users, token)
    Lake(settings.lake, LocalEngine()).append("silver/readings", silver({"a": 900}), part("one"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from app.server import serve; from lakehouse.settings import Settings; "
    command = [sys.executable, "-c", code + "serve(Settings.load())"]
    environment = os.environ | {"STILLWATER_HOME": str(tmp_path), "STILLWATER_PORT": str(port)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        assert _answer(f"http://127.0.0.1:{port}/healthz") == b'{"status":"ok"}\n'
        address = f"http://127.0.0.1:{port}/api/v1/tables/silver/readings/export?format=csv"
        headers = {"Authorization": f"Bearer {token.text}"}
        ask = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(ask, timeout=30) as answer:  # noqa: S310
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert len(answer.read().splitlines()) == 901
    finally:
        server.send_signal(signal.SIGINT)
        _, log = server.communicate(timeout=30)
    assert server.returncode == 0
    assert f"with token {token.token.token_id} of ada".encode() in log
    assert token.text.encode() not in log


def _answer(url: str) -> bytes:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
