"""The OpenAPI description: FastAPI's, with the routes that are not FastAPI's written by hand."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import watchkeeper
from watchkeeper.core.envelope import Signal
from watchkeeper.server import schemas, schemas_people
from watchkeeper.server.errors import JSON
from watchkeeper.server.records import BODIES, EVENTS

SUMMARY = (
    "Machine-learning models in production: what they were asked, what came of it, what changed."
)
DESCRIPTION = """
Send predictions, labels, outcomes and changes; ask for metrics, rows and reports.

**Keys and users.** A server without any user and any API key serves its own machine alone and asks
nobody. With one, every route under `/v1` and `/metrics` needs `Authorization: Bearer wk_…` with the
scope `ingest` (sending records), `read` (asking), `edit` (rules, silences, incidents) or `admin`
(everything); or the cookie of a session, and with it, for what changes something, the header
`X-CSRF-Token` with what `GET /v1/session` says. The role viewer has `read`, editor `read` and
`edit`, admin everything.

**Errors** are `{"error": {"code", "message"}}`. Send again on 429 and 503, after `Retry-After`
seconds; any other code says that the same request will fail again. There is no 500.
"""
TAGS = [
    {"name": "records", "description": "Records in. 200 means: on disk."},
    {"name": "models", "description": "Which models there are, and what they are compared with."},
    {"name": "measurements", "description": "What was measured, from merged hourly profiles."},
    {"name": "alarms", "description": "Rules, alerts, and who is told."},
    {"name": "incidents", "description": "What people manage: incidents, and who is on call."},
    {"name": "runbooks", "description": "What to do, what was done, and what may be done."},
    {"name": "dashboards", "description": "Panels that people put side by side."},
    {"name": "alertmanager", "description": "Alertmanager's own API, for the tools that know it."},
    {"name": "sign-in", "description": "Sign in and out; users, sessions and the access log."},
    {"name": "keys", "description": "API keys."},
    {"name": "health", "description": "Whether it runs, and how it does."},
]
_EXTRA: tuple[type[BaseModel], ...] = (
    schemas.Error, schemas.Taken, schemas.ProductionReference, schemas.NewKey,
    schemas_people.SignIn, schemas_people.NewPassword, schemas_people.NewUser,
    schemas_people.ChangedUser,
)  # fmt: skip
_SECURITY: list[dict[str, list[str]]] = [{"key": []}]
_ERRORS: dict[str, str] = {
    "400": "Something given is wrong.",
    "401": "A key or a sign-in is needed, or this one is unknown, or has ended.",
    "403": "The key or the user lacks the scope; or a foreign host or web page asks.",
    "404": "There is no such model, version, reference or key.",
    "409": "It does not fit what is there.",
    "413": "The body is too large.",
    "415": "The content type or encoding is not read.",
    "429": "Too much at once; send again after `Retry-After` seconds.",
    "503": "The disk is full, a store does not answer, the server stops or failed; "
    "send again after `Retry-After` seconds.",
}
_RAW_ERRORS = ("400", "401", "403", "413", "415", "429", "503")
_RETRY = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description of the application, made once and kept."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title="Watchkeeper", version=watchkeeper.__version__, summary=SUMMARY,
        description=DESCRIPTION.strip(), routes=app.routes, tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )  # fmt: skip
    components = found.setdefault("components", {})
    held = components.setdefault("schemas", {})
    _, extra = models_json_schema(
        [(model, "validation") for model in _EXTRA], ref_template="#/components/schemas/{model}"
    )
    held.update({name: schema for name, schema in extra["$defs"].items() if name not in held})
    for name in ("HTTPValidationError", "ValidationError"):
        held.pop(name, None)
    for operations in found["paths"].values():
        for operation in operations.values():
            _tell_errors(operation)
    for path, operations in _raw_paths().items():
        found["paths"].setdefault(path, {}).update(operations)
    return found


def _tell_errors(operation: dict[str, Any]) -> None:
    """Put our errors where FastAPI put its own."""
    responses = operation["responses"]
    has_parameters = responses.pop("422", None) is not None
    codes = ["429", "503"]
    if operation.get("security"):
        codes += ["401", "403"]
    if has_parameters or "requestBody" in operation:
        codes += ["400", "404"]
    if "requestBody" in operation:
        codes += ["409", "413", "415"]
    for code in sorted(codes):
        if code not in responses:
            responses[code] = _error(code)


def _error(code: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _ERRORS[code],
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return answer | ({"headers": _RETRY} if code in {"429", "503"} else {})


def _raw_paths() -> dict[str, Any]:
    paths = {f"/v1/{signal.value}": {"post": _records(signal)} for signal in Signal}
    paths["/v1/cloudevents"] = {"post": _events("send_cloudevents")}
    paths["/"] = {"post": _events("send_cloudevents_to_root")}
    return paths


def _records(signal: Signal) -> dict[str, Any]:
    word = signal.value
    return {
        "tags": ["records"],
        "summary": f"Send {word}",
        "description": (
            f"Takes {word} in and answers when they are on disk. Records that are wrong are "
            "named in the answer and do not hold the others back. JSON lines, MessagePack and "
            "Arrow streams are the same records in other forms."
        ),
        "operationId": f"send_{word}",
        "security": _SECURITY,
        "parameters": _parameters(with_version=signal is Signal.PREDICTIONS),
        "requestBody": {"required": True, "content": BODIES[signal]},
        "responses": {
            "200": {
                "description": "On disk: accepted ones, and a count of those that were not.",
                "content": {JSON: {"schema": {"$ref": "#/components/schemas/Taken"}}},
            },
            **{code: _error(code) for code in _RAW_ERRORS},
        },
    }


def _parameters(*, with_version: bool) -> list[dict[str, Any]]:
    text = {"type": "string"}
    named = [
        ("query", "model", "For records that name no model.", text),
        ("query", "version", "For records that name no version.", text),
        ("header", "Idempotency-Key", "The batch's name: sent again, it is counted once.",
         {"type": "string", "maxLength": 256}),
        ("header", "Content-Encoding", "How the body is compressed.",
         {"type": "string", "enum": ["gzip", "zstd", "identity"]}),
        ("header", "X-Request-ID", "Comes back in the answer and stands in the log.", text),
        ("header", "traceparent", "The W3C trace context; stands in the log.", text),
    ]  # fmt: skip
    return [
        {"in": place, "name": name, "required": False, "description": said, "schema": schema}
        for place, name, said, schema in named
        if with_version or name != "version"
    ]


def _events(operation: str) -> dict[str, Any]:
    return {
        "tags": ["records"],
        "summary": "Send CloudEvents of a payload logger",
        "description": (
            "Takes the events of KServe's and Seldon's payload loggers as they are: one event in "
            "binary mode with `ce-` headers, or structured, or a batch. The answer is empty."
        ),
        "operationId": operation,
        "security": _SECURITY,
        "requestBody": {"required": True, "content": EVENTS},
        "responses": {
            "200": {"description": "On disk. The body is empty."},
            **{code: _error(code) for code in _RAW_ERRORS},
        },
    }
