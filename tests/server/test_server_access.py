"""Who may ask: no key on one's own machine, scopes with one, and never a secret in a log."""

from __future__ import annotations

import asyncio
import functools
import io
import logging
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.server.fake_platform import FakePlatform
from watchkeeper.app.live.settings import Settings
from watchkeeper.core.errors import UnavailableError
from watchkeeper.server import access
from watchkeeper.server.access import is_exposed
from watchkeeper.server.application import make_app
from watchkeeper.server.logs import set_up_logs

Ask = Callable[..., httpx.Response]

NEEDS = {
    ("POST", "/v1/predictions"): "ingest", ("POST", "/v1/labels"): "ingest",
    ("POST", "/v1/outcomes"): "ingest", ("POST", "/v1/changes"): "ingest",
    ("POST", "/v1/cloudevents"): "ingest", ("POST", "/"): "ingest",
    ("GET", "/v1/models"): "read", ("GET", "/v1/models/late-arrivals"): "read",
    ("PUT", "/v1/models/late-arrivals"): "admin", ("DELETE", "/v1/models/late-arrivals"): "admin",
    ("GET", "/v1/models/late-arrivals/versions"): "read",
    ("GET", "/v1/models/late-arrivals/reference"): "read",
    ("PUT", "/v1/models/late-arrivals/reference"): "admin",
    ("GET", "/v1/models/late-arrivals/metrics?metric=psi"): "read",
    ("GET", "/v1/models/late-arrivals/overview"): "read",
    ("GET", "/v1/models/late-arrivals/glance"): "read",
    ("GET", "/v1/models/late-arrivals/track"): "read",
    ("GET", "/v1/models/late-arrivals/lines"): "read",
    ("GET", "/v1/models/late-arrivals/distributions?column=temp"): "read",
    ("GET", "/v1/models/late-arrivals/decisions"): "read",
    ("GET", "/v1/models/late-arrivals/file"): "read",
    ("GET", "/v1/models/late-arrivals/compare?a=1&b=2"): "read",
    ("GET", "/v1/models/late-arrivals/rows"): "read",
    ("GET", "/v1/models/late-arrivals/report"): "read",
    ("GET", "/v1/models/late-arrivals/changes"): "read", ("GET", "/v1/changes"): "read",
    ("GET", "/v1/storage"): "read",
    ("GET", "/v1/metrics"): "read", ("GET", "/v1/status"): "read", ("GET", "/metrics"): "read",
    ("GET", "/metrics/models"): "read", ("GET", "/v1/keys"): "admin", ("POST", "/v1/keys"): "admin",
    ("DELETE", "/v1/keys/k1"): "admin",
    ("GET", "/v1/rules"): "read", ("POST", "/v1/rules/check"): "read",
    ("POST", "/v1/rules/backtest?window=2013-01-01..2013-01-02"): "read",
    ("PUT", "/v1/rules/name1"): "edit", ("DELETE", "/v1/rules/name1"): "edit",
    ("GET", "/v1/slos"): "read", ("PUT", "/v1/slos/name1"): "edit",
    ("DELETE", "/v1/slos/name1"): "edit",
    ("GET", "/v1/alerts"): "read", ("POST", "/v1/alerts/acknowledge"): "edit",
    ("GET", "/v1/routes"): "read", ("PUT", "/v1/routes"): "admin",
    ("POST", "/v1/routes/test"): "read", ("GET", "/v1/messages"): "read",
    ("POST", "/v1/receivers/name1/test"): "admin",
    ("GET", "/v1/history"): "read",
    ("GET", "/v1/incidents"): "read", ("POST", "/v1/incidents"): "edit",
    ("GET", "/v1/incidents/figures"): "read", ("GET", "/v1/incidents/7"): "read",
    ("POST", "/v1/incidents/7/events"): "edit", ("GET", "/v1/incidents/7/post-mortem"): "read",
    ("GET", "/v1/oncall"): "read", ("PUT", "/v1/oncall"): "admin",
    ("DELETE", "/v1/oncall"): "admin", ("GET", "/v1/oncall/now"): "read",
    ("GET", "/v1/oncall/calendar.ics"): "read",
    ("GET", "/v1/dashboards"): "read", ("GET", "/v1/dashboards/name1"): "read",
    ("PUT", "/v1/dashboards/name1"): "edit", ("DELETE", "/v1/dashboards/name1"): "edit",
    ("GET", "/v1/runbooks"): "read", ("POST", "/v1/runbooks/check"): "read",
    ("GET", "/v1/runbooks/name1"): "read", ("PUT", "/v1/runbooks/name1"): "admin",
    ("DELETE", "/v1/runbooks/name1"): "admin",
    ("GET", "/v1/runs"): "read", ("POST", "/v1/runs"): "edit", ("GET", "/v1/runs/7"): "read",
    ("POST", "/v1/runs/7/approve"): "edit", ("POST", "/v1/runs/7/refuse"): "edit",
    ("POST", "/v1/runs/7/undo"): "edit", ("POST", "/v1/runs/7/settle"): "edit",
    ("GET", "/v1/automation"): "read",
    ("POST", "/v1/automation/freeze"): "edit", ("POST", "/v1/automation/unfreeze"): "admin",
    ("GET", "/api/v2/status"): "read", ("GET", "/api/v2/receivers"): "read",
    ("GET", "/api/v2/alerts"): "read", ("GET", "/api/v2/alerts/groups"): "read",
    ("POST", "/api/v2/alerts"): "ingest", ("GET", "/api/v2/silences"): "read",
    ("POST", "/api/v2/silences"): "edit", ("GET", "/api/v2/silence/id1"): "read",
    ("DELETE", "/api/v2/silence/id1"): "edit",
    ("GET", "/v1/users"): "admin", ("POST", "/v1/users"): "admin",
    ("PATCH", "/v1/users/user1"): "admin", ("DELETE", "/v1/users/user1"): "admin",
    ("GET", "/v1/sessions"): "read", ("DELETE", "/v1/sessions/session1"): "read",
    ("GET", "/v1/access-log"): "admin",
}  # fmt: skip
OPEN = {
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/"), ("GET", "/openapi.json"),
    ("GET", "/v1/session/ways"),
}  # fmt: skip
ENTRANCES = {
    ("POST", "/v1/session"), ("GET", "/v1/session/oidc/start"), ("GET", "/v1/session/oidc"),
}  # fmt: skip
"""Where people prove who they are."""
KNOWN = {("GET", "/v1/session"), ("DELETE", "/v1/session"), ("PUT", "/v1/session/password")}
"""What anybody may do who is known, whatever their scopes."""
PLACES = (
    ("late-arrivals", "{model}"), ("/k1", "/{key}"), ("/name1", "/{name}"), ("/id1", "/{id}"),
    ("/incidents/7", "/incidents/{number}"), ("/runs/7", "/runs/{number}"),
    ("/user1", "/{user}"), ("/session1", "/{session}"),
)  # fmt: skip
SIGNED = {("POST", "/v1/chat/slack")}
"""Who asks proves it by a signature of the body."""


