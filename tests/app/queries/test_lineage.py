"""What the lineage page is drawn from, over a home that has lived."""

import re
from dataclasses import replace
from pathlib import Path

import narwhals as nw
import pytest

from app.factory import open_services
from app.queries.lineage import Ask, Lineage, lineage
from app.queries.lineage_rows import sources, touched
from app.services import Services
from lakehouse.lineage.graph import Node
from lakehouse.lineage.starts import name_of
from lakehouse.settings import Settings
from tests.app.taught_home import FLEET, ODD, TaughtHome


def found(services: Services, of: str, **more: object) -> Lineage:
    ask = replace(Ask(of), **more)  # type: ignore[arg-type]
    return lineage(services, services.pinned(ask.as_of), ask)


def labels(part: Lineage) -> set[str]:
    return {node.label for node in part.part.nodes.values()}


def issued(services: Services, like: str) -> str:
    """A prediction of an engine whose name begins so."""
    rows = services.lake.scan("gold/predictions").filter(nw.col("engine").str.starts_with(like))
    row = rows.sort("engine", "cycle").head(1).collect("polars").rows(named=True)[0]
    return f"{row['fleet']}/{row['engine']}@{row['cycle']}"


@pytest.fixture
def prediction(taught_services: Services) -> str:
    """One that was made from the odd delivery."""
    return issued(taught_services, "late-")


def test_from_a_prediction_back_to_the_delivered_file(
    taught_services: Services, taught_home: TaughtHome, prediction: str
) -> None:
    """Through silver and bronze, and through the model to the history that taught it."""
    part = found(taught_services, prediction)
    assert part.start is not None and part.start.title == f"Prediction {prediction}"
    model = taught_home.trained["model_id"]
    assert {ODD, model, "BulkInferrer", "Trainer", "silver/readings@3", prediction} <= labels(part)
    assert len([node for node in part.part.nodes.values() if node.kind == "delivery"]) == 3
    (source,) = sources(taught_services.pinned(), part)
    assert source.label == ODD and re.fullmatch("[0-9a-f]{64}", source.sha256)
    assert source.sha256 == taught_home.odd["deliveries"][0]["sha256"]
    assert source.rows == int(prediction.partition("@")[2])


def test_from_the_delivered_file_forward_to_every_prediction(
    taught_services: Services, taught_home: TaughtHome, prediction: str
) -> None:
    part = found(taught_services, taught_home.delivery, way="forward")
    assert {ODD, "ExampleGen", "BulkInferrer", "gold/predictions@2"} <= labels(part)
    what = touched(taught_services.pinned(), taught_services.profile, part)
    assert what is not None
    names = {f"{r['fleet']}/{r['engine']}@{r['cycle']}" for r in what.rows.iter_rows(named=True)}
    mine = nw.col("engine").str.starts_with("late-")
    every = taught_services.lake.scan("gold/predictions").filter(mine).collect("polars")
    assert prediction in names and len(names) == what.rows.height == len(every)
    assert set(what.rows["how"]) == {"its rows"} and not what.models
    assert what.act == sum(p >= 0.5 for p in every["probability"])


def test_history_taught_the_model_that_all_predictions_are_of(
    taught_services: Services, taught_home: TaughtHome
) -> None:
    history = taught_home.history["deliveries"][0]
    for name in (history["delivery_id"], history["sha256"]):
        part = found(taught_services, name)
        what = touched(taught_services.pinned(), taught_services.profile, part)
        assert what is not None and what.models == (taught_home.trained["model_id"],)
        assert set(what.rows["how"]) == {"it taught the model"} and what.rows.height
    model = found(taught_services, taught_home.trained["model_id"])
    by_model = touched(taught_services.pinned(), taught_services.profile, model)
    assert by_model is not None and what is not None and by_model.rows.height == what.rows.height


