"""ARIA and data attributes, which Dash components take by their dashed names."""

from typing import Any


def aria(**attributes: str) -> dict[str, Any]:
    """``aria(label="Runs")`` as keyword arguments: ``{"aria-label": "Runs"}``."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def data(**attributes: str) -> dict[str, Any]:
    """``data(head="State")`` as keyword arguments: ``{"data-head": "State"}``."""
    return {f"data-{name}": value for name, value in attributes.items()}
