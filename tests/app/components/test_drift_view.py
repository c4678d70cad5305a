"""The verdict over the columns of the drift page."""

import json

import pytest

from app.components.compared_rows import Sides
from app.components.drift_view import Section, section
from app.components.rendered import packed
from app.queries.drift import Drifted
from lakehouse.validation.comparison import Compared

ALLOWED = {"near": 0.3, "far": 0.3, "silent": 0.3}
NEAR, FAR = Compared("near", None, None, "", 0.1), Compared("far", None, None, "", 0.9)
# One that nothing can be said of, and one that may go as far as it likes.
SILENT, FREE = Compared("silent", None, None), Compared("free", None, None, "", 0.9)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ((NEAR,), "None of 1 column is further away than is allowed."),
        ((NEAR, FAR), "◆ 1 of 2 columns is further away than is allowed."),
        (
            (NEAR, SILENT, FREE),
            "None of 1 column is further away than is allowed. 2 columns have no",
        ),
        ((FAR, FREE), "◆ 1 of 1 column is further away than is allowed. 1 column has no"),
        ((SILENT, FREE), "No column can be judged. 2 columns have no distance or no limit."),
    ],
)
def test_only_columns_with_a_distance_and_a_limit_are_judged(
    columns: tuple[Compared, ...], words: str
) -> None:
    sides = Sides("drift", ("training", "week 2"), "light", ALLOWED)
    drawn = section(Section("Drift", "words", Drifted(columns, ALLOWED), {}), sides)
    assert words in json.dumps(json.loads(packed(drawn)), ensure_ascii=False)
