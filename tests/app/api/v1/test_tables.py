"""Tables through the read API: catalogue, rows in pages, history, diff, and every refusal."""

import json
from collections.abc import Callable
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from werkzeug.test import TestResponse

from app.queries import read_api
from lakehouse.audit import AuditError, AuditLog
from lakehouse.commits import DeltaLog
from lakehouse.export import Selection, selected
from lakehouse.metadata import Metadata
from lakehouse.records import Artifact, Execution, Used
from lakehouse.tables import TABLES
from lakehouse.users import ROLES
from tests.app.api.v1.conftest import SILVER, Program, problem, program, signed_in
from tests.lakehouse.frames import part, silver

ROWS = f"/tables/{SILVER}"
GETS = ("/tables", ROWS, f"{ROWS}/history", f"{ROWS}/diff?from=2&to=3", f"{ROWS}/export",
        "/openapi.json")  # fmt: skip


def pages(reader: Program, path: str, **query: Any) -> list[dict[str, Any]]:
    """All pages of a table, as a program walks through them."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        given = query | ({"cursor": cursor} if cursor else {})
        page = reader.get(path, **given).get_json()
        found.append(page)
        cursor = page["next"]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads_tables_with_a_token_and_with_a_session(
    reader: Program, role: str
) -> None:
    services, server = reader.services, reader.client.application
    script = program(services, server.test_client(), role)
    browser = signed_in(services, server.test_client(), role)
    for path in GETS:
        assert script.get(path).status_code == 200, path
        assert browser.get(f"/api/v1{path}", buffered=True).status_code == 200, path


def test_the_catalogue_names_every_table_and_what_its_columns_mean(reader: Program) -> None:
    told = reader.get("/tables").get_json()
    assert [one["name"] for one in told["tables"]] == list(TABLES)
    known = {one["name"]: one for one in told["tables"]}
    assert (known[SILVER]["version"], known[SILVER]["newest"]) == (3, 4)
    assert (known["ops/snapshots"]["version"], known["gold/backfill"]["version"]) == (1, None)
    assert known["gold/features"]["open"]
    cycle = next(one for one in known[SILVER]["columns"] if one["name"] == "cycle")
    assert (cycle["type"], cycle["unit"]) == ("int64", "cycles")
    assert cycle["description"].startswith("flight number")
    assert known[SILVER]["key"] == ["fleet", "engine", "cycle"]
    assert reader.get("/tables", as_of=1).get_json()["snapshot"] == told["snapshot"] == 1


def test_rows_are_those_of_the_newest_snapshot_unless_told_otherwise(reader: Program) -> None:
    for query, version, height in (
        ({}, 3, 57), ({"as_of": 1}, 3, 57), ({"version": 4}, 4, 60), ({"version": 2}, 2, 30),
        ({"version": 0}, 0, 0),
    ):  # fmt: skip
        told = reader.get(ROWS, **query).get_json()
        assert (told["table"], told["version"], len(told["rows"])) == (SILVER, version, height)
        noted = reader.services.lake.content(SILVER, version).sha256
        assert told["content_sha256"] == noted
        assert told["next"] is None
    assert reader.get("/tables/ops/snapshots").get_json()["rows"][0]["seq"] == 1


def test_rows_and_schema_are_those_of_the_table(reader: Program) -> None:
    told = reader.get(ROWS, version=3).get_json()
    whole = selected(reader.services.lake, Selection(SILVER, 3)).collect()
    assert [one["name"] for one in told["schema"]] == whole.columns
    assert pl.DataFrame(told["rows"], schema=whole.schema).equals(whole)
    some = reader.get(ROWS, columns="sensor_2,cycle", engine="F/b").get_json()
    assert [list(row) for row in some["rows"]] == [["sensor_2", "cycle"]] * 20
    assert [row["cycle"] for row in some["rows"]] == list(range(1, 21))
    assert some["schema"][0]["description"] == "T24: LPC outlet temperature"


def test_a_column_that_no_contract_knows_is_told_with_its_type(reader: Program) -> None:
    told = reader.get("/tables/gold/features", limit=1).get_json()
    assert told["schema"][-1] == {"name": "mean", "type": "float32", "unit": "", "description": ""}


def test_what_json_cannot_hold_is_told_in_words(reader: Program) -> None:
    answer = reader.get("/tables/bronze/readings", columns="sensor_2")
    strict = json.loads(answer.data, parse_constant=lambda text: pytest.fail(text))
    values = [row["sensor_2"] for row in strict["rows"]]
    assert sorted(map(str, values)) == ["-0.0", "-Infinity", "Infinity", "NaN", "None"]
    delivered = reader.get("/tables/bronze/deliveries").get_json()
    assert delivered["rows"][0]["received_at"] == "2026-11-23T04:05:06.000789Z"
    assert [row["simulated"] for row in delivered["rows"]] == [True, False, None]
    kinds = {one["name"]: one["type"] for one in delivered["schema"]}
    assert (kinds["received_at"], kinds["simulated"]) == ("timestamp", "boolean")


@pytest.mark.parametrize("path", [ROWS, "/tables/gold/features"])
@pytest.mark.parametrize("limit", [1, 7, 30, 57])
def test_pages_hold_every_row_once(reader: Program, path: str, limit: int) -> None:
    name = path.removeprefix("/tables/")
    got = pages(reader, path, limit=limit)
    version = got[0]["version"]
    whole = selected(reader.services.lake, Selection(name, version)).collect()
    rows = [row for page in got for row in page["rows"]]
    assert {len(page["rows"]) for page in got[:-1]} <= {limit}
    assert pl.DataFrame(rows, schema=whole.schema).equals(whole)


def test_pages_stay_at_their_version_whatever_is_committed_meanwhile(
    make: Callable[..., Program],
) -> None:
    reader = make()
    first = reader.get(ROWS, limit=40, columns="engine,cycle").get_json()
    reader.services.lake.append(SILVER, silver({"0": 50}), part("meanwhile"))
    cursor = first["next"]
    rest = reader.get(ROWS, limit=40, columns="engine,cycle", cursor=cursor).get_json()
    assert (first["version"], rest["version"], rest["next"]) == (3, 3, None)
    keys = [(row["engine"], row["cycle"]) for row in (*first["rows"], *rest["rows"])]
    assert len(keys) == len(set(keys)) == 57
    assert {engine for engine, _ in keys} == {"a", "b", "c"}


def test_a_cursor_is_good_for_what_it_was_given_for_only(reader: Program) -> None:
    given = {"limit": 5, "columns": "cycle", "engine": "F/a"}
    cursor = reader.get(ROWS, **given).get_json()["next"]
    assert reader.get(ROWS, **given, cursor=cursor, version=3).status_code == 200
    assert len(reader.get(ROWS, **given | {"limit": 9}, cursor=cursor).get_json()["rows"]) == 9
    far = cursor.replace(".5.", f".{10**14}.")
    assert reader.get(ROWS, **given, cursor=far).get_json()["rows"] == []
    for other in ({"engine": "F/b"}, {"columns": "cycle,engine"}, {"version": 2}):
        assert "cursor" in problem(reader.get(ROWS, **given | other, cursor=cursor), 400)["detail"]
    for forged in ("x", "1", "1.2", "-1.0.abc", cursor[:-1], f"{cursor}.1", "1.2." + "a" * 90,
                   cursor.replace(".5.", ".-5."), cursor.replace("3.", "٣.")):  # fmt: skip
        told = problem(reader.get(ROWS, **given, cursor=forged), 400)
        assert "cursor" in told["detail"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"limit": 0}, "limit = '0'"),
        ({"limit": 10_001}, "less than or equal to 10000"),
        ({"limit": "many"}, "limit = 'many'"),
        ({"version": -1}, "version = '-1'"),
        ({"version": "3; DROP TABLE users"}, "version = '3; DROP TABLE users'"),
        ({"version": "../../secret"}, "version = '../../secret'"),
        ({"version": 10**30}, "version = "),
        ({"as_of": "yesterday"}, "as_of = 'yesterday'"),
        ({"as_of": 1, "version": 1}, "not both"),
        ({"columns": "nothing"}, "no column 'nothing': fleet, engine, cycle"),
        ({"columns": "cycle;--"}, "no column 'cycle;--'"),
        ({"columns": "cycle,,engine"}, "columns"),
        ({"columns": "cycle,cycle"}, "named twice"),
        ({"columns": "../../users.sqlite"}, "no column"),
        ({"engine": "F/"}, "FLEET/ENGINE"),
        ({"engine": "x" * 201}, "engine = "),
        ({"colums": "cycle"}, "no parameter colums; there are: as_of, version, columns, engine"),
        ({"path": "/etc/passwd"}, "no parameter path"),
        ([("limit", "1"), ("limit", "2")], "limit is given twice"),
    ],
)
def test_a_parameter_that_is_not_allowed_is_named(reader: Program, query: Any, told: str) -> None:
    headers = {"Authorization": f"Bearer {reader.text}"}
    answer = reader.client.get(f"/api/v1{ROWS}", query_string=query, headers=headers)
    found = problem(answer, 400)
    assert found["code"] == "bad_parameter"
    assert told in found["detail"]
    assert len(found["detail"]) < 1_000


def test_text_that_looks_like_sql_is_only_text(reader: Program) -> None:
    for text in ("F/a' OR '1'='1", "F/' OR 1=1 --", 'F/a"; DROP TABLE users', "../a", "F/a\0"):
        told = reader.get(ROWS, engine=text)
        assert (told.status_code, told.get_json()["rows"]) == (200, [])


@pytest.mark.parametrize(
    "query",
    [{"engine": "F"}, {"engine": ""}, {"engine": "F/../a"}, {"version": "+1"}, {"version": "1.0"}],
)
def test_what_is_nearly_a_value_is_refused(reader: Program, query: dict[str, str]) -> None:
    """Ignored, it would answer another question than the one that was asked."""
    assert problem(reader.get(ROWS, **query), 400)["code"] == "bad_parameter"


@pytest.mark.parametrize(
    "name",
    [
        "silver/none", "users/tokens", "Silver/Readings", "silver/readings%00", "silver/read*",
        "silver%2freadings/x", "../users.sqlite", "..%2f..%2fetc/passwd", "%2e%2e/%2e%2e",
        "silver/..%2f..%2fusers.sqlite", "silver/readings'--", "silver/readings%0aX",
        "a" * 5_000 + "/b",
    ],
)  # fmt: skip
@pytest.mark.parametrize("rest", ["", "/history", "/diff?from=0&to=1", "/export"])
def test_only_the_contracts_name_tables(reader: Program, name: str, rest: str) -> None:
    answer = reader.get(f"/tables/{name}{rest}")
    told = problem(answer, 404)
    assert "\n" not in told["detail"]
    assert "root:" not in answer.get_data(as_text=True)


def test_what_never_was_is_told_from_what_was_let_go(reader: Program) -> None:
    for path in (ROWS, f"{ROWS}/export"):
        assert "the newest is 4" in problem(reader.get(path, version=5), 404)["detail"]
        assert "no snapshot 7" in problem(reader.get(path, as_of=7), 404)["detail"]
        assert "history says" in problem(reader.get(path, version=1), 410)["detail"]
    assert problem(reader.get("/tables/gold/backfill"), 404)["code"] == "not_there"
    assert "at snapshot 1" in problem(reader.get("/tables/gold/backfill", as_of=1), 404)["detail"]
    assert "in no snapshot" in problem(reader.get("/tables/ops/files", as_of=1), 400)["detail"]
    assert problem(reader.get("/tables", as_of=9), 404)["code"] == "not_there"
    assert problem(reader.get("/tables/gold/backfill/history"), 404)["code"] == "not_there"
    assert problem(reader.get("/nothing"), 404)["detail"].startswith("There is nothing at")
    for path in ("/api", "/api/"):
        headers = {"Authorization": f"Bearer {reader.text}"}
        assert problem(reader.client.get(path, headers=headers), 404)


def test_history_tells_each_version_and_whether_it_can_be_read(reader: Program) -> None:
    told = reader.get(f"{ROWS}/history").get_json()
    assert [one["version"] for one in told["versions"]] == [4, 3, 2, 1, 0]
    assert [one["readable"] for one in told["versions"]] == [True, True, True, False, True]
    assert [one["rows"] for one in told["versions"]] == [60, 57, 30, 5, 0]
    newest = told["versions"][0]
    assert (newest["who"], newest["inputs"]) == ("somebody", {"bronze/readings": 1})
    parts: list[int] = []
    cursor = None
    while not parts or cursor is not None:
        given: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = reader.get(f"{ROWS}/history", limit=2, **given).get_json()
        parts += [one["version"] for one in page["versions"]]
        cursor = page["next"]
    assert parts == [4, 3, 2, 1, 0]
    assert problem(reader.get(f"{ROWS}/history", limit=1_001), 400)


def test_a_diff_shows_some_rows_and_counts_all(reader: Program) -> None:
    there = reader.get(f"{ROWS}/diff", from_=2, to=4, rows=5).get_json()
    assert (there["rows_added"], there["rows_removed"], there["rows_changed"]) == (30, 0, 0)
    assert (len(there["added"]), there["versions"]) == (5, [4, 3])
    assert (there["engines_touched"], there["engines"]) == (3, ["F/b", "F/c", "F/late"])
    back = reader.get(f"{ROWS}/diff", from_=4, to=2, rows=0).get_json()
    assert (back["rows_added"], back["rows_removed"], back["removed"]) == (0, 30, [])
    for query in ({}, {"from_": 1}, {"from_": 1, "to": -1}, {"from_": 0, "to": 1, "rows": 501}):
        assert problem(reader.get(f"{ROWS}/diff", **query), 400)
    assert problem(reader.get(f"{ROWS}/diff", from_=2, to=9), 404)
    assert "history says" in problem(reader.get(f"{ROWS}/diff", from_=1, to=2), 410)["detail"]


def test_changed_rows_have_their_old_and_new_values(make: Callable[..., Program]) -> None:
    reader = make()
    changed = silver({"late": 3}).with_columns(sensor_2=nw.lit(float("nan")))
    reader.services.lake.merge(SILVER, changed, part("five"))
    told = reader.get(f"{ROWS}/diff", from_=4, to=5).get_json()
    assert [row["key"]["cycle"] for row in told["changed"]] == [1, 2, 3]
    old, new = told["changed"][0]["values"]["sensor_2"]
    assert isinstance(old, float)
    assert new == "NaN"


def test_a_diff_that_is_too_large_is_refused_before_it_is_read(
    reader: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_api, "MOST_DIFF_BYTES", 1_000)
    told = problem(reader.get(f"{ROWS}/diff", from_=0, to=3), 422)
    assert told["code"] == "too_much"
    assert reader.get(f"{ROWS}/diff", from_=3, to=3).status_code == 200


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_damaged_file_is_told_before_anything_is_sent(
    make: Callable[..., Program], form: str
) -> None:
    """Whatever is asked of its version; not where on this machine it lies."""
    reader = make()
    lake = reader.services.lake
    for file in DeltaLog(lake.path(SILVER)).at(2).files.values():
        (lake.path(SILVER) / file.file).write_bytes(b"no Parquet")
    for answer in (
        reader.get(ROWS, version=2),
        reader.get(f"{ROWS}/export", version=2, format=form),
        reader.get(f"{ROWS}/diff", from_=0, to=2),
    ):
        told = problem(answer, 500)
        assert told["code"] == "damaged"
        assert "stillwater verify" in told["detail"]
        assert str(reader.services.settings.home) not in told["detail"]
    assert reader.services.audit.entries() == []
    assert reader.get(f"{ROWS}/history").status_code == 200


def test_a_head_is_the_same_without_a_body(reader: Program) -> None:
    for path in GETS:
        head, answer = reader.ask("HEAD", path), reader.get(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.content_type == answer.content_type
        assert head.content_length in (None, len(answer.data))
    assert reader.ask("HEAD", ROWS, version=1).status_code == 410


def test_only_get_is_answered(reader: Program) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = reader.ask(method, ROWS)
        assert problem(answer, 405)["code"] == "method_not_allowed"
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        told = f"This address does not take {method}, but GET, HEAD, OPTIONS."
        assert answer.get_json()["detail"] == told


def test_no_other_site_may_read_with_a_visitors_browser(reader: Program) -> None:
    """No CORS header invites one; the session's cookie is not sent along, and no CSRF is needed."""
    browser = signed_in(reader.services, reader.client.application.test_client(), "auditor")
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
    for method in ("GET", "OPTIONS"):
        answer = browser.open(f"/api/v1{ROWS}", method=method, headers=asked)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name[0].startswith("Access-Control")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_a_stranger_is_told_how_to_come_in(reader: Program) -> None:
    stranger = reader.client.application.test_client()
    for path in (*GETS, "/tables/silver/none", "/nothing"):
        answer: TestResponse = stranger.get(f"/api/v1{path}")
        assert "Authorization: Bearer" in problem(answer, 401)["detail"]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Stillwater"'


