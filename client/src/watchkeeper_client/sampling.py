"""Which predictions are sent where not all are, and how many each of them stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Sample"]


class Sample:
    """A share of predictions, chosen by their ids, so that all services choose the same.

    The id's BLAKE2b digest of 8 bytes, read as a big-endian fraction of 2**64, is compared with the
    rate. So the sample of a lower rate is part of that of a higher one, and a service in another
    language can make the same choice. Errors are always kept. What is kept stands for `1 / rate`
    predictions, an error for one: sums of weights estimate the numbers without sampling, without
    bias.

    Parameters
    ----------
    rate
        Above 0 and up to 1.

    Examples
    --------
    >>> half = Sample(0.5)
    >>> [half.weight(id, failed=False) for id in ("p-1", "p-2")]
    [2.0, None]
    >>> half.weight("p-2", failed=True)
    1.0
    """

    def __init__(self, rate: float) -> None:
        from hashlib import blake2b

        self.rate = rate
        self._limit = int(rate * 2.0**64)
        self._hash: Callable[..., Any] = blake2b

    def weight(self, identity: str, *, failed: bool) -> float | None:
        """How many predictions one stands for; None where it is left out.

        Parameters
        ----------
        identity
            The prediction's id.
        failed
            Whether it is an error.
        """
        if failed:
            return 1.0
        digest = self._hash(identity.encode("utf-8", "replace"), digest_size=8).digest()
        return 1.0 / self.rate if int.from_bytes(digest, "big") < self._limit else None
