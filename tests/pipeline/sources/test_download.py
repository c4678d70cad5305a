"""Downloads resume, are checked, try the next address, and say what to do without a network."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.sources.download import DownloadError, fetch
from pipeline.sources.faults import SourceError
from pipeline.sources.published import DATA_SETS, Check, DataSet
from tests.pipeline.sources.nasa_files import nasa_text

FILES = {
    "train_FD001.txt": nasa_text([300]).encode(),
    "test_FD001.txt": nasa_text([30]).encode(),
    "RUL_FD001.txt": b"12 \n",
}


def _zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return target.getvalue()


GOOD = _zipped({"CMAPSSData.zip": _zipped({**FILES, "readme.txt": b"x", "RUL_FD002.txt": b"1"})})
WRONG = _zipped({**FILES, "RUL_FD001.txt": b"13 \n"})


class _Mirror(BaseHTTPRequestHandler):
    """A server with good and bad addresses; ``asked`` keeps path and Range of each request."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range")))  # type: ignore[attr-defined]
        body = {"/wrong.zip": WRONG, "/junk.zip": b"junk"}.get(self.path, GOOD)
        if self.path == "/absent.zip":
            self.send_error(404)
        elif self.path in ("/elsewhere.zip", "/file.zip"):
            self.send_response(302)
            target = "/good.zip" if self.path == "/elsewhere.zip" else "file:///etc/passwd"
            self.send_header("Location", target)
            self.end_headers()
        else:
            self._send(body)

    def _send(self, body: bytes) -> None:
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        ranged = start and self.path != "/no_range.zip"
        part = body[start:] if ranged else body
        self.send_response(206 if ranged else 200)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        short = self.path in ("/cut.zip", "/no_range.zip") and not start
        self.wfile.write(part[: len(part) // 2] if short or self.path == "/stuck.zip" else part)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def mirror() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Mirror)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _set(server: ThreadingHTTPServer, *paths: str) -> DataSet:
    server.asked.clear()  # type: ignore[attr-defined]
    base = f"http://127.0.0.1:{server.server_port}"
    checks = {name: Check(hashlib.sha256(body).hexdigest()) for name, body in FILES.items()}
    addresses = tuple(path if ":" in path else base + path for path in paths)
    return DataSet(addresses, "https://example.org/page", checks)


def _fetch(folder: Path, published: DataSet) -> dict[str, bytes]:
    paths = fetch("fd001", folder, lambda *_: None, published)
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.parametrize("path", ["/good.zip", "/cut.zip", "/no_range.zip", "/elsewhere.zip"])
def test_the_wanted_files_arrive_and_nothing_else(
    mirror: ThreadingHTTPServer, tmp_path: Path, path: str
) -> None:
    """Also when the connection breaks once, with or without a server that can resume."""
    if path == "/no_range.zip":
        (tmp_path / "x").mkdir()
        tmp_path = tmp_path / "x"
    published = _set(mirror, path, "/good.zip")
    assert _fetch(tmp_path, published) == FILES
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(FILES)


def test_a_broken_download_goes_on_where_it_stopped(
    mirror: ThreadingHTTPServer, tmp_path: Path
) -> None:
    """The second request asks for the rest only."""
    assert _fetch(tmp_path, _set(mirror, "/cut.zip")) == FILES
    assert mirror.asked == [  # type: ignore[attr-defined]
        ("/cut.zip", None),
        ("/cut.zip", f"bytes={len(GOOD) // 2}-"),
    ]


def test_a_part_outlives_a_failed_fetch(mirror: ThreadingHTTPServer, tmp_path: Path) -> None:
    """Three broken tries fail, and the part that came stays for the next time."""
    with pytest.raises(DownloadError, match="the part is kept"):
        _fetch(tmp_path, _set(mirror, "/stuck.zip"))
    parts = list(tmp_path.glob(".*.part"))
    assert len(parts) == 1
    assert GOOD.startswith(parts[0].read_bytes())


def test_bad_addresses_are_passed_over(mirror: ThreadingHTTPServer, tmp_path: Path) -> None:
    """A wrong checksum, junk, 404, a refused connection, another scheme: the next is tried."""
    bad = ("/wrong.zip", "/junk.zip", "/absent.zip", "/file.zip")
    unreachable = ("http://127.0.0.1:9/x.zip", "file:///etc/passwd")
    published = _set(mirror, *bad, *unreachable, "/good.zip")
    assert _fetch(tmp_path, published) == FILES


def test_nothing_wrong_is_left_behind(mirror: ThreadingHTTPServer, tmp_path: Path) -> None:
    """The message says of each address why it was of no use, and how to bring the files."""
    bad = ("/wrong.zip", "/junk.zip", "/absent.zip", "/file.zip", "file:///etc/passwd")
    with pytest.raises(DownloadError) as caught:
        _fetch(tmp_path, _set(mirror, *bad))
    text = str(caught.value)
    for part in (
        "the archive holds another RUL_FD001.txt",
        "no archive of use",
        "404",
        "file:///etc/passwd' is not allowed",
        "only http and https",
        "https://example.org/page",
        "train_FD001.txt",
    ):
        assert part in text
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_said(tmp_path: Path) -> None:
    """When nothing answers, the message says so first."""
    published = DataSet(("http://127.0.0.1:9/a.zip",), "https://example.org", {"a": Check("0")})
    with pytest.raises(DownloadError, match="there seems to be no network"):
        _fetch(tmp_path, published)


def test_files_that_are_there_and_right_are_kept(
    mirror: ThreadingHTTPServer, tmp_path: Path
) -> None:
    """No request is made; a damaged file is fetched again."""
    published = _set(mirror, "/good.zip")
    _fetch(tmp_path, published)
    mirror.asked.clear()  # type: ignore[attr-defined]
    assert _fetch(tmp_path, published) == FILES
    assert mirror.asked == []  # type: ignore[attr-defined]
    (tmp_path / "RUL_FD001.txt").write_bytes(b"0")
    assert _fetch(tmp_path, published) == FILES


def test_unknown_data_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="phm08"):
        fetch("fd005", tmp_path, lambda *_: None)


def test_published_addresses_are_https_and_every_file_has_a_check() -> None:
    assert set(DATA_SETS) == {"phm08", "fd001", "fd002", "fd003", "fd004"}
    for published in DATA_SETS.values():
        assert all(address.startswith("https://") for address in published.addresses)
        sizes = {40 if check.blob else 64 for check in published.files.values()}
        assert {len(check.digest) for check in published.files.values()} == sizes


def test_a_git_blob_id_is_checked() -> None:
    """The id of the empty file is known to everyone who uses git."""
    check = Check("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", blob=True)
    assert check.holds(b"")
    assert not check.holds(b"x")


@pytest.mark.nasa
def test_the_real_files_hold_their_checks(nasa: Path) -> None:
    """The checksums written down here are those of NASA's files."""
    import gzip

    for name in ("fd001", "fd002"):
        for file, check in DATA_SETS[name].files.items():
            assert check.holds(gzip.decompress((nasa / "cmapss" / f"{file}.gz").read_bytes()))
