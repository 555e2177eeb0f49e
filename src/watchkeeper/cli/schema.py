"""`watchkeeper schema`: the JSON Schema of a report or of a model file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Subject(StrEnum):
    """What has a schema."""

    REPORT = "report"
    MODEL = "model"


def schema(
    subject: Annotated[Subject, typer.Argument(help="`report`, or `model` for the model file.")],
) -> None:
    """Print the JSON Schema of the report or of the model file.

    Example: watchkeeper schema model > model.schema.json
    """
    if subject is Subject.REPORT:
        import json

        from watchkeeper.reports.schema import report_schema

        typer.echo(json.dumps(report_schema(), indent=2))
    else:
        from watchkeeper.app.model_file import json_schema

        typer.echo(json_schema(), nl=False)
