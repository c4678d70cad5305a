"""The peer of a click: a Dash page with one empty Plotly figure, on the port that is given."""

import sys

from dash import Dash, dcc

app = Dash("empty")
app.layout = dcc.Graph(id="empty", figure={"data": [], "layout": {}})

if __name__ == "__main__":
    app.server.run(port=int(sys.argv[1]), threaded=True)
