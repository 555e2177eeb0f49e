"""What a service embeds to be watched.

What comes in: predictions, labels, outcomes and changes, one call each. What goes out: batches over
HTTP to a Watchkeeper server, each counted once. The law: nothing here blocks the service, raises
into it, or installs a numerical stack; and every record is accounted for.

Examples
--------
>>> from watchkeeper_client import Client
>>> with Client("off", model="arrivals") as client:
...     id = client.log({"distance": 2475}, "late", score=0.81)
...     client.label(id, "on time")
"""

from __future__ import annotations

from watchkeeper_client.client import Client
from watchkeeper_client.counts import Counts
from watchkeeper_client.errors import ClientError
from watchkeeper_client.settings import Settings

__all__ = ["Client", "ClientError", "Counts", "Settings", "__version__"]

__version__ = "0.1.0"
"""The version of this distribution; a test holds it to that of the package's metadata."""
