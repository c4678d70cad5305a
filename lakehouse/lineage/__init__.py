"""Lineage: the graph of a metadata store, walked backwards and forwards, and told to others."""

from lakehouse.lineage.graph import Edge, Graph, Node
from lakehouse.lineage.walk import Part, Reach, walk

__all__ = ["Edge", "Graph", "Node", "Part", "Reach", "walk"]
