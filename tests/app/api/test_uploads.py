"""Uploads: what is kept, under which name, and what is refused."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.services import Services
from app.uploads import UploadError, clean_name, find, save
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]
RAW = "application/octet-stream"


def send(browser: Browser, name: str, content: bytes, **options: Any) -> TestResponse:
    """Upload as the page does."""
    headers = {"X-CSRFToken": browser.token()}
    arguments = {"data": content, "content_type": RAW, "headers": headers} | options
    return browser.client.post("/upload", query_string={"name": name}, **arguments)


def kept(services: Services) -> list[str]:
    """Files in the folder of uploads, relative to it."""
    folder = services.settings.uploads
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_its_hash_and_its_clean_name(
    run_services: Services, run_browser: SIGNED_IN
) -> None:
    answer = send(run_browser("engineer"), "train FD001.txt", b"1 1 2\n")
    assert answer.status_code == 201
    upload_id = answer.get_json()["upload_id"]
    assert kept(run_services) == [upload_id]
    assert upload_id.endswith("/train_FD001.txt")
    assert (run_services.settings.uploads / upload_id).read_bytes() == b"1 1 2\n"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/passwd", "passwd"),
        ("%2e%2e%2fx.csv", "_2e_2e_2fx.csv"),
        ("a\x00b.csv", "a_b.csv"),
        ("file:///x#y.csv", "x_y.csv"),
        (".htaccess", "htaccess"),
        ("--conf", "conf"),
        ("", "upload"),
        ("..", "upload"),
        ("/", "upload"),
        ("tïr€.csv", "t_r_.csv"),
        ("<img src=x onerror=alert(1)>.csv", "_img_src_x_onerror_alert_1_.csv"),
        ("n" * 5000 + ".txt.gz", "n" * 113 + ".txt.gz"),
    ],
)
def test_a_name_from_outside_is_never_a_path(
    run_services: Services, run_browser: SIGNED_IN, name: str, clean: str
) -> None:
    answer = send(run_browser("engineer"), name, b"x")
    assert answer.get_json()["name"] == clean
    (path,) = kept(run_services)
    assert len(Path(path).parts) == 2
    assert [*run_services.settings.home.rglob(clean)] == [run_services.settings.uploads / path]


@given(st.text(max_size=400))
def test_every_name_becomes_one_that_a_file_system_takes(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean) <= 120
    assert not set(clean) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert clean[0] not in ".-"
    assert clean_name(clean) == clean


def test_an_upload_over_the_limit_is_refused_with_what_to_do(
    run_services: Services, run_browser: SIGNED_IN
) -> None:
    limit = run_services.settings.web.upload_mb * 2**20
    browser = run_browser("engineer")
    for size in (limit + 1, limit + 2 * 2**20):
        answer = send(browser, "big.csv", b"x" * size)
        assert answer.status_code == 413
        assert "64 MiB" in answer.get_json()["error"]
        assert "landing folder" in answer.get_json()["error"]
    assert kept(run_services) == []


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_only_engineers_upload_and_a_try_is_written_down(
    run_services: Services, run_browser: SIGNED_IN, role: str
) -> None:
    answer = send(run_browser(role), "a.csv", b"x")
    assert answer.status_code == 403
    assert kept(run_services) == []
    entry = run_services.audit.entries()[-1]
    assert (entry.actor, entry.outcome, entry.object) == (role, "refused", "upload a.csv")


def test_a_stranger_and_a_forged_request_upload_nothing(
    run_services: Services, run_browser: SIGNED_IN
) -> None:
    browser = run_browser("engineer")
    assert send(browser, "a.csv", b"x", headers={}).status_code == 400
    elsewhere = {"X-CSRFToken": browser.token(), "Origin": "https://elsewhere.example"}
    assert send(browser, "a.csv", b"x", headers=elsewhere).status_code == 403
    browser.client.delete_cookie("stillwater_session")
    assert send(browser, "a.csv", b"x").status_code == 401
    assert kept(run_services) == []


def test_what_is_no_raw_file_or_empty_is_refused(
    run_services: Services, run_browser: SIGNED_IN
) -> None:
    browser = run_browser("engineer")
    answer = send(browser, "a.csv", b"x", content_type="text/plain")
    assert (answer.status_code, "octet-stream" in answer.get_json()["error"]) == (415, True)
    assert run_services.audit.entries()[-1].outcome == "refused"
    answer = send(browser, "a.csv", b"")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "the file is empty")
    assert browser.client.get("/upload").status_code in (404, 405)
    assert kept(run_services) == []


def test_an_upload_is_found_by_its_id_only(tmp_path: Path) -> None:
    upload = save(tmp_path, "a.csv", BytesIO(b"x"), 10)
    assert find(tmp_path, upload.upload_id).read_bytes() == b"x"
    (tmp_path / "secret").write_text("x")
    (tmp_path / ("0" * 64)).mkdir()
    (tmp_path / ("0" * 64) / "link.csv").symlink_to(tmp_path / "secret")
    bad = ("secret", "../x", f"{'0' * 64}/link.csv", f"{'0' * 64}/../secret", f"{'0' * 64}/.", "")
    for upload_id in bad:
        with pytest.raises(UploadError, match="again"):
            find(tmp_path, upload_id)


def test_a_disk_error_leaves_no_half_file(tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        save(tmp_path, "a.csv", Broken(), 10)
    assert [*tmp_path.iterdir()] == []
