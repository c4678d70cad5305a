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
from lakehouse.settings import Settings, SettingsError
from lakehouse.users import UserStore


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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from app.server import serve; from lakehouse.settings import Settings; "
    command = [sys.executable, "-c", code + "serve(Settings.load())"]
    environment = os.environ | {"STILLWATER_HOME": str(tmp_path), "STILLWATER_PORT": str(port)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        assert _answer(f"http://127.0.0.1:{port}/healthz") == b'{"status":"ok"}\n'
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    assert server.returncode == 0


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
