"""The audit page and its files: what is shown to whom, and what the log says of itself."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.components.audit_filter import filtered
from app.queries.audit import Ask, audit_page, changes
from app.services import Services
from lakehouse.audit import AuditError, AuditLog, Entry, Event
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]


def log_of(services: Services, count: int) -> AuditLog:
    for number in range(count):
        event = Event("ada", "engineer", "retrain", f"FD00{number % 4}", request_id=f"r{number}")
        services.audit.append(event)
    return services.audit


def test_pages_are_newest_first_and_hold_every_entry_once(services: Services) -> None:
    """Whatever page is asked for, also one that is not there."""
    log = log_of(services, 120)
    pages = [audit_page(log, Ask(page=number)) for number in (1, 2, 3)]
    assert [entry.seq for page in pages for entry in page.entries] == [*range(120, 0, -1)]
    assert audit_page(log, Ask(page=9)).entries == pages[-1].entries
    assert (pages[0].matched, pages[0].last) == (120, 3)


def test_the_url_says_what_is_asked_and_keeps_it(services: Services) -> None:
    """A new filter begins at its first page; what makes no sense is left out."""
    ask = Ask.of({"actor": "ada", "object": " fd002 ", "page": "2", "nonsense": "x"})
    assert ask.to(page="2") == {"actor": "ada", "object": "fd002", "page": "2"}
    assert ask.to(action="retrain") == {"actor": "ada", "object": "fd002", "action": "retrain"}
    assert Ask.of({"page": "-1"}) == Ask.of({"page": "9" * 30}) == Ask()
    found = audit_page(log_of(services, 20), ask)
    assert (found.ask.page, found.matched) == (1, 5)


def test_before_and_after_are_told_value_by_value() -> None:
    """Nested ones by their path; a list is one value."""
    before = {"live": "m1", "limits": {"low": 1}}
    entry = Entry("a", "b", "c", before=before, after={"live": "m2", "tags": [1, "x"]})
    told = [(change.name, change.before, change.after) for change in changes(entry)]
    assert told == [
        ("live", "m1", "m2"), ("limits.low", "1", None), ("tags", None, '[1, "x"]'),
    ]  # fmt: skip
    assert changes(Entry("a", "b", "c", after=False))[0].after == "false"
    assert changes(Entry("a", "b", "c")) == ()


def test_who_may_sees_the_log_and_its_proof(services: Services, signed_in: SIGNED_IN) -> None:
    """How many entries, that they are whole, and the hash of the newest."""
    auditor = signed_in("auditor")
    newest = log_of(services, 3).entries()[-1]
    page = json.dumps(auditor.page("/audit"), ensure_ascii=False)
    assert "✓ 4 entries, whole." in page
    assert newest.hash in page
    assert "/audit/log.csv" in page
    found = json.dumps(auditor.page("/audit", "?request_id=r1"))
    assert "FD001" in found
    assert "FD002" not in found
    assert "/audit/log.csv?request_id=r1" in found


@pytest.mark.parametrize("role", ["operator", "engineer"])
def test_who_may_not_sees_neither_log_nor_link_nor_file(
    services: Services, signed_in: SIGNED_IN, role: str
) -> None:
    """And each try is in the log."""
    user = signed_in(role)
    answer = user.open("/audit").get_json()["response"]
    assert "may not read audit" in json.dumps(answer["page"]["children"])
    assert '"/audit"' not in json.dumps(answer["shell-nav"]["children"])
    for form in ("jsonl", "csv"):
        assert user.client.get(f"/audit/log.{form}").status_code == 403
    tried = services.audit.entries()[-3:]
    assert [(entry.actor, entry.action, entry.outcome) for entry in tried] == [
        (role, "read_audit", "refused")
    ] * 3


@pytest.mark.parametrize("role", ["auditor", "admin"])
def test_who_may_is_shown_the_way(signed_in: SIGNED_IN, role: str) -> None:
    """In the header of every page."""
    answer = signed_in(role).open("/account").get_json()["response"]
    assert '"/audit"' in json.dumps(answer["shell-nav"]["children"])


def test_a_broken_log_names_its_first_bad_entry(services: Services, signed_in: SIGNED_IN) -> None:
    """And marks what stands behind it; the rest of the page stays."""
    auditor = signed_in("auditor")
    log_of(services, 4)
    file = services.settings.audit / "audit.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"object":"FD002"', b'"object":"FD009"'))
    page = json.dumps(auditor.page("/audit"), ensure_ascii=False)
    assert "The log is not whole: entry 4: it was changed after it was written." in page
    assert "Entries 1 to 3 are whole" in page
    assert page.count("not proven") == 2
    assert "▲ 4 not proven" in page


def test_a_log_that_cannot_be_read_is_said_in_words(
    services: Services, signed_in: SIGNED_IN, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what that means and who has to do what."""
    auditor = signed_in("auditor")

    def unreadable(_: AuditLog) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(AuditLog, "proven", unreadable)
    page = json.dumps(auditor.page("/audit"))
    assert "The audit log cannot be read: Permission denied." in page
    assert "is refused until it can be" in page


