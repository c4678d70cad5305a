"""Arguments in, Dash component out."""
