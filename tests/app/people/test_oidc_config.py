"""The file that says where people sign in: what it means, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.app.people.oidc.config import SECRET, OidcConfig, read_oidc
from watchkeeper.core.errors import InputError

GOOD = """
issuer: https://id.example.org/realms/main
client_id: watchkeeper
roles:
  admin: [ml-admins]
  editor: ml-team
"""
ENVIRON = {SECRET: "s3cret"}


def written(folder: Path, text: str) -> Path:
    """A file with a text."""
    path = folder / "oidc.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_settings(tmp_path: Path) -> None:
    """The secret comes from the environment, and is not shown."""
    found = read_oidc(written(tmp_path, GOOD), ENVIRON)
    assert found == OidcConfig(
        "https://id.example.org/realms/main", "watchkeeper", "s3cret",
        roles={"admin": ("ml-admins",), "editor": ("ml-team",)},
    )  # fmt: skip
    assert "s3cret" not in repr(found)


def test_all_may_be_said(tmp_path: Path) -> None:
    """Another variable, another claim, other scopes, and a role for everybody else."""
    text = GOOD + (
        "client_secret_env: MINE\nlabel: Sign in with Example\nname_claim: email\n"
        "role_claim: realm_access.roles\nscopes: [profile, roles]\ndefault_role: viewer\n"
    )
    found = read_oidc(written(tmp_path, text), {"MINE": "other"})
    assert (found.client_secret, found.scopes) == ("other", ("openid", "profile", "roles"))
    claims = {"realm_access": {"roles": ["ml-team"]}, "groups": ["ml-admins"]}
    assert (found.role_of(claims), found.role_of({})) == ("editor", "viewer")


def test_without_a_secret(tmp_path: Path) -> None:
    """Only where the file says so."""
    text = GOOD + "client_secret_env: null\n"
    assert read_oidc(written(tmp_path, text), ENVIRON).client_secret is None


@pytest.mark.parametrize("claim", [None, 7, {"ml-admins": 1}, [["ml-admins"]], [7], "ml-admin", []])
def test_odd_claims_give_no_role(claim: object) -> None:
    """Whatever a provider sends."""
    config = OidcConfig("https://id", "wk", roles={"admin": ("ml-admins",)})
    assert config.role_of({"groups": claim}) is None


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ("", ENVIRON, "write a mapping"), ("{", ENVIRON, "line 1, column 2: this is no YAML"),
        (GOOD + "isuer: x\n", ENVIRON, "line 7, column 1: .* no 'isuer'; did you mean 'issuer'"),
        (GOOD.replace("https", "http"), ENVIRON, "must begin with https://"),
        (GOOD.replace("client_id: watchkeeper", ""), ENVIRON, "client_id is missing"),
        (GOOD.replace("client_id: watchkeeper", "client_id: [7]"), ENVIRON,
         "line 3, column 12: client_id must be a text"),
        (GOOD.replace("admin:", "amdin:"), ENVIRON, "no 'amdin'; did you mean 'admin'"),
        (GOOD.replace("[ml-admins]", "{a: 7}"), ENVIRON, "roles.admin must be a text"),
        (GOOD, {}, f"{SECRET} is not set"), (GOOD + "client_secret_env: MINE\n", ENVIRON, "MINE"),
        (GOOD + "scopes: [[7]]\n", ENVIRON, "scopes must be a text"),
        (GOOD + "default_role: boss\n", ENVIRON, "is 'boss'; it may be viewer, editor or admin"),
        (GOOD.partition("roles:")[0], ENVIRON, "nobody could sign in"),
        (GOOD.partition("roles:")[0] + "roles: [admin]\n", ENVIRON, "roles must hold keys"),
        (GOOD + "client_secret: s3cret\n", ENVIRON, "did you mean 'client_secret_env'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    tmp_path: Path, text: str, environ: dict[str, str], said: str
) -> None:
    """With the file's name and what to do."""
    with pytest.raises(InputError, match=f"(?s)oidc.yaml.*{said}"):
        read_oidc(written(tmp_path, text), environ)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(InputError, match=r"none.yaml cannot be read"):
        read_oidc(tmp_path / "none.yaml", ENVIRON)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Each with its place; numbers are names as they are written."""
    text = "isuer: x\nclient_id: 7\nroles: {admin: 1001, amdin: x}\ndefault_role: boss\n"
    with pytest.raises(InputError) as caught:
        read_oidc(written(tmp_path, text), ENVIRON)
    lines = [line.partition("oidc.yaml, ")[2] for line in str(caught.value).splitlines()]
    assert [line.partition(":")[0] for line in lines] == [
        "line 1, column 1", "line 1, column 1", "line 3, column 22", "line 4, column 15",
    ]  # fmt: skip
    found = read_oidc(written(tmp_path, GOOD.replace("[ml-admins]", "1001")), ENVIRON)
    assert found.roles["admin"] == ("1001",)
