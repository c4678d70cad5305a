"""Evidence bundles: all that proves a prediction or a model in one file, checked without a lake."""

from lakehouse.bundle.check import Checked, check_bundle
from lakehouse.bundle.evidence import Sources
from lakehouse.bundle.make import Made, make_bundle
from lakehouse.lineage.reading import StoreError
from lakehouse.lineage.starts import StartError

__all__ = ["Checked", "Made", "Sources", "StartError", "StoreError", "check_bundle", "make_bundle"]
