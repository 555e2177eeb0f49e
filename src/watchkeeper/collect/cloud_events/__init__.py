"""CloudEvents of payload loggers: requests and responses of KServe and Seldon as predictions.

What comes in: events over HTTP in binary, structured or batch mode, a request and its response
each on its own. What goes out: halves, which `Pairs` joins, and labels and outcomes of feedback.
The law: the record of a pair has one idempotency key, whichever way it comes about, so a journal
that keeps the halves and drops a second record of a key loses and doubles nothing over a crash.

- `events`: the three modes of CloudEvents to one form.
- `binary_tensors`: tensors as bytes behind a JSON header.
- `payloads`: V1, V2 and Seldon bodies to named features and predictions.
- `feedback`: the truth and the reward to labels and outcomes.
- `halves`: events to halves.
- `pairs`: the bounded store of halves that wait, and the record of a pair.
"""

from watchkeeper.collect.cloud_events.feedback import Told
from watchkeeper.collect.cloud_events.halves import Events, Half, Request, read_cloud_events
from watchkeeper.collect.cloud_events.pairs import Pair, PairCounts, Pairs, read_pair

__all__ = [
    "Events",
    "Half",
    "Pair",
    "PairCounts",
    "Pairs",
    "Request",
    "Told",
    "read_cloud_events",
    "read_pair",
]
