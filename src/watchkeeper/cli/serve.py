"""`watchkeeper serve`: the server."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli.settings import settings_of

_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class LogLevel(StrEnum):
    """From which level on a line is written to the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def size(text: str, option: str) -> int:
    """A number of bytes, as people write it for an option.

    >>> size("64M", "--max-body"), size("1000", "--max-body")
    (67108864, 1000)
    """
    lowered = text.strip().lower().removesuffix("ib").removesuffix("b")
    number, unit = (lowered[:-1], lowered[-1:]) if lowered[-1:].isalpha() else (lowered, "")
    if not (number.isascii() and number.isdigit()) or unit not in _SIZES:
        raise typer.BadParameter(
            f"{text!r} is no size; write bytes, or 64K, 64M, 1G", param_hint=option
        )
    return int(number) * _SIZES[unit]


# fmt: off
Data = Annotated[Path, typer.Option(
    "--data", help="The folder of all data; made where absent.", envvar="WATCHKEEPER_DATA",
    file_okay=False)]
Catalogue = Annotated[str | None, typer.Option(
    "--catalogue", metavar="URL", envvar="WATCHKEEPER_CATALOGUE", show_envvar=True,
    help="A PostgreSQL database for models, keys and alarms, as postgresql://user@host/database, "
    "in the place of a file in the folder; a password belongs into the variable.")]
TablesUrl = Annotated[str | None, typer.Option(
    "--tables", metavar="URL", envvar="WATCHKEEPER_TABLES", show_envvar=True,
    help="Object storage for the event tables, as s3://bucket/prefix, in the place of the folder; "
    "credentials come from AWS_PROFILE, AWS_ACCESS_KEY_ID and the like, or from a role.")]
ClickHouse = Annotated[str | None, typer.Option(
    "--clickhouse", metavar="URL", envvar="WATCHKEEPER_CLICKHOUSE", show_envvar=True,
    help="A database of ClickHouse that gets all rows as well, as clickhouse://user@host:8123/"
    "database; the password comes from CLICKHOUSE_PASSWORD or ?password_file=.")]
Host = Annotated[str, typer.Option(
    "--host", help="The address to listen on; 0.0.0.0 for all.", envvar="WATCHKEEPER_HOST")]
Port = Annotated[int, typer.Option(
    "--port", help="The port; 0 takes a free one.", min=0, max=65535, envvar="WATCHKEEPER_PORT")]
BaseUrl = Annotated[str | None, typer.Option(
    "--base-url", help="The address behind a proxy, as users know it.",
    envvar="WATCHKEEPER_BASE_URL")]
Proxies = Annotated[str, typer.Option(
    "--trusted-proxies", metavar="ADDRESSES", envvar="WATCHKEEPER_TRUSTED_PROXIES",
    help="Proxies that say who asks (X-Forwarded-For), as addresses or networks with commas.")]
Oidc = Annotated[Path | None, typer.Option(
    "--oidc", metavar="FILE", envvar="WATCHKEEPER_OIDC", exists=True, dir_okay=False,
    help="Let people sign in with OpenID Connect; the file says where.")]
Automation = Annotated[Path | None, typer.Option(
    "--automation", help="What runbooks may do; by default automation.yaml in the folder.",
    envvar="WATCHKEEPER_AUTOMATION", dir_okay=False)]
Replica = Annotated[bool, typer.Option(
    "--replica", envvar="WATCHKEEPER_REPLICA",
    help="Share the folder with other servers of this machine, each started so.")]
Insecure = Annotated[bool, typer.Option(
    "--insecure", help="Let other machines in although there is no user and no API key.",
    envvar="WATCHKEEPER_INSECURE")]
MaxBody = Annotated[str, typer.Option(
    "--max-body", help="Largest request body, also once decompressed.",
    envvar="WATCHKEEPER_MAX_BODY")]
MaxBacklog = Annotated[str, typer.Option(
    "--max-backlog", help="What may wait for the tables; beyond it, 429.",
    envvar="WATCHKEEPER_MAX_BACKLOG")]
MinFree = Annotated[str, typer.Option(
    "--min-free", help="Free disk below which records are refused with 503.",
    envvar="WATCHKEEPER_MIN_FREE")]
