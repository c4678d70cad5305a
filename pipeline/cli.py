"""The one command: `stillwater`."""

import sys
from pathlib import Path
from typing import Any

import click

from lakehouse.audit import AuditError
from lakehouse.home_format import HomeFormatError, check_home
from lakehouse.runs import RunError
from lakehouse.settings import Settings, SettingsError
from pipeline.commands import (
    auditing,
    backing,
    bundling,
    deciding,
    exporting,
    lineage,
    maintaining,
    models,
    proving,
    reading,
    replaying,
    running,
    serving,
    spark,
    streaming,
    tables,
    tokens,
    validating,
    verifying,
)
from pipeline.commands.output import Exit, fail


class Stillwater(click.Group):
    """The verbs; whatever goes wrong ends with a message and the right exit code."""

    def invoke(self, context: click.Context) -> Any:
        """Run a verb."""
        try:
            return super().invoke(context)
        except click.exceptions.Exit:
            # How `--help` of a verb ends; click made it a RuntimeError.
            raise
        except SettingsError as error:
            fail(str(error), Exit.USAGE)
        except RunError as error:
            fail(str(error), Exit.REFUSED)
        except (AuditError, OSError, RuntimeError) as error:
            fail(f"{type(error).__name__}: {error}", Exit.FAILED)


@click.group(cls=Stillwater)
@click.option("--home", type=click.Path(path_type=Path), help="folder that holds everything")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.version_option(package_name="stillwater")
@click.pass_context
def main(context: click.Context, home: Path | None, log_level: str | None) -> None:
    """When will it fail, how sure is that, and where does the answer come from?"""
    try:
        context.obj = Settings.load(home=home, log_level=log_level)
        check_home(context.obj.home)
    except SettingsError as error:
        fail(str(error), Exit.USAGE)
    except HomeFormatError as error:
        fail(str(error), Exit.REFUSED)


for command in (
    serving.init,
    running.ingest,
    validating.validate,
    running.retrain,
    running.score,
    running.report,
    deciding.review,
    deciding.correct,
    deciding.restore_table,
    deciding.schema,
    deciding.limit,
    replaying.replay,
    streaming.stream,
    reading.engines,
    reading.engine,
    models.models,
    models.model,
    models.promote,
    models.rollback,
    tables.history,
    tables.diff,
    lineage.lineage,
    reading.runs,
    reading.run,
    verifying.verify,
    proving.prove_command,
    auditing.audit,
    bundling.bundle,
    maintaining.maintain,
    backing.backup,
    backing.restore,
    exporting.export,
    serving.data,
    spark.spark,
    serving.user,
    tokens.token,
    serving.serve,
    serving.worker,
    serving.up,
):
    main.add_command(command)

for action in (running.retry, running.wait):
    reading.run.add_command(action)

if __name__ == "__main__":
    sys.exit(main())