def bearer(secret: str) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {secret}"}


def test_the_list_above_has_every_route(own: FakePlatform) -> None:
    """No route is added without saying who may ask it."""
    app = make_app(own)
    paths = app.openapi()["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    groups = (NEEDS, OPEN, ENTRANCES, KNOWN, SIGNED)
    listed = {(method, path.partition("?")[0]) for group in groups for method, path in group}
    templates = {
        (method, functools.reduce(lambda text, one: text.replace(*one), PLACES, path))
        for method, path in listed
    }
    app.state.services.close()
    assert described - {("HEAD", "/healthz"), ("HEAD", "/readyz")} == templates - {
        ("GET", "/"), ("GET", "/openapi.json"),
    }  # fmt: skip


@pytest.mark.parametrize(("method", "path"), NEEDS)
def test_scopes_open_what_they_name(
    served: httpx.Client, platform: FakePlatform, method: str, path: str
) -> None:
    """With a key in the catalogue each route asks for its scope; admin opens all."""
    scopes = ("read", "ingest", "edit", "admin")
    secrets = {scope: platform.keys.create(scope, [scope])[1] for scope in scopes}
    bare = served.request(method, path)
    assert (bare.status_code, bare.json()["error"]["code"]) == (401, "no_key")
    assert bare.headers["www-authenticate"].startswith("Bearer")
    wrong = served.request(method, path, headers=bearer("wk_nobody"))
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "bad_key")
    for scope, secret in secrets.items():
        status = served.request(method, path, headers=bearer(secret)).status_code
        allowed = scope in {"admin", NEEDS[method, path]}
        assert (status in {401, 403}) is not allowed, scope
        assert status != 401


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
def test_health_asks_for_no_key(
    served: httpx.Client, platform: FakePlatform, method: str, path: str
) -> None:
    """Probes hold no key; the start page and the description tell nothing of the data."""
    platform.keys.create("any", ["read"])
    assert served.request(method, path).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "bearer wk_k1 x", "Basic !!", "Basic d2tfazE=x", "Digest wk_k1",
        "wk_k1", "Bearer " + "x" * 5000, "Basic /w==",
    ],
)  # fmt: skip
def test_odd_authorizations_open_nothing(
    served: httpx.Client, platform: FakePlatform, header: str
) -> None:
    """Anything but a bearer token or a basic password is no key; long ones are not looked up."""
    platform.keys.create("a", ["read"])
    answer = served.get("/v1/models", headers={"Authorization": header})
    assert answer.status_code == 401
    assert all(len(secret) <= 256 for secret in platform.keys.asked)


