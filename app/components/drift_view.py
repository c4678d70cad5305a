"""The drift page: which model, which data, and what is further away than is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.aria import aria
from app.components.compared_rows import Sides, compared_rows, legend
from app.components.stamp import Part, stamp
from app.components.statistics_view import columns_of
from app.queries.drift import LOOK, Drifted
from app.queries.statistics import Published
from app.queries.taught import Taught

MOST = 12


@dataclass(frozen=True)
class Section:
    """One of the page's two tables.

    Attributes:
        title: its heading.
        words: what stands below the heading.
        drifted: what is shown.
        nothing: by problem, what stands in the table's place.
        every: address of the page with all columns, empty when all are asked for.
    """

    title: str
    words: str
    drifted: Drifted
    nothing: dict[str, str]
    every: str = ""


def model_line(model: Taught, fleet: str) -> Component:
    """What everything on the page is held against."""
    flights = model.flights.rows if model.flights else None
    parts = [
        Part("fleet", fleet),
        Part("live model", model.model_id),
        Part("transform", model.transform_id),
        Part("learnt from silver/readings", f"v{model.silver_version}"),
    ]
    if flights is not None:
        parts.append(Part("flights", f"{flights:,}"))
    return stamp(parts)


def no_fleet() -> Component:
    """Before the first ingest."""
    text = "Once data is ingested and a model is live, what comes in is held against its data here."
    link = dcc.Link("Ingest data", href="/runs", className="btn btn-primary")
    return html.Section([html.P(text), link], className="sheet empty")


def no_model(fleet: str) -> Component:
    """There is nothing to hold data against yet."""
    text = f"No model is live for {fleet}, so there is nothing that its data could drift from. "
    text += "Once one is, every column stands here by its distance from what taught it."
    link = dcc.Link("Retrain", href="/runs", className="btn btn-primary")
    return html.Section([html.P(text), link], className="sheet empty")


def fleet_tabs(fleets: Sequence[str], chosen: str, path: str, as_of: int | None) -> Component:
    """Links to the same page of each fleet; nothing where there is one."""
    if len(fleets) < 2:
        return html.Div()
    pin = "" if as_of is None else f"&as_of={as_of}"
    links = []
    for name in fleets:
        link = dcc.Link(name, href=f"{path}?fleet={name}{pin}")
        links.append(html.Span(link, **(aria(current="true") if name == chosen else {})))
    return html.Nav(links, className="runs-filter", **aria(label="Fleets"))


def delivery_choice(id_: str, every: Sequence[Published], chosen: str) -> Component:
    """The list of deliveries that can be held against the training data."""
    options = [
        {"label": f"{each.source} · {each.time:%Y-%m-%d %H:%M} · {each.rows:,} rows"
         if each.time and each.rows is not None else each.source, "value": each.name}
        for each in every
    ]  # fmt: skip
    choice = dbc.Select(id=id_, options=options, value=chosen)
    label = html.Label("Delivery", htmlFor=id_)
    return html.Div([label, choice], className="cmp-field cmp-delivery")


def section(part: Section, sides: Sides, control: Component | None = None) -> Component:
    """Heading, verdict and table of one part."""
    head: list[Component | None] = [html.H2(part.title), html.P(part.words, className="hint")]
    problem = part.drifted.problem
    if problem or not part.drifted.columns:
        text = part.nothing.get(problem, problem or "There is nothing to compare.")
        return html.Section([*head, control, html.P(text, className="sheet empty", role="status")])
    ordered = columns_of(part.drifted.columns, "distance")
    over = [each for each in ordered if sides.over(each)]
    shown = ordered[: max(MOST, len(over))] if part.every else ordered
    rest = len(ordered) - len(shown)
    more = dcc.Link(f"Show all {len(ordered):,} columns", href=part.every) if rest else None
    return html.Section(
        [*head, control, _verdict(len(over), len(ordered)), legend(sides),
         compared_rows(shown, sides), more]
    )  # fmt: skip


def _verdict(over: int, columns: int) -> Component:
    if not over:
        text = f"All {columns:,} columns are as near as is allowed."
        return html.P(text, className="cmp-verdict", role="status")
    verb = "is" if over == 1 else "are"
    text = f"◆ {over:,} of {columns:,} columns {verb} further away than is allowed."
    return html.P(text, className="cmp-verdict cmp-over", role="status")


RAW_WORDS = (
    "Settings and sensors as they were delivered, against the flights that taught the model. The "
    "mark is the skew limit of the schema in force."
)
FEATURE_WORDS = (
    "What the model reads of the flights that came after its training, against what it read while "
    f"it learnt. The mark at {LOOK:g} is where a column is worth a look."
)
RAW_NOTHING = {
    "no_training": "The training of the live model published no statistics of its flights. "
    "The next one does: retrain.",
    "no_delivery": "No delivery of this fleet has statistics yet. The next one does.",
}
FEATURE_NOTHING = {
    "no_training": "The training of the live model published no statistics of its features. "
    "The next one does: retrain.",
    "nothing_new": "No flight has arrived since the live model was trained. The next delivery's "
    "features stand here, the furthest away first.",
}
