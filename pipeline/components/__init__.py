"""The steps of the pipeline, one file each, named as TFX names them; pure functions."""
