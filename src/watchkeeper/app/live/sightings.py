"""When records of each version were seen, kept to the minute."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from watchkeeper.core.errors import UnavailableError
from watchkeeper.store.catalogue.catalogue import Catalogue

EXACT = timedelta(minutes=1)
"""How far what is kept may lie behind what was seen."""

MAX_VERSIONS = 10_000
"""Versions of a model that records may bring; further ones are stored, but not listed."""


class Sightings:
    """The first and last time of each version's records.

    Parameters
    ----------
    catalogue
        Where they are kept.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._known: dict[int, dict[str, tuple[datetime, datetime]]] = {}

    def note(self, model_id: int, versions: Mapping[str, datetime], *, used: bool) -> bool:
        """Note times of versions; whether the catalogue changed: there was a new one.

        Parameters
        ----------
        model_id
            The model.
        versions
            A time for each version.
        used
            Whether it is known of the model that records have come.
        """
        with self._lock:
            known = self._known.get(model_id)
            if known is None:
                known = self._known[model_id] = self._read(model_id)
            wider: dict[str, tuple[datetime, datetime]] = {}
            for version, time in versions.items():
                if version not in known and (len(known) >= MAX_VERSIONS or "\0" in version):
                    continue
                first, last = known.get(version, (time, time))
                if version not in known or time < first - EXACT or time > last + EXACT:
                    wider[version] = (min(first, time), max(last, time))
            fresh = {version: seen for version, seen in wider.items() if version not in known}
            if fresh or not used:
                self._add(model_id, fresh)
            self._touch(model_id, {v: seen for v, seen in wider.items() if v not in fresh})
            known |= wider
            return bool(fresh) or not used

    def _read(self, model_id: int) -> dict[str, tuple[datetime, datetime]]:
        return {
            row.version: (row.first_seen, row.last_seen or row.first_seen)
            for row in self._catalogue.versions(model_id)
            if row.first_seen is not None
        }

    def _add(self, model_id: int, fresh: Mapping[str, tuple[datetime, datetime]]) -> None:
        with self._catalogue.change() as change:
            if not change.mark_used(model_id):
                return  # It has been removed meanwhile.
            for version, (first, last) in fresh.items():
                change.see_version(model_id, version, first, last)

    def _touch(self, model_id: int, wider: Mapping[str, tuple[datetime, datetime]]) -> None:
        for version, (first, last) in wider.items():
            try:
                self._catalogue.touch_version(model_id, version, first, last)
            except UnavailableError:
                # A minute that is not noted is no reason to refuse the records.
                return
