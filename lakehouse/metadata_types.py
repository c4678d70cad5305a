"""The types of the metadata store, as TFX writes them (``types/standard_artifacts.py``)."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2

pb: Any = metadata_store_pb2  # its classes exist at run time only

_INT, _STRING = pb.INT, pb.STRING
_PROCESS = pb.ExecutionType.PROCESS
# artifact type: (base type, properties that TFX declares)
ARTIFACT_TYPES: dict[str, tuple[int | None, dict[str, int]]] = {
    "Examples": (pb.ArtifactType.DATASET, {"span": _INT, "version": _INT, "split_names": _STRING}),
    "ExampleStatistics": (pb.ArtifactType.STATISTICS, {"span": _INT, "split_names": _STRING}),
    "Schema": (None, {}),
    "ExampleAnomalies": (None, {"span": _INT, "split_names": _STRING}),
    "TransformGraph": (None, {}),
    "Model": (pb.ArtifactType.MODEL, {}),
    "ModelEvaluation": (None, {}),
    "ModelBlessing": (None, {}),
    "PushedModel": (pb.ArtifactType.MODEL, {}),
    "InferenceResult": (None, {}),
}
# node: (execution type, base type); TFX's names where TFX has the component
EXECUTION_TYPES: dict[str, tuple[str, int]] = {
    "ExampleGen": ("tfx.components.example_gen.component.FileBasedExampleGen", _PROCESS),
    "StatisticsGen": (
        "tfx.components.statistics_gen.component.StatisticsGen",
        _PROCESS,
    ),
    "SchemaGen": ("tfx.components.schema_gen.component.SchemaGen", _PROCESS),
    "ExampleValidator": (
        "tfx.components.example_validator.component.ExampleValidator",
        _PROCESS,
    ),
    "Review": ("stillwater.components.review.Review", _PROCESS),
    "Correct": ("stillwater.components.correct.Correct", _PROCESS),
    "Restore": ("stillwater.components.restore.Restore", _PROCESS),
    "SchemaReview": ("stillwater.components.review.SchemaReview", _PROCESS),
    "Limits": ("stillwater.components.review.Limits", _PROCESS),
    "Maintain": ("stillwater.components.maintenance.Maintain", _PROCESS),
    "Verify": ("stillwater.components.verify.Verify", _PROCESS),
    "Clean": ("stillwater.components.clean.Clean", pb.ExecutionType.TRANSFORM),
    "Report": ("stillwater.components.report.Report", _PROCESS),
    "Transform": ("tfx.components.transform.component.Transform", pb.ExecutionType.TRANSFORM),
    "Trainer": ("tfx.components.trainer.component.Trainer", pb.ExecutionType.TRAIN),
    "Evaluator": ("tfx.components.evaluator.component.Evaluator", pb.ExecutionType.EVALUATE),
    "Pusher": ("tfx.components.pusher.component.Pusher", pb.ExecutionType.DEPLOY),
    "BulkInferrer": ("tfx.components.bulk_inferrer.component.BulkInferrer", _PROCESS),
}
