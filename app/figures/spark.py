"""Sparkline of a probability over an engine's life, as a CSS mask that takes any colour."""

import numpy as np

from app.figures import svg

WIDTH = 96
HEIGHT = 24


def sparkline(percent: tuple[float, ...]) -> str:
    """Address of a picture whose shape is the line; empty without at least two numbers."""
    if len(percent) < 2:
        return ""
    x = np.rint(np.linspace(2, WIDTH - 2, len(percent))).astype(np.int64)
    share = np.clip(np.asarray(percent) / 100.0, 0.0, 1.0)
    y = np.rint(HEIGHT - 3 - share * (HEIGHT - 6)).astype(np.int64)
    return svg.image(WIDTH, HEIGHT, svg.stroke(svg.path(x, y), "#000", 1.5))
