"""The shell: stamp, fleets, banner and menu say what is true, and never more."""

from datetime import UTC, datetime
from typing import Any, cast

from dash.development.base_component import Component

from app.components.shell import Place, Stamp, banner, navigation, shell, stamp
from lakehouse.snapshots import Snapshot
from lakehouse.users import User

NOW = Stamp(Snapshot(seq=42, time=datetime(2026, 11, 20, 10, 2, tzinfo=UTC)))
HERE = Place("/", {})


def words(part: Any) -> str:
    """All text of a component, in order."""
    if part is None:
        return ""
    if isinstance(part, list | tuple):
        return "".join(words(each) for each in part)
    if isinstance(part, Component):
        return words(getattr(part, "children", None))
    return str(part)


def all_of(part: Any, name: str) -> list[Any]:
    """Values of a property, wherever a component has it."""
    if isinstance(part, list | tuple):
        return [value for each in part for value in all_of(each, name)]
    if not isinstance(part, Component):
        return []
    own = [getattr(part, name)] if getattr(part, name, None) is not None else []
    return own + all_of(getattr(part, "children", None), name)


def test_now_is_named_with_its_snapshot() -> None:
    assert words(stamp(NOW, HERE)) == "As of now · snapshot 42"


def test_an_empty_lake_says_so() -> None:
    assert words(stamp(Stamp(Snapshot()), HERE)) == "As of now · nothing ingested yet"


def test_an_older_snapshot_says_when_and_how_to_come_back() -> None:
    old = Stamp(NOW.snapshot, pinned=True)
    shown = stamp(old, Place("/engine/F/e", {"as_of": "42", "cycles": "1-9"}))
    assert words(shown) == "As of snapshot 42 · 2026-11-20 10:02 UTC · back to now"
    assert all_of(shown, "href") == ["/engine/F/e?cycles=1-9"]


def test_a_lake_that_cannot_be_read_is_an_alert() -> None:
    assert all_of(stamp(None, HERE), "role") == ["alert"]


def test_one_fleet_is_named_and_several_can_be_chosen() -> None:
    one = stamp(Stamp(NOW.snapshot, fleets=("FD001",)), HERE)
    assert words(one).startswith("Fleet FD001")
    assert all_of(one, "href") == []
    place = Place("/", {"as_of": "42"}, fleet="A&B")
    several = stamp(Stamp(NOW.snapshot, pinned=True, fleets=("A&B", "FD001")), place)
    links = all_of(several, "href")[:2]
    assert links == ["/?as_of=42&fleet=A%26B", "/?as_of=42&fleet=FD001"]


def test_the_first_fleet_stands_for_the_fleet_page_without_a_choice() -> None:
    several = stamp(Stamp(NOW.snapshot, fleets=("FD001", "FD002")), HERE)
    assert words(all_of(several, "label")[0]) == "Fleet FD001"
    elsewhere = stamp(Stamp(NOW.snapshot, fleets=("FD001", "FD002")), Place("/runs", {}))
    assert words(all_of(elsewhere, "label")[0]) == "Fleets"


MADE = Stamp(NOW.snapshot, fleets=("SIM",), simulated=("SIM",))


def test_real_engines_are_not_called_simulated() -> None:
    both = Stamp(NOW.snapshot, fleets=("FD001", "SIM"), simulated=("SIM",))
    assert banner(both, "engineer", HERE) is None
    assert banner(both, "engineer", Place("/engine/FD001/a", {}, fleet="FD001")) is None
    made = banner(both, "engineer", Place("/engine/SIM/a", {}, fleet="SIM"))
    assert "SIMULATED" in words(made)
    assert "fetch-dataset" not in all_of(made, "id")


def test_simulated_engines_are_called_simulated() -> None:
    shown = banner(MADE, "engineer", HERE)
    assert "SIMULATED" in words(shown)
    assert "SIM " in words(shown)
    assert "fetch-dataset" in all_of(shown, "id")
    to_auditor = banner(MADE, "auditor", HERE)
    assert "fetch-dataset" not in all_of(to_auditor, "id")
    assert banner(NOW, "engineer", HERE) is None
    assert banner(None, "engineer", HERE) is None


def test_the_navigation_says_where_one_is() -> None:
    links = navigation([("Fleet", "/"), ("Runs", "/runs")], Place("/runs", {}, "Runs"))
    assert [words(link) for link in links] == ["Fleet", "Runs (you are here)"]
    assert [cast(Any, link).href for link in links] == ["/", "/runs"]


def test_the_menu_has_users_for_administrators_alone() -> None:
    for role, shown in (("admin", True), ("engineer", False)):
        whole = shell(User("ada", role), "dark", "token")
        assert ("/users" in all_of(whole, "href")) is shown
        assert "ada" in words(whole)


def test_signing_out_is_a_post_with_the_token() -> None:
    whole = shell(User("ada", "admin"), "light", "the-token")
    assert "/sign-out" in all_of(whole, "action")
    assert all_of(whole, "method") == ["post"]
    assert "the-token" in all_of(whole, "value")


def test_keyboard_users_can_skip_to_the_page() -> None:
    whole = shell(User("ada", "admin"), "light", "t")
    assert all_of(whole, "href")[0] == "#page"
    assert "page" in all_of(whole, "id")
