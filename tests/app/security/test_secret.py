"""The secret: one a home, private, the same for all processes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.security.secret import secret_key


def test_it_is_made_once_and_kept_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = secret_key(home)
    assert len(first) == 32
    assert secret_key(home) == first
    assert (home / "secret").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in home.iterdir()] == ["secret"]


def test_two_homes_have_two(tmp_path: Path) -> None:
    assert secret_key(tmp_path / "a") != secret_key(tmp_path / "b")


def test_many_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: secret_key(tmp_path / "home"), range(32)))
    assert len(set(keys)) == 1


def test_a_secret_that_others_could_read_is_closed(tmp_path: Path) -> None:
    secret_key(tmp_path)
    (tmp_path / "secret").chmod(0o644)
    secret_key(tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
