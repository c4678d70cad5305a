"""The as-of control changes one part of the address and keeps the rest."""

from app.components.as_of import search_as_of


def test_a_snapshot_is_pinned_and_the_rest_is_kept() -> None:
    """Also in the place of another one."""
    assert search_as_of("?fleet=A%26B", 7) == "?fleet=A%26B&as_of=7"
    assert search_as_of("?as_of=3&fleet=A", 7) == "?fleet=A&as_of=7"


def test_now_pins_none() -> None:
    """The address of now is the plain one."""
    assert search_as_of("?as_of=3", None) == ""
    assert search_as_of("?as_of=3&fleet=A", None) == "?fleet=A"
