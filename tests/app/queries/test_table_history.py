"""The versions of a table as a URL asks for them."""

from pathlib import Path

import pytest

from app.queries.table_history import PAGE, Ask, readable, table_view
from app.services import Services
from lakehouse.commits import DeltaLog
from tests.app.table_home import CORRECTION, SILVER, STATUS, make_table_home, publish
from tests.lakehouse.frames import part, silver


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = make_table_home(tmp_path_factory.mktemp("home"))
    publish(made, "m-1", SILVER, 1)
    return made


@pytest.mark.parametrize(
    ("query", "version", "engine"),
    [
        ({}, None, ("", "")),
        ({"version": "3", "engine": "F/a/b"}, 3, ("F", "a/b")),
        ({"version": "-1", "engine": "F/"}, None, ("", "")),
        ({"version": "1" * 20, "engine": "/e"}, None, ("", "")),
    ],
)
def test_a_query_that_makes_no_sense_is_as_if_it_were_not_there(
    query: dict[str, str], version: int | None, engine: tuple[str, str]
) -> None:
    ask = Ask.of(query, None)
    assert (ask.version, (ask.fleet, ask.engine)) == (version, engine)


def test_the_newest_version_is_looked_at_unless_told_otherwise(services: Services) -> None:
    """With who made it, from what, and which models pin which version."""
    view = table_view(services, services.pinned(), SILVER, Ask())
    assert [each.version for each in view.facts] == [2, 1, 0]
    assert view.chosen == view.facts[0] and view.last == 2
    assert view.chosen and (view.chosen.run_id, view.chosen.who) == (CORRECTION, "ada")
    assert [each.pinned_by for each in view.facts] == [(), ("m-1",), ()]
    older = table_view(services, services.pinned(), SILVER, Ask(version=1))
    assert older.chosen and older.chosen.version == 1
    assert table_view(services, services.pinned(), SILVER, Ask(version=9)).chosen is None


def test_a_snapshot_ends_the_history_at_its_version(services: Services) -> None:
    """Later versions did not exist then, and a table that was not written has none."""
    view = table_view(services, services.pinned(1), SILVER, Ask(as_of=1))
    assert [each.version for each in view.facts] == [1, 0]
    assert (view.last, view.snapshot) == (2, 2)
    later = table_view(services, services.pinned(1), SILVER, Ask(version=2, as_of=1))
    assert later.chosen is None
    assert table_view(services, services.pinned(1), STATUS, Ask(as_of=1)).facts == ()


def test_versions_that_lost_files_are_told_and_the_others_named(services: Services) -> None:
    view = table_view(services, services.pinned(), STATUS, Ask(version=1))
    assert view.chosen and not view.chosen.readable
    assert readable(view.facts) == ((2, 3), (0, 0))


def test_many_versions_come_in_pages(tmp_path: Path) -> None:
    """The page with the version that is looked at comes first."""
    services = make_table_home(tmp_path)
    for number in range(PAGE + 5):
        services.lake.append(SILVER, silver({f"e{number}": 1}), part(str(number)))
    view = table_view(services, services.pinned(), SILVER, Ask(version=3))
    assert (view.pages, view.page) == (2, 2)
    assert len(view.listed) == len(view.facts) - PAGE
    assert view.chosen in view.listed
    first = table_view(services, services.pinned(), SILVER, Ask(version=3, page=1))
    assert [each.version for each in first.listed] == list(range(PAGE + 7, 7, -1))
    assert table_view(services, services.pinned(), SILVER, Ask(page=99)).page == 2


def test_a_broken_log_is_told(tmp_path: Path) -> None:
    services = make_table_home(tmp_path)
    DeltaLog(services.lake.path(SILVER)).commit_files()[1].write_text("")
    view = table_view(services, services.pinned(), SILVER, Ask())
    assert view.problem == "commit 1: it is empty"
    assert view.facts == ()
