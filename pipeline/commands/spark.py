"""Verbs about the Spark engine: what it needs on this machine."""

from contextlib import suppress
from pathlib import Path

import click

from lakehouse.engines import jars
from lakehouse.engines.jars import SparkSetupError
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, fail, json_option, show


@click.group()
def spark() -> None:
    """The Spark engine."""


@spark.command()
@click.option("--no-kafka", is_flag=True, help="without the jars of the Kafka source")
@json_option
@click.pass_obj
def setup(settings: Settings, no_kafka: bool, as_json: bool) -> None:
    """Find Java, fetch the jars that Spark needs and check them; what is there is kept."""
    folder = jars.jar_folder(settings.spark.jars)
    try:
        java = jars.find_java()
        paths = _fetched(folder, ("delta",) if no_kafka else jars.GROUPS)
    except SparkSetupError as error:
        fail(str(error), Exit.FAILED)
    names = [path.name for path in paths]
    document = {"folder": str(folder), "jars": names, "java": str(java)}
    show(document, as_json, f"{java}\n{folder}: {', '.join(names)}")


def _fetched(folder: Path, groups: tuple[str, ...]) -> tuple[Path, ...]:
    """The jars of the groups; only Delta's, with a warning, when no others can be had."""
    try:
        return jars.fetch(folder, groups, lambda line: click.echo(line, err=True))
    except SparkSetupError as error:
        with suppress(SparkSetupError):
            paths = jars.check(folder, ("delta",))
            click.echo(f"stillwater: warning: no Kafka source: {error}", err=True)
            return paths
        raise
