"""Figures: arrays in, plain plotly dicts and SVG texts out; no Dash, no reading."""
