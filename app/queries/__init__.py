"""Read models: the lake and the run records in, small typed values out."""