def test_a_key_may_stand_in_the_url(served: httpx.Client, platform: FakePlatform) -> None:
    """Payload loggers that know only a URL send its user and password as Basic."""
    _, secret = platform.keys.create("kserve", ["ingest"])
    url = str(served.base_url).replace("http://", f"http://key:{secret}@")
    assert httpx.post(url, content=b"{}").status_code == 200
    assert platform.requests[0].scope == "k1"
    assert secret not in str(platform.requests[0].headers)


def test_the_catalogue_is_not_asked_for_every_request(
    served: httpx.Client, platform: FakePlatform
) -> None:
    """A key that was good or bad a moment ago still is."""
    _, secret = platform.keys.create("a", ["read"])
    for _ in range(5):
        assert served.get("/v1/models", headers=bearer(secret)).status_code == 200
        assert served.get("/v1/models", headers=bearer("wk_bad")).status_code == 401
    assert sorted(platform.keys.asked) == ["wk_bad", secret]


def test_keys_made_and_revoked_elsewhere_count_after_a_while(
    ask: Ask, own: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered is forgotten after the stated time."""
    clock = [100.0]
    monkeypatch.setattr(access.time, "monotonic", lambda: clock[0])
    assert ask("GET", "/v1/models").status_code == 200
    _, secret = own.keys.create("a", ["read"])
    assert ask("GET", "/v1/models").status_code == 200
    clock[0] += access.REMEMBERED_S + 0.1
    assert ask("GET", "/v1/models").status_code == 401
    assert ask("GET", "/v1/models", headers=bearer(secret)).status_code == 200
    own.keys.revoke("k1")
    clock[0] += access.REMEMBERED_S + 0.1
    # The last key is gone: a server on the loopback interface is local again.
    assert ask("GET", "/v1/models", headers=bearer(secret)).status_code == 200


def test_keys_are_made_listed_and_revoked(served: httpx.Client, platform: FakePlatform) -> None:
    """The first key ends the local mode at once; a revoked one is useless at once."""
    made = served.post("/v1/keys", json={"name": "boss", "scopes": ["admin"]})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert served.get("/v1/keys").status_code == 401
    listed = served.get("/v1/keys", headers=bearer(secret)).json()["keys"]
    assert [(key["id"], key["scopes"]) for key in listed] == [("k1", ["admin"])]
    assert "secret" not in listed[0]
    second = served.post(
        "/v1/keys", json={"name": "x", "scopes": ["read"]}, headers=bearer(secret)
    ).json()
    revoked = served.delete(f"/v1/keys/{second['key']['id']}", headers=bearer(secret))
    assert revoked.json()["revoked"] is not None
    assert served.get("/v1/models", headers=bearer(second["secret"])).status_code == 401
    assert served.delete("/v1/keys/nobody", headers=bearer(secret)).status_code == 404


@pytest.mark.parametrize(
    ("body", "type_", "status", "named"),
    [
        (b"{", "application/json", 400, "body"),
        (b'{"name": "a"}', "application/json", 400, "scopes"),
        (b'{"name": "", "scopes": ["read"]}', "application/json", 400, "name"),
        (b'{"name": "a", "scopes": ["all"]}', "application/json", 400, "scopes.0"),
        (b'{"name": "a", "scopes": ["read"], "x": 1}', "application/json", 400, "x"),
        (b'{"name": "a", "scopes": ["read"], "expires": "2027-01-01T00:00:00"}',
         "application/json", 400, "offset"),
        (b'{"name": "a", "scopes": ["read"]}', "text/plain", 415, "Content-Type"),
        (b"x" * 200_000, "application/json", 413, "bytes"),
    ],
)  # fmt: skip
def test_wrong_keys_are_not_made(
    served: httpx.Client, platform: FakePlatform, body: bytes, type_: str, status: int, named: str
) -> None:
    """Each wrong body is answered with what is wrong; `text/plain` is what a form could send."""
    answer = served.post("/v1/keys", content=body, headers={"Content-Type": type_})
    assert answer.status_code == status
    assert named in answer.json()["error"]["message"]
    assert platform.keys.held == {}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST:8470", 200), ("127.0.0.1:1", 200), ("[::1]:8470", 200),
        ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403),
        ("evil.example:8470", 403), ("", 403), ("a@localhost", 200),
    ],
)  # fmt: skip
def test_without_a_key_the_host_must_be_this_machine(ask: Ask, host: str, status: int) -> None:
    """A web page cannot reach the server through a name that it made point here."""
    for path in ("/v1/models", "/"):
        assert ask("GET", path, headers={"Host": host}).status_code == status
    assert ask("POST", "/v1/labels", headers={"Host": host}, content=b"{}").status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1:8470", 200), ("http://localhost:3000", 200), ("https://evil.example", 403),
     ("null", 403)],
)  # fmt: skip
def test_without_a_key_no_foreign_page_writes(ask: Ask, origin: str, status: int) -> None:
    """Browsers send the origin with what a page posts."""
    answer = ask("POST", "/v1/labels", headers={"Origin": origin}, content=b"{}")
    assert answer.status_code == status
    assert ask("GET", "/v1/models", headers={"Origin": origin}).status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_the_bound_name_is_a_host_too(tmp_path: Path) -> None:
    """A server bound to a name of this machine answers to that name."""
    guard = access.Access(
        FakePlatform(tmp_path).keys, Settings(tmp_path, host="127.0.0.5", base_url="http://box/")
    )
    guard.check_local({"host": "127.0.0.5:8470"}, method="GET")
    guard.check_local({"host": "box"}, method="GET")
    guard.close()


@pytest.mark.parametrize(
    ("settings", "exposed"),
    [
        ({}, False), ({"host": "localhost"}, False), ({"host": "::1"}, False),
        ({"host": "0.0.0.0"}, True), ({"host": "::"}, True), ({"host": "box"}, True),
        ({"base_url": "https://watch.example"}, True), ({"base_url": "http://localhost"}, False),
    ],
)  # fmt: skip
def test_who_can_reach_a_server(tmp_path: Path, settings: dict[str, str], exposed: bool) -> None:
    """A server behind a proxy with a public name is reached by others as well."""
    assert is_exposed(Settings(tmp_path, **settings)) is exposed


def test_losing_the_last_key_does_not_open_an_exposed_server(tmp_path: Path) -> None:
    """Only who insisted at the start gets an open server."""
    for insecure, mode in ((False, "keys"), (True, "open")):
        settings = Settings(tmp_path, host="0.0.0.0", insecure=insecure)
        guard = access.Access(FakePlatform(tmp_path).keys, settings)
        assert asyncio.run(guard.mode()) == mode
        guard.close()


def test_a_catalogue_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the catalogue does not answer the last known mode holds; unknown: 503."""
    keys = FakePlatform(tmp_path).keys
    keys.create("a", ["read"])
    guard = access.Access(keys, Settings(tmp_path))
    assert asyncio.run(guard.mode()) == "keys"

    def fail() -> list[object]:
        raise UnavailableError("locked")

    monkeypatch.setattr(keys, "list", fail)
    monkeypatch.setattr(access, "REMEMBERED_S", -1.0)
    assert asyncio.run(guard.mode()) == "keys"
    guard.forget()
    with pytest.raises(UnavailableError, match="locked"):
        asyncio.run(guard.mode())
    guard.close()


def test_no_secret_gets_into_a_log(ask: Ask, own: FakePlatform) -> None:
    """Not with a failure's traceback, not with the access log, not at the lowest level."""
    stream = io.StringIO()
    loggers = [logging.getLogger(), logging.getLogger("watchkeeper")]
    before = loggers[0].handlers[:], [logger.level for logger in loggers]
    set_up_logs(level="debug", stream=stream)
    try:
        _, secret = own.keys.create("a", ["ingest", "read"])

        def fail(_: object) -> None:
            raise ValueError("inside")

        own.on_ingest = fail
        for headers in (bearer(secret), bearer("wk_other")):
            ask("POST", "/v1/labels", headers=headers, content=b"{}")
            ask("GET", "/v1/models", headers=headers)
    finally:
        loggers[0].handlers[:] = before[0]
        for logger, level in zip(loggers, before[1], strict=True):
            logger.setLevel(level)
    text = stream.getvalue()
    assert "inside" in text
    assert secret not in text
    assert "wk_other" not in text