def test_a_role_that_may_not_see_is_refused_and_written_down(make: Callable[..., Program]) -> None:
    reader = make()
    with reader.services.users.database as database:
        database.execute("UPDATE users SET role = 'guest' WHERE name = 'operator'")
    assert "the role guest may not see" in problem(reader.get(ROWS), 403)["detail"].lower()
    entry = reader.services.audit.entries()[-1]
    assert (entry.actor, entry.action, entry.outcome) == ("operator", "see", "refused")
    assert entry.object == "api_v1.read_rows"


def test_history_names_the_models_that_need_a_version(
    make: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that does not answer must not read as if no model needed any."""
    reader = make()
    metadata = Metadata(reader.services.settings.metadata)
    metadata.create()
    known: dict[str, Any] = {"model_id": "m-1", "fleet": "F", "sha256": "", "silver_version": 2}
    for node, kind in (("Trainer", "Model"), ("Pusher", "PushedModel")):
        made = Used("made", Artifact(kind, "m-1", "artifacts/none", known))
        metadata.record(Execution(node, "run-x", "COMPLETE"), [], [made])

    def busy(*_: object) -> None:
        raise RuntimeError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr("lakehouse.pins.model_pins", busy)
        assert "metadata store" in problem(reader.get(f"{ROWS}/history"), 503)["detail"]
        assert reader.get(ROWS).status_code == 200
    told = reader.get(f"{ROWS}/history").get_json()["versions"]
    needed = [(one["version"], one["pinned_by"]) for one in told if one["pinned_by"]]
    assert needed == [(2, ["m-1"])]


def test_what_cannot_be_written_down_is_not_exported(
    make: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make(exports=1)

    def full(*_: object) -> None:
        raise AuditError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(AuditLog, "append", full)
        for _ in range(3):
            assert problem(reader.get(f"{ROWS}/export"), 503)
    assert reader.get(f"{ROWS}/export").status_code == 200
