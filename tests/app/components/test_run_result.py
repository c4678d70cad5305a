"""What came of a run, with ways on that lead to the fleet it was about."""

import json

from app.components.rendered import packed
from app.components.run_result import run_result


def drawn(kind: str, **result: object) -> str:
    return "".join(
        json.dumps(json.loads(packed(part)), ensure_ascii=False)
        for part in run_result(kind, result)
    )


def test_a_decision_on_a_schema_leads_to_the_schema_of_its_fleet() -> None:
    told = {"schema_id": "s-1", "fleet": "F&D", "after": "accepted"}
    text = drawn("schema", schema=told)
    assert "Schema s-1 of F&D is accepted." in text
    assert '"/quality/schema?fleet=F%26D"' in text


def test_a_promotion_leads_to_both_models_and_to_the_fleet() -> None:
    told = {"fleet": "F", "model_id": "f-new", "replaces": "f-old", "roll_back": False}
    text = drawn("promote", promoted=told)
    for address in ("/models/f-new", "/models/f-old", "/?fleet=F"):
        assert f'"{address}"' in text
    assert " is live for " in text
    assert " is live again for " in drawn("promote", promoted=told | {"roll_back": True})


def test_a_delivery_is_called_as_on_the_other_pages() -> None:
    row = {"delivery_id": "d-1", "source": "/data/set.zip", "member": "train_FD001.txt"}
    text = drawn("ingest", deliveries=[row])
    assert '"set.zip/train_FD001.txt"' in text and '"/quality?delivery=d-1"' in text


def test_before_it_has_ended_there_is_nothing() -> None:
    assert run_result("schema", None) == []
