"""Object storage that speaks the S3 protocol: URL, options, files, and what its errors mean.

All requests go through Delta's library, so that one chain of credentials holds for what is written
and for what is read: `AWS_ACCESS_KEY_ID` and its companions, a profile, a web identity, the role of
a container or of a machine. Nothing of it is kept here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow.fs as pafs

from watchkeeper.core.errors import InputError

_URL = re.compile(r"s3a?://(?P<bucket>[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?P<prefix>(?:/[^?#]*)?)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

_LIMITS = {
    "connect_timeout": "5s",
    "timeout": "30s",
    "max_retries": "3",
    "retry_timeout": "20s",
}
"""The library's own would have a step wait for three minutes."""

_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or let it run where a role "
    "gives them"
)
_SAYS: dict[str, tuple[str, str]] = {
    "NoSuchBucket": ("there is no such bucket", "make it, or name another one"),
    "AccessDenied": (
        "access is denied",
        "let these credentials list the bucket, and read, write and delete below the prefix",
    ),
    "InvalidAccessKeyId": ("the access key is not known there", _CREDENTIALS),
    "SignatureDoesNotMatch": ("the secret key is not the right one", _CREDENTIALS),
    "ExpiredToken": ("the credentials have expired", _CREDENTIALS),
    "InvalidToken": ("the session token is not valid", _CREDENTIALS),
    "AuthorizationHeaderMalformed": ("the region is another", "set AWS_REGION to the bucket's"),
    "PermanentRedirect": ("the region is another", "set AWS_REGION to the bucket's"),
}


class Trouble(NamedTuple):
    """Why object storage cannot be used, what to do, and whether waiting will not help."""

    why: str
    advice: str
    lasting: bool


def object_url(text: str) -> str:
    """The URL of a place on object storage, in the one way that it is written here.

    Raises
    ------
    InputError
        It is none, or holds what does not belong into it.

    Examples
    --------
    >>> object_url("s3a://events/watchkeeper/"), object_url("s3://events")
    ('s3://events/watchkeeper', 's3://events')
    """
    found = _URL.fullmatch(text)
    # What was given is not repeated: it may hold a key.
    if found is None:
        raise InputError(
            "the place of the tables cannot be read; write it as s3://bucket/prefix, without keys: "
            "those come from the environment, such as AWS_PROFILE or AWS_ACCESS_KEY_ID"
        )
    parts = [part for part in found["prefix"].split("/") if part]
    if any(
        re.fullmatch(r"[\w .=~-]+", part, re.ASCII) is None or set(part) == {"."} for part in parts
    ):
        raise InputError(
            "the prefix of the tables may have letters, digits, spaces and . _ = ~ - between its "
            "slashes; choose another one"
        )
    return "/".join([f"s3://{found['bucket']}", *parts])


def storage_options(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What Delta's library is told beside the environment, which it reads itself.

    Examples
    --------
    >>> storage_options({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"})["allow_http"]
    'true'
    """
    options = {
        **_LIMITS,
        "aws_conditional_put": "etag",  # A commit is made only where nobody was first.
        "AWS_FORCE_CREDENTIAL_LOAD": "true",  # Profiles too, also where an endpoint is given.
    }
    endpoint = next((environ[name] for name in _ENDPOINTS if environ.get(name)), None)
    if endpoint is not None:
        options["AWS_ENDPOINT_URL"] = endpoint
        # Unencrypted only for whoever says so: machines of one's own network.
        options["allow_http"] = "true" if endpoint.startswith("http://") else "false"
    return options


def trouble_of(text: str) -> Trouble:
    r"""What an error of the library says, for people.

    Examples
    --------
    >>> trouble_of("… <Error><Code>NoSuchBucket</Code><Message>…").why
    'there is no such bucket'
    >>> trouble_of("Generic S3 error\n  ↳ tcp connect error\n  ↳ Connection refused").why
    'Connection refused'
    """
    code = _CODE.search(text)
    if code is not None and code[1] in _SAYS:
        return Trouble(*_SAYS[code[1]], lasting=True)
    if any(sign in text for sign in ("loading credentials", "//169.254.", "IMDS")):
        return Trouble("no credentials were found", _CREDENTIALS, lasting=True)
    plain = re.sub(r"\x1b\[[0-9;]*m|↳", "", text)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    spoken = [line for line in lines if "<" not in line and "://" not in line]
    why = code[1] if code is not None else spoken[-1][:200] if spoken else "no reason was given"
    return Trouble(why, "it is tried again by itself", lasting=False)


def files_below(
    url: str, options: Mapping[str, str], sizes: Mapping[str, int] | None = None
) -> pafs.FileSystem:
    """Files whose names begin with a URL, by the rest of their names.

    Parameters
    ----------
    url
        It ends before a slash.
    options
        As of `storage_options`.
    sizes
        Bytes of some of the files: who reads one need not ask for its size.
    """
    from deltalake.fs import DeltaStorageHandler

    handler: Any = DeltaStorageHandler(url, dict(options), dict(sizes or {}))
    return pafs.PyFileSystem(handler)
