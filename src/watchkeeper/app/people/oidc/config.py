"""The file that says where people sign in, and which role they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchkeeper.app.people.roles import ROLES
from watchkeeper.core.errors import InputError
from watchkeeper.files.composing import decode
from watchkeeper.files.nodes import Node, Words, is_nothing
from watchkeeper.files.reader import Reader

SECRET = "WATCHKEEPER_OIDC_SECRET"  # noqa: S105  # the name of a variable
"""The environment variable that holds the client's secret, unless the file names another."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TEXTS = ("issuer", "client_id", "client_secret_env", "label", "name_claim", "role_claim")
KEYS = (*_TEXTS, "scopes", "roles", "default_role")


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """Where people sign in.

    Attributes
    ----------
    issuer
        The provider's address, exactly as its tokens say it.
    client_id, client_secret
        As the provider knows this server; without a secret PKCE alone proves who asks.
    label
        What the button says.
    scopes
        What the provider is asked for.
    name_claim
        The claim that becomes the user's name here.
    role_claim
        The claim that holds groups or roles, with dots into objects: `realm_access.roles`.
    roles
        Values of that claim for each role; the highest role that fits counts.
    default_role
        The role of everybody else; None: they may not sign in.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    label: str = "Sign in with single sign-on"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    name_claim: str = "preferred_username"
    role_claim: str = "groups"
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_role: str | None = None

    def role_of(self, claims: Mapping[str, Any]) -> str | None:
        """The role that claims give; None for none.

        >>> config = OidcConfig("https://id", "wk", roles={"editor": ("ml",), "admin": ("ops",)})
        >>> config.role_of({"groups": ["ml", "ops"]}), config.role_of({"groups": "ml"})
        ('admin', 'editor')
        >>> config.role_of({"groups": ["hr"]}) is None
        True
        """
        held = claim_of(claims, self.role_claim)
        found = held if isinstance(held, list) else [held]
        values = {one for one in found if isinstance(one, str)}
        for role in reversed(ROLES):
            if values & set(self.roles.get(role, ())):
                return role
        return self.default_role


def claim_of(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by dots into objects; a name that has dots itself is found first.

    >>> claim_of({"realm_access": {"roles": ["a"]}}, "realm_access.roles")
    ['a']
    """
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def read_oidc(path: Path, environ: Mapping[str, str]) -> OidcConfig:
    """Read the file; the secret is in the environment, never in the file.

    Raises
    ------
    InputError
        The file cannot be read, or with the line and column of all that is wrong in it.
    """
    try:
        text = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return parse_oidc(text, environ, name=str(path))


def parse_oidc(text: str, environ: Mapping[str, str], *, name: str = "oidc.yaml") -> OidcConfig:
    """The settings in a text.

    Raises
    ------
    InputError
        With the line and column of all that is wrong.

    Examples
    --------
    >>> text = "{issuer: 'https://id', client_id: wk, roles: {admin: ops}}"
    >>> parse_oidc(text, {SECRET: "s3cret"}).roles
    {'admin': ('ops',)}
    """
    reader = _Reader(name)
    config = reader.config(reader.compose(text), environ)
    reader.finish()
    if config is None:
        raise InputError(f"{name}: write a mapping with at least issuer, client_id and roles")
    return config


class _Reader(Reader):
    """Makes settings of the nodes of the file."""

    WORDS = Words(unknown="{what} has no {key!r}{hint}")

    def config(self, root: Node | None, environ: Mapping[str, str]) -> OidcConfig | None:
        """All of it; None where the file is empty, or something is wrong."""
        if root is None:
            return None
        held = self.mapping(root, "the file", KEYS)
        known = {key: node for key, node in held.items() if not is_nothing(node)}
        given = {key: self.content(known[key], key) for key in _TEXTS if key in known}
        for key in ("issuer", "client_id"):
            if key not in known:
                self.wrong(
                    root, f"{key} is missing; the provider tells it when you register a client"
                )
        if issuer := given.get("issuer"):
            self.issuer(known["issuer"], issuer)
        name = given.pop("client_secret_env", None)
        secret = self.secret(root if name is None else known["client_secret_env"], name, environ,
                             public=name is None and "client_secret_env" in held)  # fmt: skip
        roles = self.roles(known["roles"]) if "roles" in known else {}
        default = known.get("default_role")
        role = None if default is None else self.choice(default, "default_role", ROLES)
        scopes = self.scopes(known["scopes"]) if "scopes" in known else ()
        if not roles and default is None and not self.problems:
            self.wrong(
                root,
                "nobody could sign in: give roles, such as `admin: [ml-admins]`, or a default_role",
            )
        if self.problems:
            return None
        said: dict[str, Any] = {key: text for key, text in given.items() if text is not None}
        if "scopes" in known:
            said["scopes"] = scopes
        return OidcConfig(**said, client_secret=secret, roles=roles, default_role=role)

    def issuer(self, node: Node, text: str) -> None:
        """The address must be one that nobody can listen to."""
        try:
            parts = urlsplit(text)
            is_near = parts.hostname in _LOOPBACK
        except ValueError:
            self.wrong(node, f"issuer is {text[:100]!r}, which is no address")
            return
        if parts.scheme != "https" and not (parts.scheme == "http" and is_near):
            self.wrong(node, f"issuer is {text[:100]!r}; it must begin with https://")

    def secret(
        self, node: Node, name: str | None, environ: Mapping[str, str], *, public: bool
    ) -> str | None:
        """The value of the variable that holds it; None for a client without one."""
        found = None if public else environ.get(name or SECRET)
        if not found and not public:
            self.wrong(
                node,
                f"the environment variable {name or SECRET} is not set; put the client's secret "
                "there, or write `client_secret_env: null` for a client without one",
            )
        return found

    def scopes(self, node: Node) -> tuple[str, ...]:
        """What the provider is asked for; `openid` always."""
        scopes = self.contents(node, "scopes")
        return scopes if "openid" in scopes else ("openid", *scopes)

    def roles(self, node: Node) -> dict[str, tuple[str, ...]]:
        """The values of the claim for each role."""
        held = self.mapping(node, "roles", ROLES)
        return {role: self.contents(value, f"roles.{role}") for role, value in held.items()}
