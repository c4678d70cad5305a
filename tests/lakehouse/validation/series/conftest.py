"""Deliveries to plant faults in."""

from pathlib import Path

import pytest

from tests.lakehouse.validation.series.fleets import Data, made, nasa_records, split

DATA = ("one regime", "six regimes", "FD001", "FD002")


@pytest.fixture(scope="session", params=DATA)
def data(request: pytest.FixtureRequest) -> Data:
    """Four engines without a fault, after others of their fleet."""
    if request.param.startswith("FD"):
        folder: Path = request.getfixturevalue("nasa")
        return split(nasa_records(folder / "cmapss" / f"train_{request.param}.txt.gz"), 4)
    return split(made(1 if request.param == "one regime" else 6, engines=12), 4)
