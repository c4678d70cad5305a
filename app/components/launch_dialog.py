"""A dialog that asks for a run: closed at first, its body is put in when it opens."""

from typing import Protocol

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component


class DialogIds(Protocol):
    """Ids that such a dialog needs."""

    @property
    def GO(self) -> str: ...
    @property
    def DIALOG(self) -> str: ...
    @property
    def BODY(self) -> str: ...
    @property
    def PROBLEM(self) -> str: ...
    @property
    def CLOSE(self) -> str: ...


def launch_dialog(ids: DialogIds, title: str, *actions: Component) -> Component:
    """The closed dialog with its buttons; what the body shows is true when it opens."""
    footer = [
        html.Div(id=ids.PROBLEM, className="run-form-problem", role="alert"),
        dbc.Button("Close", id=ids.CLOSE, color="secondary", outline=True),
        *actions,
    ]
    dialog: Component = dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(title), close_button=True),
            dbc.ModalBody(id=ids.BODY, className="run-form"),
            dbc.ModalFooter(footer, className="run-form-footer"),
        ],
        id=ids.DIALOG,
        is_open=False,
        scrollable=True,
        size="lg",
    )
    return html.Div([dcc.Location(id=ids.GO, refresh="callback-nav"), dialog])