def test_an_engine_a_run_a_table_version_and_a_backfill_are_starts(
    taught_services: Services, taught_home: TaughtHome, prediction: str
) -> None:
    engine, _, cycle = prediction.partition("@")
    assert {engine, "silver/readings@3"} <= labels(found(taught_services, engine))
    run = found(taught_services, taught_home.trained["run_id"])
    assert run.start is not None and run.start.kind == "run"
    steps = {"Transform", "Trainer", "Evaluator", "Pusher", "BulkInferrer"}
    assert {run.graph.nodes[key].label for key in run.start.keys} == steps
    table = found(taught_services, "silver/readings@1")
    assert table.centre is not None and table.centre.label == "silver/readings@1"
    earlier = found(taught_services, f"{engine}@{int(cycle) - 3}")
    assert earlier.centre is not None and earlier.centre.properties["origin"] == "backfill"


def test_book_keeping_shows_and_is_followed_only_when_asked(
    taught_services: Services, prediction: str
) -> None:
    usual = found(taught_services, prediction, way="back", steps=0)
    status = next(n for n in usual.part.nodes.values() if n.label.startswith("gold/engine_status"))
    assert usual.part.more[status.key] == 1
    every = found(taught_services, prediction, way="back", steps=0, books=True)
    assert set(usual.part.nodes) < set(every.part.nodes) and not every.part.more


def test_nothing_later_than_the_snapshot_shows(
    taught_services: Services, taught_home: TaughtHome
) -> None:
    run = found(taught_services, "silver/readings@1", way="forward", as_of=1)
    assert taught_home.trained["model_id"] not in labels(run)
    later = found(taught_services, "silver/readings@1", way="forward", as_of=2)
    assert taught_home.trained["model_id"] in labels(later)
    assert "silver/readings@3" not in labels(later)


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ("nothing", "There is no model, run or delivery 'nothing'; write FLEET/ENGINE@CYCLE"),
        (f"{FLEET}/gone", f"There is no engine '{FLEET}/gone'."),
        (f"{FLEET}/gone@5", f"Nothing was said of {FLEET}/gone@5."),
        ("silver/readings@x", "TABLE@VERSION expected"),
        ("gold/engine_status@1000000@2", "expected"),
        ("run:gone", "The store knows no step of a run 'gone'."),
        ("node:a4711", "The store has no node 'a4711'."),
    ],
)
def test_what_is_not_there_is_told_in_words(taught_services: Services, of: str, says: str) -> None:
    part = found(taught_services, of)
    assert part.start is None and says in part.problem and not part.part.nodes


def test_a_version_that_is_not_there_is_no_start(taught_services: Services) -> None:
    """Another version's lineage under its name would be an answer to another question."""
    part = found(taught_services, "silver/readings@77")
    assert part.start is None
    assert "readings has no version 77: the newest is 3" in part.problem


def test_an_empty_home_has_no_lineage_yet(tmp_path: Path) -> None:
    services = open_services(Settings(home=tmp_path))
    part = found(services, "")
    assert part.start is None and not part.problem and not part.graph.nodes
    assert "no model, run or delivery" in found(services, "m-1").problem


def test_an_ask_stands_in_the_address_and_comes_back() -> None:
    ask = Ask("F/e@3", way="back", steps=0, runs=True, books=True, sort="-name", page=2, as_of=4)
    query = {name: str(value) for name, value in ask.to().items()}
    assert Ask.from_query(query, 4) == ask
    assert Ask("m").to() == {"of": "m"} and Ask("m", page=3).to(page=1, steps=2) == {
        "of": "m", "steps": 2,
    }  # fmt: skip
    odd = Ask.from_query({"way": "up", "steps": "-3", "sort": "--x", "page": "0", "runs": "yes"})
    assert odd == Ask()


def test_the_nodes_of_a_part_lead_to_themselves(taught_services: Services, prediction: str) -> None:
    """Every click on the picture ends at the node that was clicked."""

    def again(node: Node) -> Lineage:
        return found(taught_services, name_of(node))

    for node in found(taught_services, prediction).part.nodes.values():
        if node.kind != "subject":
            assert again(node).part.starts == (node.key,)
