"""What does runs, over the stores of one folder."""

from __future__ import annotations

from watchkeeper.app.alarms.keeper import SloShelf, live_versions, measured_around
from watchkeeper.app.alarms.open_buckets import OpenBuckets
from watchkeeper.app.alarms.runbooks.aftermaths import reach_of
from watchkeeper.app.alarms.runbooks.allowed import AutomationFile
from watchkeeper.app.alarms.runbooks.runner import Runner
from watchkeeper.app.live.clock import Clock
from watchkeeper.app.live.measured import Measured
from watchkeeper.app.live.registry import Registry
from watchkeeper.app.live.settings import Settings
from watchkeeper.store.catalogue.alarms import AlarmStore
from watchkeeper.store.catalogue.leases import Leases


class Runs:
    """A runner with files of its own, so that it waits for nobody else's reading.

    Parameters
    ----------
    settings
        Where the stores lie, and what the operator allows.
    store, registry
        What alarms remember, and the models.
    leases
        Which processes share the work.
    clock, url
        Gives the time; where the server is reached.
    """

    def __init__(
        self,
        settings: Settings,
        store: AlarmStore,
        registry: Registry,
        leases: Leases,
        *,
        clock: Clock,
        url: str,
    ) -> None:
        self._registry = registry
        self._buckets = OpenBuckets(settings.buckets)
        self._runner = Runner(
            store,
            around=measured_around(
                self._measured, live_versions(registry), SloShelf(store).all, clock, url
            ),
            clock=clock,
            automation=AutomationFile(settings.automation_file),
            reach=reach_of(store, url),
            leases=leases,
        )

    def start(self) -> None:
        """Begin to look for what is asked for."""
        self._runner.start()

    def close(self) -> None:
        """Take nothing up any more, and let go of the files."""
        self._runner.close()
        self._buckets.close()

    def _measured(self, model: str) -> Measured:
        self._registry.get(model)
        return Measured(model, self._buckets.get(model), self._registry.reference(model))
