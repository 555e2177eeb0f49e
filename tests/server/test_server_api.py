"""The API as described: every route, every answer, and how questions reach the platform."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np
import pytest
import yaml
from jsonschema import Draft202012Validator
from starlette.routing import Route

from tests.server.fake_platform import MODEL, FakePlatform
from watchkeeper.app.live.questions import RowsQuery, SeriesQuery
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, UnavailableError
from watchkeeper.server.application import make_app
from watchkeeper.server.pages import ADDRESSES, FOR_PROGRAMS
from watchkeeper.server.records import EXAMPLES, RECORDS
from watchkeeper.server.services import encode

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
Ask = Callable[..., httpx.Response]
PATHS = [
    "/v1/models", f"/v1/models/{MODEL}", f"/v1/models/{MODEL}/versions",
    f"/v1/models/{MODEL}/metrics?metric=psi", f"/v1/models/{MODEL}/overview",
    f"/v1/models/{MODEL}/compare?a=7&b=8", f"/v1/models/{MODEL}/rows",
    f"/v1/models/{MODEL}/report", f"/v1/models/{MODEL}/changes", "/v1/changes", "/v1/metrics",
    "/v1/status", "/v1/keys", "/healthz", "/readyz",
]  # fmt: skip


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The description, as JSON."""
    app = make_app(FakePlatform(tmp_path_factory.mktemp("described")))
    app.state.services.close()
    found: dict[str, Any] = json.loads(encode(app.openapi()))
    return found


