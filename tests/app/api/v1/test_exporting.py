"""Export through the read API: the file, its headers, how it is streamed, how many go on."""

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from werkzeug.test import TestResponse

from lakehouse.export import Selection, origin, selected, write
from lakehouse.row_files import BATCH_ROWS
from tests.app.api.v1.conftest import SILVER, Program, problem, program, signed_in
from tests.lakehouse.frames import part, silver

EXPORT = f"/tables/{SILVER}/export"


def test_parquet_is_the_table(reader: Program) -> None:
    answer = reader.get(EXPORT)
    whole = selected(reader.services.lake, Selection(SILVER, 3)).collect()
    assert pl.read_parquet(answer.data).equals(whole)
    assert answer.content_type == "application/vnd.apache.parquet"
    file = answer.headers["Content-Disposition"]
    assert file == 'attachment; filename="silver-readings-v3.parquet"'
    told = pl.read_parquet_metadata(io.BytesIO(answer.data))
    for name, value in origin(reader.services.lake, Selection(SILVER, 3)).items():
        assert answer.headers[f"Stillwater-{name.replace('_', '-')}"] == value
        assert told[f"stillwater.{name}"] == value
    assert len(told["stillwater.content_sha256"]) == 64


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_bytes_are_those_of_the_command(reader: Program, tmp_path: Path, form: str) -> None:
    what = Selection(SILVER, 2, ("cycle", "sensor_2"), "F", "a")
    write(reader.services.lake, what, tmp_path / "file", form)  # type: ignore[arg-type]
    query = {"version": 2, "columns": "cycle,sensor_2", "engine": "F/a", "format": form}
    assert reader.get(EXPORT, **query).data == (tmp_path / "file").read_bytes()


def test_csv_is_safe_in_a_spreadsheet(reader: Program) -> None:
    query = {"format": "csv", "columns": "delivery_id,reason,received_at"}
    answer = reader.get("/tables/bronze/deliveries/export", **query)
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"].endswith('"bronze-deliveries-v1.csv"')
    assert answer.get_data(as_text=True).splitlines() == [
        "delivery_id,reason,received_at",
        '"d1","\'=1+1","2026-11-23T04:05:06.000789Z"',
        '"d2","plain","2026-11-23T04:05:06.000789Z"',
        '"d3",,"2026-11-23T04:05:06.000789Z"',
    ]


def test_what_is_wrong_is_told_before_anything_is_sent(reader: Program) -> None:
    for query, told in (
        ({"format": "xlsx"}, "format = 'xlsx'"), ({"limit": 5}, "no parameter"),
        ({"columns": "nothing"}, "no column"), ({"engine": "/"}, "FLEET"),
    ):  # fmt: skip
        assert told in problem(reader.get(EXPORT, **query), 400)["detail"]
    assert problem(reader.get(EXPORT, version=9), 404)
    assert problem(reader.get(EXPORT, version=1), 410)
    assert problem(reader.get("/tables/gold/features/export", engine="F/a", columns="x"), 400)


def test_each_export_is_written_down_and_no_head_is(make: Callable[..., Program]) -> None:
    reader = make()
    reader.ask("HEAD", EXPORT)
    reader.get("/tables/silver/readings")
    assert reader.services.audit.entries() == []
    reader.get(EXPORT, version=2)
    entry = reader.services.audit.entries()[-1]
    assert (entry.actor, entry.role, entry.action) == ("operator", "operator", "export")
    assert (entry.object, entry.outcome) == (f"{SILVER}@2", "allowed")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_large_table_is_sent_while_it_is_read(make: Callable[..., Program], form: str) -> None:
    """200,000 rows come in parts of at most 10,000, and are exactly those of the table."""
    reader = make()
    lake = reader.services.lake
    lake.append(SILVER, silver({f"e{number:03d}": 500 for number in range(400)}), part("large"))
    headers = {"Authorization": f"Bearer {reader.text}"}
    query = {"version": "5", "format": form, "columns": "engine,cycle,sensor_2,sensor_3"}
    address = f"/api/v1{EXPORT}"
    with reader.client.get(address, query_string=query, headers=headers) as answer:
        assert answer.is_streamed
        assert answer.content_length is None
        parts = list(answer.iter_encoded())
    assert len(parts) > 20
    assert max(map(len, parts)) < BATCH_ROWS * 80
    file = io.BytesIO(b"".join(parts))
    found = pl.read_csv(file) if form == "csv" else pl.read_parquet(file)
    columns = tuple(query["columns"].split(","))
    assert found.equals(selected(lake, Selection(SILVER, 5, columns)).collect())
    assert found.height == 200_060


def test_only_so_many_exports_go_on_at_once(make: Callable[..., Program]) -> None:
    """The next may begin as soon as one ends, also when its reader went away half way."""
    reader = make(exports=2)
    headers = {"Authorization": f"Bearer {reader.text}"}

    def ask() -> TestResponse:
        return reader.client.get(f"/api/v1{EXPORT}", headers=headers)

    first, second = ask(), ask()
    refused = reader.get(EXPORT)
    assert problem(refused, 429)["code"] == "busy"
    assert int(refused.headers["Retry-After"]) > 0
    assert problem(reader.get(f"/tables/{SILVER}/diff", from_=2, to=3), 429)
    assert reader.ask("HEAD", EXPORT).status_code == 200
    assert reader.get(f"/tables/{SILVER}").status_code == 200
    next(iter(first.iter_encoded()))
    first.close()
    third = ask()
    assert third.status_code == 200
    assert problem(reader.get(EXPORT), 429)
    second.close()
    third.close()
    assert reader.get(EXPORT).status_code == 200
    exported = [one for one in reader.services.audit.entries() if one.action == "export"]
    assert len(exported) == 4


def test_a_thread_stays_free_for_the_pages(make: Callable[..., Program]) -> None:
    reader = make(exports=8, threads=2)
    headers = {"Authorization": f"Bearer {reader.text}"}
    with reader.client.get(f"/api/v1{EXPORT}", headers=headers):
        assert problem(reader.get(EXPORT), 429)


def test_each_token_may_ask_so_often_a_minute(make: Callable[..., Program]) -> None:
    """And so may each person; what one of them asked does not count for the others."""
    reader = make(api_per_minute=3)
    server = reader.client.application
    other = program(reader.services, server.test_client())
    person = signed_in(reader.services, server.test_client(), "operator")
    assert [reader.get("/tables").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = reader.get("/nothing")
    assert problem(refused, 429)["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert other.get("/tables").status_code == 200
    asked = [person.get("/api/v1/tables").status_code for _ in range(4)]
    assert asked == [200, 200, 200, 429]
    assert person.get("/account").status_code == 200
