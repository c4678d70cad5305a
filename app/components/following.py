"""A part of a page that follows the lake while it is seen; focus outlives its being drawn anew."""

from dash import Dash, Input, Output

# A hidden tab does not ask. Which link has the focus is remembered: drawn anew, it is another one.
_LOOK = """
function () {
  if (document.hidden) return window.dash_clientside.no_update;
  const link = document.activeElement && document.activeElement.closest("main a[href]");
  window.stillwaterHeld = link ? link.getAttribute("href") : "";
  return Date.now();
}
"""
_KEEP = """
function () {
  setTimeout(function () {
    const held = window.stillwaterHeld;
    if (!held || document.activeElement !== document.body) return;
    const links = Array.from(document.querySelectorAll("main a[href]"));
    const again = links.find((link) => link.getAttribute("href") === held);
    if (again) again.focus({ preventScroll: true });
  }, 0);
}
"""


def register(app: Dash, tick: str, beat: str, part: str) -> None:
    """Register what happens in the browser.

    Args:
        app: the dashboard.
        tick: id of the interval at which the page is to look.
        beat: id of the store that says so to the server, while somebody sees the page.
        part: id of what is drawn anew.
    """
    app.clientside_callback(
        _LOOK, Output(beat, "data"), Input(tick, "n_intervals"), prevent_initial_call=True
    )
    app.clientside_callback(_KEEP, Input(part, "children"), prevent_initial_call=True)
