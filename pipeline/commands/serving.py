"""Verbs that start something: init, worker, dashboard, both together; users and data sets."""

import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import click
from tqdm import tqdm

from lakehouse.audit import FIRST_START
from lakehouse.requests import IngestRequest, RetrainRequest
from lakehouse.runs import Run, RunStore
from lakehouse.settings import Settings
from lakehouse.tables import SILVER
from lakehouse.users import UserStore
from pipeline import worker as work
from pipeline.commands.output import Exit, audited, fail, json_option, queued, show
from pipeline.commands.reading import fleets
from pipeline.home import open_home
from pipeline.sources.download import DownloadError, fetch

FIRST_SIMULATED = 160
WORKER = [sys.executable, "-m", "pipeline.cli", "worker"]
DASHBOARD = [sys.executable, "-m", "app.server"]


@click.command()
@json_option
@click.pass_obj
def init(settings: Settings, as_json: bool) -> None:
    """Create the home folder with its stores."""
    created = work.init(settings)
    document = {"home": str(settings.home), "created": created}
    show(document, as_json, f"{settings.home}: {'created' if created else 'was there already'}")


@click.command()
@click.pass_obj
def worker(settings: Settings) -> None:
    """Run the worker: it does what the dashboard and the command line ask for."""
    work.serve(settings)


@click.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Run the dashboard."""
    work.init(settings)
    # In our place, so that a signal to this process is one to the server.
    os.execve(DASHBOARD[0], DASHBOARD, _environment(settings))  # noqa: S606


@click.command()
@click.pass_obj
def up(settings: Settings) -> None:
    """Run worker and dashboard together until Ctrl-C; bring data in at the first start."""
    _check(settings)
    work.init(settings)
    environment = _environment(settings)
    processes = [
        # Out of the terminal's process group: Ctrl-C reaches them through us, once and in order.
        subprocess.Popen(command, env=environment, start_new_session=True)
        for command in (WORKER, DASHBOARD)
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        _wait_until_it_answers(settings, processes)
        _print_links(settings)
        _first_data(settings)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        fail("a process ended; see the messages above", Exit.FAILED)
    finally:
        _stop(processes)


@click.group()
def user() -> None:
    """Manage who may sign in."""


@user.command("add")
@click.argument("name")
@click.option(
    "--role", required=True, type=click.Choice(["operator", "engineer", "auditor", "admin"])
)
@json_option
@click.pass_obj
def user_add(settings: Settings, name: str, role: str, as_json: bool) -> None:
    """Add a user; the password is read from standard input when that is no terminal."""
    settings.home.mkdir(parents=True, exist_ok=True)
    interactive = sys.stdin.isatty()
    password = getpass.getpass("Password: ") if interactive else sys.stdin.readline().rstrip("\n")
    audited(settings, "user_add", f"{name} ({role})")
    try:
        UserStore(settings.users).add(name, role, password)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    show({"name": name, "role": role}, as_json, f"{name} may sign in as {role}")


@click.group()
def data() -> None:
    """Published data sets."""


@data.command("fetch")
@click.argument("name", type=click.Choice(["phm08", "fd001", "fd002", "fd003", "fd004"]))
@click.option("--to", type=click.Path(path_type=Path), help="folder, default: <home>/data")
@json_option
@click.pass_obj
def data_fetch(settings: Settings, name: str, to: Path | None, as_json: bool) -> None:
    """Download one of NASA's data sets and check it."""
    folder = to or settings.home / "data"
    with tqdm(total=100, unit="%", leave=False, disable=None) as bar:

        def progress(fraction: float, message: str) -> None:
            bar.set_description_str(message[:60])
            bar.n = round(100 * fraction)
            bar.refresh()

        try:
            paths = fetch(name, folder, progress)
        except DownloadError as error:
            fail(str(error), Exit.FAILED)
    files = [str(path) for path in paths]
    show({"name": name, "files": files}, as_json, "\n".join(files))


def _check(settings: Settings) -> None:
    """End here for what would only fail later: data that is not there, an address in use."""
    missing = [str(path) for path in settings.data if not path.exists()]
    if missing:
        fail(f"data (STILLWATER_DATA): there is no {', '.join(missing)}", Exit.USAGE)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            words = f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}"
            fail(f"{words}; set another port (STILLWATER_PORT)", Exit.USAGE)


def _wait_until_it_answers(settings: Settings, processes: list[subprocess.Popen[bytes]]) -> None:
    """A link that is printed works at once."""
    while all(process.poll() is None for process in processes):
        with suppress(OSError), socket.create_connection((settings.host, settings.port), 1):
            return
        time.sleep(0.1)


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process: what was settled here holds there."""
    settled = {
        "STILLWATER_HOME": str(settings.home),
        "STILLWATER_HOST": settings.host,
        "STILLWATER_PORT": str(settings.port),
        "STILLWATER_LOG_LEVEL": settings.log_level,
    }
    return dict(os.environ) | settled


def _print_links(settings: Settings) -> None:
    """One-time links for those who cannot sign in otherwise."""
    address = f"http://{settings.host}:{settings.port}"
    click.echo(f"Stillwater is at {address}", err=True)
    for link in UserStore(settings.users).first_start_links():
        audited(settings, "issue_sign_in_link", link.user.name)
        words = f"sign in once as {link.user.role}:"
        click.echo(f"  {words:<28} {address}/sign-in?token={link.token}", err=True)


def _first_data(settings: Settings) -> None:
    """Ask for the first ingest and the first models, so that the first page shows something.

    A first start that was interrupted goes on here; a home that was filled otherwise is left alone.
    """
    runs = RunStore(settings)
    if all(run.who == FIRST_START and run.state == "FAILED" for run in runs.recent(1000)):
        paths = tuple(str(path) for path in settings.data)
        request = IngestRequest(paths=paths) if paths else IngestRequest(simulate=FIRST_SIMULATED)
        asked = audited(settings, "ingest", ", ".join(paths) or "simulator")
        queued(settings, asked, runs.submit(request, FIRST_START).run_id)
    first = [run for run in runs.recent(1000, kind="ingest") if run.who == FIRST_START]
    if first:
        _first_models(settings, runs, runs.wait(first[0].run_id))


def _first_models(settings: Settings, runs: RunStore, ingest: Run) -> None:
    if ingest.state != "SUCCEEDED":
        click.echo(f"first ingest {ingest.state}: {ingest.error}", err=True)
        return
    home = open_home(settings)
    trained = {run.request.get("fleet") for run in runs.recent(1000, kind="retrain")}
    version = home.lake.version(SILVER.name)
    for fleet in fleets(home):
        if fleet not in trained and version is not None:
            asked = audited(settings, "retrain", fleet)
            request = RetrainRequest(fleet=fleet, silver_version=version)
            queued(settings, asked, runs.submit(request, FIRST_START).run_id)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + 10
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
