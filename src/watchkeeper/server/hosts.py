"""Names of hosts: which are this machine alone, and which a header holds."""

from __future__ import annotations

import ipaddress

from watchkeeper.core.errors import InputError


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone.

    >>> is_loopback("127.8.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_of(header: str) -> str:
    """The name in a `Host` header, in lower case, without the port.

    >>> host_of("LocalHost:8470"), host_of("[::1]:8470"), host_of("::1")
    ('localhost', '::1', '::1')
    """
    text = header.strip().lower().rpartition("@")[2]
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text if text.count(":") > 1 else text.partition(":")[0].rstrip(".")


def check_proxies(text: str) -> None:
    """See to it that proxies that are trusted are named by addresses.

    Raises
    ------
    InputError
        One is not; all addresses would mean that everybody says who they are.

    Examples
    --------
    >>> check_proxies("127.0.0.1, 10.0.0.0/8")
    """
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ipaddress.ip_network(part, strict=False)
        except ValueError as error:
            raise InputError(
                f"--trusted-proxies {part[:60]!r} is no address or network; write "
                "127.0.0.1 or 10.0.0.0/8, with commas"
            ) from error
        if network.prefixlen == 0:
            raise InputError(
                f"--trusted-proxies {part} trusts everybody to say who they are; name the "
                "addresses of your proxies"
            )
