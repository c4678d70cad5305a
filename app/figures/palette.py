"""The colours of light and dark, and the one plotly layout that every figure starts from."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from app.figures.series import lone

Theme = Literal["light", "dark"]
LEFT = 56
FONT = 'Inter, "Segoe UI Variable Text", system-ui, sans-serif'


@dataclass(frozen=True)
class Palette:
    """One theme's tokens, the same as the CSS variables of the same names."""

    bg: str
    surface: str
    raised: str
    line: str
    ink: str
    ink_2: str
    ink_3: str
    water: str
    water_weak: str
    band: str
    watch: str
    watch_weak: str
    act: str
    act_weak: str

    def of_state(self, state: str) -> tuple[str, str]:
        """The strong and the weak colour of a state; only act and watch have their own."""
        if state == "act":
            return self.act, self.act_weak
        return (self.watch, self.watch_weak) if state == "watch" else (self.water, self.water_weak)


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        bg="#f3f5f4",
        surface="#ffffff",
        raised="#fafbfa",
        line="#dde3e1",
        ink="#17262b",
        ink_2="#52646a",
        ink_3="#87979b",
        water="#0f5e6b",
        water_weak="#cfe3e5",
        band="#e9efee",
        watch="#b26a00",
        watch_weak="#fbeed8",
        act="#b3261e",
        act_weak="#f9dedc",
    ),
    "dark": Palette(
        bg="#0e1618",
        surface="#151f22",
        raised="#1a262a",
        line="#27363a",
        ink="#e6eeee",
        ink_2="#a3b4b7",
        ink_3="#718386",
        water="#6cc3cf",
        water_weak="#1d3f45",
        band="#1d2a2d",
        watch="#f0b35a",
        watch_weak="#3a2c14",
        act="#ff8a80",
        act_weak="#451d1b",
    ),
}


def palette(theme: str) -> Palette:
    """The palette of a theme; anything unknown is light."""
    return PALETTES["dark" if theme == "dark" else "light"]


def frame(theme: str, revision: str) -> dict[str, Any]:
    """The layout that every figure starts from; a zoom lives as long as ``revision``.

    It has no height: the figure fills its box.
    """
    colours = palette(theme)
    return {
        "autosize": True,
        "margin": {"l": LEFT, "r": 16, "t": 24, "b": 32},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": colours.ink_2},
        "showlegend": False,
        "uirevision": revision,
        "hovermode": "x unified",
        # Only what was said at that very cycle, not its neighbours.
        "hoverdistance": 6,
        "hoverlabel": {
            "bgcolor": colours.surface,
            "bordercolor": colours.line,
            "font": {"family": FONT, "size": 12, "color": colours.ink},
        },
        "dragmode": "zoom",
        "modebar": {"remove": ["all"]},
    }


def line(x: Any, y: Any, colour: str, width: float, **more: Any) -> dict[str, Any]:
    """A line's trace; a point that stands alone between gaps is drawn as a dot."""
    alone = lone(y)
    trace = {"type": "scatter", "mode": "lines", "x": x, "y": y, "xaxis": "x", **more}
    trace["line"] = {"color": colour, "width": width, **more.get("line", {})}
    if alone.any():
        trace["mode"] = "lines+markers"
        trace["marker"] = {"color": colour, "size": np.where(alone, 2 * width + 3, 0), "opacity": 1}
    return trace


def axis(theme: str, **more: Any) -> dict[str, Any]:
    """One axis: hairline grid, no zero line, labels in ink-2."""
    colours = palette(theme)
    return {
        "gridcolor": colours.line,
        "gridwidth": 1,
        "zeroline": False,
        "linecolor": colours.line,
        "ticks": "",
        "tickfont": {"size": 12, "color": colours.ink_2},
        "automargin": False,
        "tickformat": "~f",
        **more,
    }


def cycle_axis(theme: str, **more: Any) -> dict[str, Any]:
    """The cycle axis with the crosshair that all panels over it share."""
    return axis(
        theme,
        showgrid=False,
        showspikes=True,
        spikemode="across",
        spikesnap="cursor",
        spikethickness=1,
        spikedash="solid",
        spikecolor=palette(theme).ink_3,
        hoverformat="d",
        **more,
    )
