"""The figures' colours are the style sheet's colours, and their text can be read."""

import re
from dataclasses import asdict

import pytest

from app.factory import ASSETS
from app.figures.palette import PALETTES, Theme, line, palette


def tokens(theme: str) -> dict[str, str]:
    css = (ASSETS / "tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r'\[data-bs-theme="(\w+)"\] \{([^}]*)\}', css)
    found = next(block for name, block in blocks if name == theme and "--bg:" in block)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", found))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_token_is_the_style_sheets(theme: Theme) -> None:
    sheet = tokens(theme)
    for name, colour in asdict(PALETTES[theme]).items():
        assert sheet[name.replace("_", "-")] == colour, name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_in_figures_has_enough_contrast(theme: Theme) -> None:
    colours = PALETTES[theme]
    for text in (colours.ink, colours.ink_2, colours.act, colours.water):
        light, dark = sorted((luminance(text), luminance(colours.surface)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, text


def test_an_unknown_theme_is_light() -> None:
    assert palette("purple") is PALETTES["light"]


def test_a_point_alone_between_gaps_is_drawn_as_a_dot() -> None:
    import numpy as np

    values = np.array([1.0, np.nan, 2.0, 3.0])
    assert line([1, 2, 3, 4], values, "#000000", 1.0)["marker"]["size"].tolist() == [5, 0, 0, 0]
    assert line([1, 2], np.array([1.0, 2.0]), "#000000", 1.0)["mode"] == "lines"