def check(described: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    """Hold a value to a schema of the description."""
    Draft202012Validator({**schema, "components": described["components"]}).validate(value)


def answer_schema(
    described: dict[str, Any], path: str, method: str = "get", status: int = 200
) -> dict[str, Any]:
    """The schema of an answer in JSON."""
    template = path.partition("?")[0].replace(MODEL, "{model}").replace("/k1", "/{key}")
    answer = described["paths"][template][method]["responses"][str(status)]
    found: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return found


def test_every_route_is_described(own: FakePlatform, described: dict[str, Any]) -> None:
    """What the application answers to stands in the description, and nothing else does."""
    app = make_app(own)
    app.state.services.close()
    served = set()
    for route in app.routes:
        found = getattr(route, "original_router", None)
        for each in found.routes if found is not None else [route]:
            assert isinstance(each, Route) or hasattr(each, "methods")
            served |= {(method, each.path_format) for method in each.methods}
    shown = {
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    }
    # The web pages hold no data, and are no interface for programs.
    pages = {("GET", address.replace(":path", "")) for address in (*ADDRESSES, "/assets/{name}")}
    unshown = pages | {("GET", "/openapi.json")}
    assert {pair for pair in served if pair[0] != "HEAD"} == shown | unshown
    # A wrong address below any of these is a program's mistake, and answered as such.
    apart = {path.split("/")[1] for _, path in shown} | {"assets", "openapi.json"}
    assert apart - {""} == FOR_PROGRAMS


@pytest.mark.parametrize("path", ["/nowhere", "/models", "/no/where?a=b", "/v1x", "/index.html"])
def test_who_mistypes_an_address_is_told_by_a_page(served: httpx.Client, path: str) -> None:
    """The application's own, as at any of its addresses, but for the status."""
    found = served.get(path, headers=BROWSER)
    page = served.get("/", headers=BROWSER)
    assert (found.status_code, found.text) == (404, page.text)
    ids = {"date", "x-request-id"}
    told, usual = (
        {name: value for name, value in answer.headers.items() if name not in ids}
        for answer in (found, page)
    )
    assert told == usual
    assert "script-src 'self'" in told["content-security-policy"]
    assert served.head(path, headers=BROWSER).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/nowhere", "*/*"), ("GET", "/nowhere", "application/json"),
        ("GET", "/favicon.ico", "image/avif,image/webp,*/*;q=0.8"),
        ("POST", "/nowhere", "text/html"), ("GET", "/v1/nowhere", "text/html"),
        ("GET", "//v1/nowhere", "text/html"), ("GET", "/v1", "text/html"),
        ("GET", "/api/v1/alerts", "text/html"), ("GET", "/metrics/x", "text/html"),
        ("GET", "/healthz/x", "text/html"), ("GET", "/assets/no.js", "text/html"),
        ("GET", "/assets", "text/html"), ("GET", "/v1/models/none", "text/html"),
    ],
)  # fmt: skip
def test_a_program_at_a_wrong_address_is_told_in_json(
    served: httpx.Client, method: str, path: str, accept: str
) -> None:
    """What asks for no page, or below the addresses of programs."""
    answer = served.request(method, str(served.base_url) + path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_foreign_name_finds_no_page_either(served: httpx.Client) -> None:
    """In local mode a wrong address is refused as a right one is."""
    answer = served.get("/nowhere", headers={**BROWSER, "Host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_host")


def test_the_description_is_whole(described: dict[str, Any]) -> None:
    """References lead somewhere, operations have ids, tags, words, and errors of our shape."""
    text = json.dumps(described)
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in described["components"]["schemas"]
    assert "HTTPValidationError" not in text
    tags = {tag["name"] for tag in described["tags"]}
    operations = [
        operation for methods in described["paths"].values() for operation in methods.values()
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags
        for status, answer in operation["responses"].items():
            assert status != "422"
            assert answer["description"]
            if int(status) >= 400 and operation["operationId"] != "readiness":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}
    for name, schema in described["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert "description" in schema, name


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_as_described(
    served: httpx.Client, platform: FakePlatform, described: dict[str, Any], path: str
) -> None:
    """Each answer of the platform fits the type that programs are generated from."""
    if path == "/v1/keys":
        platform.keys.create("a", ["admin"])
    answer = served.get(path, headers={"Authorization": "Bearer wk_k1"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    check(described, answer_schema(described, path), answer.json())


def test_answers_to_changes_are_as_described(
    served: httpx.Client, described: dict[str, Any]
) -> None:
    """The same for what changes something, and for errors."""
    model = f"/v1/models/{MODEL}"
    reference = f"{model}/reference"
    calls: list[tuple[str, str, dict[str, Any], int]] = [
        ("PUT", model, {"json": {"task": "binary"}}, 200),
        ("PUT", reference, {"json": {"rolling": "28d"}}, 202),
        ("PUT", reference, {"content": b"PAR1"}, 200),
        ("GET", reference, {}, 200),
        ("DELETE", model, {}, 200),
        ("POST", "/v1/predictions", {"json": {}}, 200),
        ("POST", "/v1/keys", {"json": {"name": "a", "scopes": ["admin"]}}, 201),
        ("DELETE", "/v1/keys/k1", {"headers": {"Authorization": "Bearer wk_k1"}}, 200),
    ]
    for method, path, more, status in calls:
        answer = served.request(method, path, **more)
        assert answer.status_code == status, answer.text
        check(described, answer_schema(described, path, method.lower(), status), answer.json())
    error = served.get("/v1/models/nobody")
    assert error.status_code == 404
    check(described, answer_schema(described, "/v1/models", status=503), error.json())


@pytest.mark.parametrize("signal", list(Signal))
def test_examples_of_records_fit_their_schemas(described: dict[str, Any], signal: Signal) -> None:
    """An example alone, in a list and in an object are all requests."""
    content = described["paths"][f"/v1/{signal.value}"]["post"]["requestBody"]["content"]
    json_body = content["application/json"]
    for body in (EXAMPLES[signal], [EXAMPLES[signal]], *(
        example["value"] for example in json_body["examples"].values()
    )):  # fmt: skip
        check(described, json_body["schema"], body)
    Draft202012Validator.check_schema(RECORDS[signal])
    assert {"application/x-ndjson", "application/vnd.apache.arrow.stream"} <= set(content)


def test_a_model_file_is_handed_over(served: httpx.Client, platform: FakePlatform) -> None:
    """YAML goes as text, so that errors name lines; JSON as a mapping; the name from the path."""
    text = "task: binary\nlabel: late\n"
    _, secret = platform.keys.create("boss", ["admin"])
    bearer = {"Authorization": f"Bearer {secret}"}
    for headers in ({"Content-Type": "application/yaml"}, {}):
        served.put(f"/v1/models/{MODEL}", content=text, headers={**headers, **bearer})
    served.put(f"/v1/models/{MODEL}?force=true", json=yaml.safe_load(text), headers=bearer)
    assert platform.registry.applied == [
        (text, MODEL, False, "boss"), (text, MODEL, False, "boss"),
        ({"task": "binary", "label": "late"}, MODEL, True, "boss"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "type_", "said"),
    [(b"[1]", "application/json", "JSON object"), (b"{", "application/json", "JSON object"),
     (b"[" * 100_000, "application/json", "JSON object"), (b"\xff\xfe", "", "UTF-8")],
)  # fmt: skip
def test_model_files_that_are_none_are_refused(
    served: httpx.Client, body: bytes, type_: str, said: str
) -> None:
    """Neither broken nor deeply nested bodies reach the registry."""
    answer = served.put(f"/v1/models/{MODEL}", content=body, headers={"Content-Type": type_})
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_names_may_hold_slashes_and_quotes(served: httpx.Client) -> None:
    """A name is quoted in a path, and a quoted slash is none of the path's own."""
    answer = served.get("/v1/models/a%2Fb%20%2541/versions")
    assert answer.status_code == 200
    assert served.get("/v1/models/a/b/versions").status_code == 404
    missing = served.get("/v1/models/caf%C3%A9%2Fmetrics")
    assert "caf\u00e9/metrics" in missing.json()["error"]["message"]


def test_series_are_asked_as_written(served: httpx.Client, platform: FakePlatform) -> None:
    """Every parameter reaches the platform; NaN is null on the wire."""
    answer = served.get(
        f"/v1/models/{MODEL}/metrics",
        params={"metric": ["psi", "ks"], "column": ["a", "b"], "window": "7d", "step": "1h",
                "version": "8", "segment": "origin:JFK"},
    )  # fmt: skip
    assert platform.queries == [
        SeriesQuery(("psi", "ks"), ("a", "b"), "7d", "1h", "8", "origin:JFK")
    ]
    assert [point["value"] for point in answer.json()["series"][0]["points"]] == [0.21, None]


def test_lines_are_bare_numbers_and_large_ones_are_compressed(
    served: httpx.Client, platform: FakePlatform
) -> None:
    """A chart of many points comes as columns; who takes no gzip gets it plain."""
    path = f"/v1/models/{MODEL}/lines"
    asked = {"metric": "psi", "window": "365d", "step": "1h"}
    large = served.get(path, params=asked)
    assert platform.queries == [SeriesQuery(("psi",), (), "365d", "1h", None, None)]
    assert large.headers["content-encoding"] == "gzip"
    assert large.json()["lines"][0]["values"][:2] == [0.21, None]
    assert large.json()["starts"][:2] == [0, 3600]
    plain = served.get(path, params=asked, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    assert plain.json() == large.json()
    assert "content-encoding" not in served.get(path, params={"metric": "psi"}).headers


def test_rows_are_asked_as_written(served: httpx.Client, platform: FakePlatform) -> None:
    """Every parameter reaches the platform."""
    served.get(
        f"/v1/models/{MODEL}/rows",
        params={"window": "all", "version": "8", "where": 'a > 1 && b == "x"', "id": ["1", "2"],
                "limit": 5, "cursor": "c", "order": "oldest"},
    )  # fmt: skip
    assert platform.queries == [
        RowsQuery("all", "8", 'a > 1 && b == "x"', ("1", "2"), 5, "c", "oldest")
    ]


def test_values_of_numpy_have_a_form_in_json() -> None:
    """What a platform may let slip through; anything else is a failure, not a guess."""
    value = {"a": np.float64("nan"), "b": np.arange(2), "c": MappingProxyType({"d": np.int64(3)})}
    assert encode(value) == b'{"a":null,"b":[0,1],"c":{"d":3}}'
    with pytest.raises(TypeError, match="object"):
        encode(object())


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (f"/v1/models/{MODEL}/metrics", "metric"), (f"/v1/models/{MODEL}/rows?limit=0", "limit"),
        (f"/v1/models/{MODEL}/rows?limit=x", "limit"), (f"/v1/models/{MODEL}/compare?a=1", "b:"),
        (f"/v1/models/{MODEL}/rows?formt=csv", "formt"),
        (f"/v1/models/{MODEL}/rows?format=xml", "format"),
        (f"/v1/models/{MODEL}/rows?format=csv&cursor=c", "cursor"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(served: httpx.Client, path: str, named: str) -> None:
    """400 with the parameter's name; a misspelt one is not passed over."""
    answer = served.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert named in answer.json()["error"]["message"]


def test_an_uploaded_reference_is_kept_while_it_is_read(
    served: httpx.Client, platform: FakePlatform
) -> None:
    """The platform reads it from a file, which is gone afterwards."""
    rows = b"PAR1" * 700_000
    answer = served.put(
        f"/v1/models/{MODEL}/reference?name=june&sha256={'a' * 64}",
        content=(rows[i : i + 100_000] for i in range(0, len(rows), 100_000)),
        headers={"Content-Type": "application/vnd.apache.parquet"},
    )
    assert answer.status_code == 200
    ((request, held),) = platform.references
    assert held == rows
    assert (request.kind, request.content_type) == ("data", "application/vnd.apache.parquet")
    assert request.origin == {"name": "june", "sha256": "a" * 64}
    assert request.path is not None
    assert not request.path.exists()


def test_references_of_production_are_wishes(served: httpx.Client, platform: FakePlatform) -> None:
    """202: it is made in the background; anything else than one of the three is refused."""
    path = f"/v1/models/{MODEL}/reference"
    assert served.get(path).status_code == 404
    assert served.put(path, json={"seasonal": "4w"}).status_code == 202
    assert platform.references[0][0].origin == {"seasonal": "4w"}
    for wrong in ({}, {"rolling": "28d", "window": "a..b"}, {"kind": "rolling"}):
        assert served.put(path, json=wrong).status_code == 400


@pytest.mark.parametrize(("limits", "status"), [({"upload": 1000}, 413), ({}, 503)])
def test_uploads_are_bounded(
    serve: Callable[..., str], tmp_path: Path, limits: dict[str, int], status: int
) -> None:
    """By their size, and by the room on the disk; nothing is left lying about."""
    platform = FakePlatform(tmp_path, min_free=0 if limits else 1 << 60)
    url = serve(platform, **limits)
    for content in (b"x" * 5000, iter([b"x" * 5000])):
        answer = httpx.put(f"{url}/v1/models/{MODEL}/reference", content=content)
        assert answer.status_code == status
    assert list(tmp_path.glob("incoming/*")) == []


@pytest.mark.parametrize("what", ["rows", "metrics"])
@pytest.mark.parametrize(
    ("params", "accept", "type_"),
    [
        ({"format": "csv"}, "", "text/csv"), ({}, "text/csv, */*;q=0.1", "text/csv"),
        ({"format": "parquet"}, "text/csv", "application/vnd.apache.parquet"),
        ({}, "application/vnd.apache.parquet", "application/vnd.apache.parquet"),
    ],
)  # fmt: skip
def test_files_are_streamed(
    served: httpx.Client, what: str, params: dict[str, str], accept: str, type_: str
) -> None:
    """By the parameter, else by the header."""
    asked = {**params, "metric": "psi"} if what == "metrics" else params
    answer = served.get(f"/v1/models/{MODEL}/{what}", params=asked, headers={"Accept": accept})
    assert answer.content == b"id,x\n1,2\n"
    assert answer.headers["content-type"].partition(";")[0] == type_
    assert "attachment" in answer.headers["content-disposition"]


def test_a_wrong_question_is_no_file(served: httpx.Client, platform: FakePlatform) -> None:
    """What is wrong shows at the first piece, before anything is sent."""

    def fail() -> Iterator[bytes]:
        raise InputError("no such column")
        yield b""

    platform.pieces = fail
    answer = served.get(f"/v1/models/{MODEL}/rows?format=csv")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert served.get("/v1/models/nobody/rows?format=csv").status_code == 404


def test_a_file_that_breaks_off_is_not_taken_for_whole(
    served: httpx.Client, platform: FakePlatform
) -> None:
    """The connection is cut in the middle, and the platform's iterator is closed."""
    closed = threading.Event()

    def fail() -> Iterator[bytes]:
        try:
            yield b"id\n"
            raise UnavailableError("the disk went away")
        finally:
            closed.set()

    platform.pieces = fail
    with pytest.raises(httpx.RemoteProtocolError):
        served.get(f"/v1/models/{MODEL}/rows?format=csv")
    assert closed.wait(5)


def test_a_reader_who_leaves_ends_the_export(served: httpx.Client, platform: FakePlatform) -> None:
    """Nobody goes on making a file that nobody reads."""
    closed = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 100_000
        finally:
            closed.set()

    platform.pieces = endless
    with served.stream("GET", f"/v1/models/{MODEL}/rows?format=csv") as answer:
        assert next(answer.iter_raw())
    assert closed.wait(10)


def test_questions_that_hang_end_and_leave_the_rest_alone(
    serve: Callable[..., str], own: FakePlatform
) -> None:
    """A question that takes too long is 503, as are those behind it; health and records go on."""
    release = threading.Event()

    def hang() -> list[dict[str, Any]]:
        release.wait(20)
        return []

    own.models = hang
    url = serve(own, question_s=0.3, threads=1)
    answers: list[httpx.Response] = []
    asking = [
        threading.Thread(target=lambda: answers.append(httpx.get(f"{url}/v1/models", timeout=20)))
        for _ in range(3)
    ]
    for thread in asking:
        thread.start()
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert httpx.post(f"{url}/v1/labels", content=b"{}").status_code == 200
    for thread in asking:
        thread.join()
    release.set()
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert all("retry-after" in answer.headers for answer in answers)
