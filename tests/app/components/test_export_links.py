"""The export links lead to files of exactly their table, version and engine."""

from collections.abc import Callable

import polars as pl

from app.components.export_links import export_links
from app.services import Services
from lakehouse.export import Selection, selected
from tests.app.security.conftest import Browser


def test_each_link_saves_what_it_says(
    run_browser: Callable[[str], Browser], run_services: Services
) -> None:
    links = export_links("silver/readings", 1, ("FD001", "test-001")).children[1:]
    assert [link.children for link in links] == ["Parquet", "CSV"]
    user = run_browser("auditor")
    files = [user.client.get(link.href, buffered=True) for link in links]
    assert [file.status_code for file in files] == [200, 200]
    names = [file.headers["Content-Disposition"] for file in files]
    assert [name.rpartition(".")[2] for name in names] == ['parquet"', 'csv"']
    what = Selection("silver/readings", 1, fleet="FD001", engine="test-001")
    assert pl.read_parquet(files[0].data).equals(selected(run_services.lake, what).collect())
