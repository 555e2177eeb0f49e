"""`http_config` of a receiver, as Alertmanager writes it."""

from __future__ import annotations

from typing import Any

from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import ANSWER_S, Http
from watchkeeper.actions.channels.secret import Secret


def http_of(fields: Fields, common: object = None) -> Http:
    """How a receiver is reached.

    Parameters
    ----------
    fields
        Of the receiver: its `http_config` and `timeout`.
    common
        `http_config` of the global settings, which counts where the receiver has none.
    """
    timeout = fields.seconds("timeout", ANSWER_S)
    own = fields.raw("http_config")
    where = f"{fields.where}.http_config" if own is not None else "global.http_config"
    inner = Fields(own if own is not None else common, where, fields.problems)
    found = _read(inner, timeout)
    inner.finish()
    return found


def _read(fields: Fields, timeout: float) -> Http:
    basic, tls = fields.fields("basic_auth"), fields.fields("tls_config")
    user, password = basic.text("username"), basic.secret("password")
    basic.finish()
    if fields.has("oauth2"):
        fields.wrong(f"{fields.where}.oauth2 is not supported; write authorization with a token")
    if fields.has("proxy_connect_header"):
        fields.wrong(f"{fields.where}.proxy_connect_header is not supported; "
                     "write the credentials into proxy_url")  # fmt: skip
    fields.ignore("follow_redirects", "enable_http2")
    fields.flag("proxy_from_environment", default=True)
    proxy = fields.text("proxy_url")
    return Http(
        authorization=_authorization(fields),
        user=user,
        password=password,
        headers=_headers(fields),
        proxy=Secret(proxy) if proxy else None,
        direct=tuple(part.strip() for part in fields.text("no_proxy").split(",") if part.strip()),
        timeout_s=timeout,
        **_tls(tls),
    )


def _authorization(fields: Fields) -> tuple[str, Secret] | None:
    inner = fields.fields("authorization")
    scheme, credentials = inner.text("type", "Bearer"), inner.secret("credentials")
    inner.finish()
    credentials = credentials or fields.secret("bearer_token")
    return (scheme, credentials) if credentials else None


def _headers(fields: Fields) -> tuple[tuple[str, Secret], ...]:
    """`http_headers`: a name with `values`, `secrets` or `files`."""
    told = fields.fields("http_headers")
    found = []
    for name in fields.pairs("http_headers"):
        inner = told.fields(name)
        values = [str(value) for value in (*inner.items("values"), *inner.items("secrets"))]
        files = [str(file) for file in inner.items("files")]
        found += [(name, Secret(value)) for value in values]
        found += [(name, Secret(file=file)) for file in files]
        inner.finish()
    return tuple(found)


def _tls(fields: Fields) -> dict[str, Any]:
    for name in ("ca", "cert", "key"):
        if fields.has(name):
            fields.wrong(f"{fields.where}.{name} is not supported; write {name}_file")
    fields.ignore("min_version", "max_version")
    found = {
        "ca_file": fields.text("ca_file"),
        "cert_file": fields.text("cert_file"),
        "key_file": fields.text("key_file"),
        "server_name": fields.text("server_name"),
        "verify": not fields.flag("insecure_skip_verify", default=False),
    }
    fields.finish()
    return found
