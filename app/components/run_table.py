"""The table of past runs; on a narrow screen a list of cards."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import run_address, runs_address
from app.components.aria import aria, data
from app.components.run_facts import seconds, utc, versions
from app.components.run_notice import worker_notice
from app.components.run_state import run_state
from app.components.times import minute
from app.queries.run_words import duration, outcome, subject
from app.queries.runs import KINDS, RunPage
from app.queries.streams import Taken
from lakehouse.runs import Run

_HEADS = ("State", "Run", "About", "Result", "Who", "When (UTC)", "Took", "Read and wrote")


def run_list(page: RunPage, kind: str | None) -> list[Component | None]:
    """Worker notice, table and pager."""
    return [worker_notice(page.alive), run_table(page), pager(page, kind)]


def run_table(page: RunPage) -> Component:
    """The runs of one page, or one sentence when there are none."""
    if page.problem:
        return html.P(page.problem, className="runs-empty", role="status")
    if not page.runs:
        return html.P(
            "Nothing has run yet. Ingest data: every delivery, training and scoring stands here.",
            className="runs-empty",
        )
    heads = [html.Th(head, scope="col", className=_side(head)) for head in _HEADS]
    rows = [_row(run, page.taken.get(run.run_id), page.as_of) for run in page.runs]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(rows)], className="runs-table runs-past"
    )
    return html.Div(table, className="runs-sheet", tabIndex=0, role="region", **aria(label="Runs"))


def kind_filter(chosen: str | None, as_of: int | None = None) -> Component:
    """Links that show all runs or those of one kind."""
    links = [_filter("all", None, chosen, as_of)]
    links += [_filter(kind, kind, chosen, as_of) for kind in KINDS]
    return html.Nav(links, className="runs-filter", **aria(label="Kind of run"))


def pager(page: RunPage, kind: str | None) -> Component:
    """Links to newer and older runs, where there are any."""
    links: list[Component] = []
    if page.page > 1:
        links.append(dcc.Link("← Newer", href=runs_address(kind or "", page.page - 1, page.as_of)))
    if page.more:
        links.append(dcc.Link("Older →", href=runs_address(kind or "", page.page + 1, page.as_of)))
    return html.Nav(links, className="runs-pager", **aria(label="Pages of runs"))


def _row(run: Run, taken: Taken | None, as_of: int | None) -> Component:
    href = run_address(run.run_id, as_of=as_of)
    link = dcc.Link(run.kind.capitalize(), href=href, title=run.run_id)
    name: list[Component] = [
        link,
        html.Span(run.run_id.rpartition("-")[2], className="run-hint run-suffix"),
    ]
    cells: tuple[str | Component | list[Component] | None, ...] = (
        run_state(run.state),
        name,
        _clipped(subject(run)),
        _clipped(outcome(run, taken)),
        run.who,
        html.Span(minute(run.queued), title=f"{utc(run.queued)} UTC"),
        seconds(duration(run)),
        _tables(run),
    )
    return html.Tr(
        [
            html.Td(cell, className=_side(head), **data(head=head))
            for head, cell in zip(_HEADS, cells, strict=True)
        ]
    )


def _clipped(text: str) -> Component | None:
    return html.Span(text, title=text, className="runs-clip") if text else None


def _tables(run: Run) -> list[Component]:
    lines: list[Component] = []
    if run.reads:
        lines.append(html.Div(["read ", versions(run.reads, 1)], className="runs-line"))
    if run.writes:
        lines.append(html.Div(["wrote ", versions(run.writes, 1)], className="runs-line"))
    return lines


def _side(head: str) -> str:
    return "runs-number" if head == "Took" else "runs-cell-" + head.split()[0].lower()


def _filter(label: str, kind: str | None, chosen: str | None, as_of: int | None) -> Component:
    current = aria(current="true") if kind == chosen else {}
    href = runs_address(kind or "", as_of=as_of)
    return html.Span(dcc.Link(label.capitalize(), href=href), **current)