OpenModels = Annotated[bool, typer.Option(
    "--open-models/--known-models", envvar="WATCHKEEPER_OPEN_MODELS",
    help="Whether the first record of an unknown model registers it.")]
AccessLog = Annotated[bool, typer.Option(
    "--access-log", help="Write a line for each request to the log.",
    envvar="WATCHKEEPER_ACCESS_LOG")]
Level = Annotated[LogLevel, typer.Option(
    "--log-level", help="What goes into the log, on standard error.",
    envvar="WATCHKEEPER_LOG_LEVEL")]
ReadyFile = Annotated[Path | None, typer.Option(
    "--ready-file", help="Write url and pid there, as JSON, once requests are answered.",
    envvar="WATCHKEEPER_READY_FILE")]
# fmt: on


def checked_catalogue(context: typer.Context, url: str | None) -> str | None:
    """The URL of the catalogue, unless others would see a password by it.

    Raises
    ------
    InputError
        It came by the command line, which everybody on the machine can list, with a password.
    """
    from watchkeeper.app.live.catalogue_place import has_password, redacted
    from watchkeeper.core.errors import InputError

    source = context.get_parameter_source("catalogue")
    if url and has_password(url) and getattr(source, "name", "") == "COMMANDLINE":
        raise InputError(
            "a password on the command line is seen by everybody on the machine; set "
            f"WATCHKEEPER_CATALOGUE to the URL instead, or give --catalogue {redacted(url)} and "
            "the password with PGPASSWORD or in ~/.pgpass"
        )
    return url or None


def checked_clickhouse(url: str | None) -> str | None:
    """The URL of the sink, where it can be used.

    Raises
    ------
    InputError
        It is no such URL, or its secrets cannot be had.
    MissingExtraError
        The driver is not installed.
    """
    if not url:
        return None
    from watchkeeper.core.errors import MissingExtraError
    from watchkeeper.store.sinks.clickhouse_url import address_of

    address = address_of(url)
    if find_spec("clickhouse_connect") is None:
        raise MissingExtraError("clickhouse-connect", f"writing to {address.shown}", "clickhouse")
    return url


def serve(
    context: typer.Context,
    *,
    data: Data = Path("watchkeeper-data"),
    catalogue: Catalogue = None,
    tables: TablesUrl = None,
    clickhouse: ClickHouse = None,
    host: Host = "127.0.0.1",
    port: Port = 8470,
    base_url: BaseUrl = None,
    automation: Automation = None,
    replica: Replica = False,
    insecure: Insecure = False,
    trusted_proxies: Proxies = "",
    oidc: Oidc = None,
    max_body: MaxBody = "64M",
    max_backlog: MaxBacklog = "1G",
    min_free: MinFree = "256M",
    open_models: OpenModels = True,
    access_log: AccessLog = False,
    log_level: Level = LogLevel.INFO,
    ready_file: ReadyFile = None,
) -> None:
    """Run the server: take records in, measure them by the hour, answer questions.

    It needs nothing but a folder. Without any user and API key it serves this machine alone. It
    runs until Ctrl-C or SIGTERM, and then finishes what it has begun.

    Example: watchkeeper serve --data ./watchkeeper-data
    """
    from watchkeeper.app.live.settings import Settings
    from watchkeeper.core.errors import MissingExtraError

    settings = Settings(
        data, host=host, port=port, max_body=size(max_body, "--max-body"),
        max_backlog=size(max_backlog, "--max-backlog"),
        min_free=size(min_free, "--min-free"),
        open_models=open_models, insecure=insecure, base_url=base_url,
        trusted_proxies=trusted_proxies, oidc=oidc,
        catalogue_url=checked_catalogue(context, catalogue), tables_url=tables or None,
        clickhouse_url=checked_clickhouse(clickhouse),
        automation=automation.absolute() if automation else None, replica=replica,
    )  # fmt: skip
    for package in ("fastapi", "uvicorn", "structlog", "prometheus_client"):
        # Found, not imported: the first line is printed before anything heavy is loaded.
        if find_spec(package) is None:
            raise MissingExtraError(package, "the server", "server")
    from watchkeeper.server.running import Running
    from watchkeeper.server.running import serve as run

    running = Running(
        ready_file=ready_file,
        access_log=access_log,
        log_level=log_level.value,
        as_json=settings_of(context).json,
    )
    raise typer.Exit(run(settings, running))