def test_nothing_that_fits_and_a_time_that_is_none_are_said(signed_in: SIGNED_IN) -> None:
    """The page stays, with its filter."""
    auditor = signed_in("auditor")
    assert "No entry fits." in json.dumps(auditor.page("/audit", "?actor=nobody"))
    wrong = json.dumps(auditor.page("/audit", "?since=yesterday"))
    assert "is no time: write 2026-11-20" in wrong
    assert "audit-filter" in wrong


def test_markup_in_the_log_stays_text(services: Services, signed_in: SIGNED_IN) -> None:
    """Whoever tries to sign in can write something into it."""
    services.audit.append(Event("<b>x</b>", "", "sign_in", "javascript:alert(1)", after={"<i>": 1}))
    page = signed_in("auditor").page("/audit")
    assert "Markdown" not in json.dumps(page)
    assert '"href": "javascript' not in json.dumps(page)


def test_the_fields_lead_to_an_address_once_they_differ() -> None:
    """What the page shows already is no new address."""
    drawn = {"asked": {"actor": "ada"}, "as_of": 3}
    assert filtered(drawn, {"actor": "ada", "role": "any"}) is None
    assert filtered(drawn, {"actor": "any", "object": "a b"}) == "/audit?object=a%20b&as_of=3"


def test_files_hold_what_fits_and_are_entries_themselves(
    services: Services, signed_in: SIGNED_IN
) -> None:
    """Streamed, by the filter of the page."""
    auditor = signed_in("auditor")
    log_of(services, 8)
    answer = auditor.client.get("/audit/log.csv?object=fd001&action=retrain")
    rows = [*csv.DictReader(io.StringIO(answer.get_data(as_text=True)))]
    assert [row["object"] for row in rows] == ["FD001", "FD001"]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    export = services.audit.entries()[-1]
    assert (export.actor, export.action, export.object) == ("auditor", "read_audit", "log.csv")
    assert export.after == {"object": "fd001", "action": "retrain"}
    lines = auditor.client.get("/audit/log.jsonl").get_data()
    assert lines == (services.settings.audit / "audit.jsonl").read_bytes()
    assert auditor.client.get("/audit/log.jsonl?since=never").status_code == 400
    assert auditor.client.get("/audit/log.jsonl?as_of=77").status_code == 400
    assert auditor.client.get("/audit/log.exe").status_code == 404


def test_an_export_that_cannot_be_written_down_is_refused(
    signed_in: SIGNED_IN, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any other action."""
    auditor = signed_in("auditor")

    def full(*_: object) -> None:
        raise AuditError("disk full")

    monkeypatch.setattr(AuditLog, "append", full)
    assert auditor.client.get("/audit/log.csv").status_code == 503
