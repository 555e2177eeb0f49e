"""Files of SLOs in either format: our own, or OpenSLO."""

from __future__ import annotations

from watchkeeper.files.nodes import is_mapping
from watchkeeper.files.reader import Reader
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.monitors.slo.openslo import parse_openslo
from watchkeeper.monitors.slo.reading import parse_slos


def slos_in(text: str, *, name: str = "the SLO file") -> tuple[Slo, ...]:
    """The SLOs of a text; it is OpenSLO where a document of it has an `apiVersion`.

    Raises
    ------
    InputError
        With the line and column of each thing that is wrong.

    Examples
    --------
    >>> slos_in("{apiVersion: openslo/v1, kind: Service, metadata: {name: flights}}")
    ()
    >>> [slo.name for slo in slos_in("slos: [{name: up, objective: 99.9%, sli: availability}]")]
    ['up']
    """
    documents = Reader(name).documents(text)
    keys = {key.value for node in documents if is_mapping(node) for key, _ in node.value
            if isinstance(key.value, str)}  # fmt: skip
    return (parse_openslo if "apiVersion" in keys else parse_slos)(text, name=name)
