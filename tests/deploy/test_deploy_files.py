"""The files of deploy/: sound by their own linters, and true to what the program is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.containerfile import DEPLOY, ROOT, instructions
from watchkeeper.app.people.oidc.config import SECRET
from watchkeeper.cli.users import PASSWORD

pytestmark = pytest.mark.newest

COMPOSE = ("compose.yaml", "compose.replicas.yaml")
MANIFESTS = ("base", "replicas", "ingress", "backup")
PATCHES = {"replicas/server.yaml", "ingress/settings.yaml"}
MADE_BY_HAND = {"watchkeeper-admin", "watchkeeper-catalogue", "watchkeeper-tls"}
"""Secrets that docs/deploy.md has people make."""

OLDEST, NEWEST = "1.29", "1.37"
"""The versions of Kubernetes that the manifests are checked against."""

Manifest = dict[str, Any]


def run(program: str, *arguments: str | Path) -> str:
    """Run a program of this environment; what it says where it is content."""
    found = Path(sys.executable).with_name(program)
    if not found.exists():
        pytest.skip(f"{program} is not installed: it is in the dependency group 'test'")
    done = subprocess.run(
        [found, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---- each by its linter ----------------------------------------------------------------------


def test_hadolint_has_nothing_to_say() -> None:
    """Not even of style."""
    run("hadolint", "--failure-threshold", "style", "deploy/Containerfile")


def test_shellcheck_has_nothing_to_say() -> None:
    """Of the scripts in the image."""
    run("shellcheck", *sorted(DEPLOY.glob("*.sh")))


def test_yamllint_has_nothing_to_say() -> None:
    """Of compose files and manifests."""
    rules = {"line-length": {"max": 100}, "document-start": "disable"}
    run("yamllint", "--strict", "-d", json.dumps({"extends": "default", "rules": rules}), DEPLOY)


def test_compose_files_follow_the_specification() -> None:
    """By the schema of the Compose specification."""
    files = [DEPLOY / name for name in COMPOSE]
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *files)


@pytest.mark.parametrize("name", COMPOSE)
def test_docker_compose_reads_it(name: str, tmp_path: Path) -> None:
    """With all that it refers to."""
    docker = shutil.which("docker")
    here = docker and subprocess.run(
        [docker, "compose", "version"], capture_output=True, check=False
    )  # fmt: skip
    if not here or here.returncode:
        pytest.skip("there is no `docker compose` on this machine; the schema was checked")
    deploy = shutil.copytree(DEPLOY, tmp_path / "deploy")
    (deploy / "secrets").mkdir(exist_ok=True)
    for secret in yaml.safe_load((deploy / name).read_text())["secrets"].values():
        (deploy / secret["file"]).write_text("x")
    command = [str(docker), "compose", "-f", str(deploy / name), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_manifests_follow_the_schemas_of_kubernetes(version: str) -> None:
    """Each as it stands; nothing is in them that Kubernetes does not know."""
    for manifest in plain_manifests():
        check_manifest(manifest, version)


def plain_manifests() -> Iterator[Manifest]:
    """The manifests that are whole by themselves."""
    for folder in MANIFESTS:
        for file in sorted((DEPLOY / "kubernetes" / folder).glob("*.yaml")):
            name = f"{folder}/{file.name}"
            if file.name != "kustomization.yaml" and name not in PATCHES:
                yield yaml.safe_load(file.read_text())


def check_manifest(manifest: Manifest, version: str) -> None:
    """Hold a manifest to the schemas of a version of Kubernetes."""
    validate = pytest.importorskip("kubernetes_validate").validate
    validate(manifest, version, strict=True)


# ---- what kustomize makes of the manifests ---------------------------------------------------


@pytest.fixture(params=["base", "replicas", "all"])
def built(request: pytest.FixtureRequest, tmp_path: Path) -> list[Manifest]:
    """What is sent to a cluster; `all` has the components beside two servers."""
    folder = shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    whole = {"resources": ["../replicas"], "components": ["../ingress", "../backup"]}
    (folder / "all").mkdir()
    (folder / "all" / "kustomization.yaml").write_text(json.dumps(whole))
    return kustomized(folder / request.param)


def kustomized(folder: Path) -> list[Manifest]:
    """The manifests that a folder comes to."""
    programs = (["kustomize", "build"], ["kubectl", "kustomize"])
    command = next((one for one in programs if shutil.which(one[0])), None)
    if command is None:
        pytest.skip("there is neither kustomize nor kubectl; the manifests alone were checked")
    done = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def test_what_is_built_follows_the_schemas(built: list[Manifest]) -> None:
    """In the oldest and the newest version."""
    for manifest in built:
        check_manifest(manifest, OLDEST)
        check_manifest(manifest, NEWEST)


def test_all_that_is_named_is_there(built: list[Manifest]) -> None:
    """Volumes, settings and secrets; services and budgets find their pods."""
    by = {(one["kind"], one["metadata"]["name"]): one for one in built}
    pod = by["StatefulSet", "watchkeeper"]["spec"]["template"]
    wanted = set(named([one.get("spec") for one in built]))
    made = {(kind, name) for kind, name in wanted if kind == "Secret" and name in MADE_BY_HAND}
    assert wanted - made - set(by) == set()
    labels = pod["metadata"]["labels"]
    selectors = [by["Service", "watchkeeper"]["spec"]["selector"]]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in built if has_match(one)]
    assert len(selectors) >= 2
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()


def has_match(manifest: Manifest) -> bool:
    """Whether a manifest says which pods it is about."""
    return manifest["kind"] in {"StatefulSet", "PodDisruptionBudget"}


def named(node: object) -> Iterator[tuple[str, str]]:
    """Kind and name of all that a pod refers to."""
    kinds = {
        "configMapRef": ("ConfigMap", "name"), "secretKeyRef": ("Secret", "name"),
        "secret": ("Secret", "secretName"),
        "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
    }  # fmt: skip
    if isinstance(node, list):
        for one in node:
            yield from named(one)
    if isinstance(node, dict):
        for key, value in node.items():
            if key in kinds:
                kind, name = kinds[key]
                yield kind, value[name]
            yield from named(value)


def test_pods_have_few_rights_and_are_watched(built: list[Manifest]) -> None:
    """Not root, nothing to write on but the volume, limits, and probes that the server answers."""
    for pod in pods(built):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"]
            assert not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
    (server,) = next(pods(built))["containers"]
    probes = {name: server[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness")}
    assert probes == {"liveness": "/healthz", "readiness": "/readyz"}


def pods(built: list[Manifest]) -> Iterator[Manifest]:
    """What runs, the servers first."""
    for one in sorted(built, key=lambda one: one["kind"] != "StatefulSet"):
        spec = one.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield spec["template"]["spec"]


def test_several_servers_say_that_they_share(built: list[Manifest]) -> None:
    """Two on one folder are refused otherwise; and they run where the volume is."""
    spec = next(one for one in built if one["kind"] == "StatefulSet")["spec"]
    (server,) = spec["template"]["spec"]["containers"]
    shares = {one["name"]: one.get("value") for one in server.get("env", [])}
    assert (spec["replicas"] > 1) == (shares.get("WATCHKEEPER_REPLICA") == "true")
    assert (spec["replicas"] > 1) == ("affinity" in spec["template"]["spec"])


# ---- true to the program ---------------------------------------------------------------------


def known_variables() -> set[str]:
    """The variables that `watchkeeper serve` reads, and those that the image adds to them."""
    from typer.main import get_command

    from watchkeeper.cli.main import app

    serve = get_command(app).commands["serve"]  # type: ignore[attr-defined]  # it is a group
    known = {one.envvar for one in serve.params if one.envvar}
    script = (DEPLOY / "entrypoint.sh").read_text()
    match = re.search(r'names="(.*)"', script)
    assert match is not None
    secrets = set(match[1].split())
    assert secrets <= known | {PASSWORD, SECRET, "PGPASSWORD"}
    return known | secrets | {f"{name}_FILE" for name in secrets}


def test_every_variable_is_one_that_is_read() -> None:
    """A setting that nobody reads is a mistake that nobody sees."""
    known = known_variables()
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    pages = [ROOT / "docs" / "deploy.md"]
    for file in files + pages:
        used = set(re.findall(r"\b(?:WATCHKEEPER|PG)_?[A-Z_]*[A-Z]\b", file.read_text()))
        used -= {"PGPASSFILE", "WATCHKEEPER_URL", "WATCHKEEPER_KEY"}
        assert used - known == set(), file


def test_what_is_copied_is_there_and_not_ignored() -> None:
    """Each source of a COPY, by the rules of .dockerignore: the last that fits counts."""
    rules = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]  # fmt: skip
    sources = [
        word
        for name, words in instructions()
        if name == "COPY" and not words[0].startswith("--from")
        for word in words[:-1]
        if not word.startswith("--")
    ]
    assert len(sources) > 5
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not is_ignored(source, rules), source
    for secret in (".git/config", ".venv/pyvenv.cfg", "deploy/secrets/admin-password"):
        assert is_ignored(secret, rules), secret


def is_ignored(path: str, rules: list[str]) -> bool:
    """Whether a path stays outside of what the image is built from."""
    parents = ["/".join(path.split("/")[: n + 1]) for n in range(path.count("/") + 1)]
    ignored = False
    for rule in rules:
        if any(fnmatch(parent, rule.removeprefix("!")) for parent in parents):
            ignored = not rule.startswith("!")
    return ignored


def test_versions_agree() -> None:
    """The image is tagged with the version of the package, everywhere."""
    import watchkeeper

    text = "".join(path.read_text() for path in DEPLOY.rglob("*.yaml"))
    tags = set(re.findall(r"(?:watchkeeper:|newTag: |version: )(\d[\w.]*)", text))
    assert tags == {watchkeeper.__version__}


def test_no_registry_is_named() -> None:
    """Images come from whichever registry the machine is set up with."""
    text = "".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    assert re.findall(r"(?:FROM|image:) +\S+\.\S+/\S+", text) == []
