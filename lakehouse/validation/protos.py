"""TFX's protos by the names of what they hold; outside this folder they are opaque."""

from typing import TypeAlias

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList
Schema: TypeAlias = schema_pb2.Schema
Anomalies: TypeAlias = anomalies_pb2.Anomalies
