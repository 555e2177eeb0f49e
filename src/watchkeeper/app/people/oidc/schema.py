"""The JSON schema of the file that says where people sign in."""

from __future__ import annotations

from watchkeeper.app.people.oidc.config import SECRET
from watchkeeper.app.people.roles import ROLES
from watchkeeper.files.schema import (
    TEXT,
    Schema,
    choice,
    document,
    each,
    mapping,
    maybe,
    told,
)


def oidc_schema() -> Schema:
    """The schema of an OpenID Connect provider.

    Examples
    --------
    >>> oidc_schema()["anyOf"][0]["required"]
    ['issuer', 'client_id']
    """
    address: Schema = {"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://"}
    may = {
        "client_secret_env": told(f"The variable with the secret ({SECRET}); null for none.", TEXT),
        "label": told("What the button says.", TEXT),
        "name_claim": told("The claim that becomes the user's name (preferred_username).", TEXT),
        "role_claim": told("The claim with groups or roles: realm_access.roles (groups).", TEXT),
        "scopes": told("What the provider is asked for.", each(TEXT)),
        "roles": told("Values of that claim for each role; the highest counts.",
                      mapping({role: each(TEXT) for role in ROLES})),
        "default_role": told("The role of everybody else; left out, they may not sign in.",
                             choice(ROLES)),
    }  # fmt: skip
    must = {
        "issuer": told("The provider's address, as its tokens say it.", address),
        "client_id": told("As the provider knows this server.", TEXT),
    }
    held = {**must, **{key: maybe(value) for key, value in may.items()}}
    return document("Single sign-on", mapping(held, *must), empty=False)
