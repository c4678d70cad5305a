"""The drift page: which model, which data, and what is further away than is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import RUNS, model_address
from app.components.compared_rows import Sides, compared_rows, legend
from app.components.numbers import counted
from app.components.stamp import Part, stamp
from app.components.statistics_view import columns_of, published_words
from app.queries.drift import LOOK, Drifted
from app.queries.statistics import Published
from app.queries.taught import Taught
from lakehouse.validation.comparison import Compared

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


def model_line(model: Taught, fleet: str, as_of: int | None) -> Component:
    """What everything on the page is held against."""
    flights = model.flights.rows if model.flights else None
    parts = [
        Part("fleet", fleet),
        Part("live model", model.model_id, href=model_address(model.model_id, as_of)),
        Part("transform", model.transform_id),
        Part("learnt from silver/readings", f"v{model.silver_version}"),
    ]
    if flights is not None:
        parts.append(Part("flights", f"{flights:,}"))
    return stamp(parts)


def no_fleet() -> Component:
    """Before the first ingest."""
    text = "Once data is ingested and a model is live, what comes in is held against its data here."
    link = dcc.Link("Ingest data", href=RUNS, className="btn btn-primary")
    return html.Section([html.P(text), link], className="sheet empty")


def no_model(fleet: str, live: str = "") -> Component:
    """There is nothing to hold data against: no model yet, or no record of the ``live`` one."""
    text = f"No model is live for {fleet}, so there is nothing that its data could drift from. "
    text += "Once one is, every column stands here by its distance from what taught it."
    if live:
        text = f"{live} is live for {fleet}, but the metadata store has no record of it, so nobody "
        text += "knows what taught it. Once a model is trained anew, its data stand here."
    link = dcc.Link("Retrain", href=RUNS, className="btn btn-primary")
    return html.Section([html.P(text), link], className="sheet empty")


def delivery_choice(id_: str, every: Sequence[Published], chosen: str) -> Component:
    """The list of deliveries that can be held against the training data."""
    options = [{"label": published_words(each), "value": each.name} for each in every]
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
    over = sum(sides.over(each) for each in ordered)
    shown = ordered[: max(MOST, over)] if part.every else ordered
    rest = len(ordered) - len(shown)
    more = dcc.Link(f"Show all {len(ordered):,} columns", href=part.every) if rest else None
    return html.Section(
        [*head, control, _verdict(ordered, sides), legend(sides),
         compared_rows(shown, sides), more]
    )  # fmt: skip


def _verdict(columns: Sequence[Compared], sides: Sides) -> Component:
    over, judged = (sum(map(of, columns)) for of in (sides.over, sides.judged))
    untold = len(columns) - judged
    text = f"None of {counted(judged, 'column')} is further away than is allowed."
    if over:
        verb = "is" if over == 1 else "are"
        text = f"◆ {over:,} of {counted(judged, 'column')} {verb} further away than is allowed."
    elif not judged:
        text = "No column can be judged."
    if untold:
        verb = "has" if untold == 1 else "have"
        text += f" {counted(untold, 'column')} {verb} no distance or no limit."
    kind = "cmp-verdict cmp-over" if over else "cmp-verdict"
    return html.P(text, className=kind, role="status")


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
