"""The switch of a service to its fallback, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.actions.remedies.base import Outcome, outcome
from watchkeeper.actions.remedies.webhook import Webhook


@dataclass(frozen=True, slots=True)
class Fallback:
    """Tells a service to answer with its fallback: `{"fallback": true, "model": …}` as JSON.

    Attributes
    ----------
    webhook
        How the service is reached; its body is not used.
    model, version
        Which model, and which version is to answer instead; the service's own choice where empty.
    off_url
        Where it is told to stop; the same address with `"fallback": false` where empty.
    """

    webhook: Webhook
    model: str = ""
    version: str = ""
    off_url: str = ""

    def describe(self) -> str:
        """What is asked of whom."""
        which = f" with version {self.version}" if self.version else ""
        said = (
            f"ask {self.webhook.url} to answer for {self.model or 'all models'}{which}, as fallback"
        )
        return outcome("ok", said, secrets=self.webhook.secrets).text

    def dry_run(self, variables: Mapping[str, str]) -> Outcome:
        """Say what would be asked."""
        del variables
        return outcome("ok", f"would {self.describe()}")

    def run(self, variables: Mapping[str, str]) -> Outcome:
        """Ask for the fallback."""
        del variables
        return self.webhook.send(self.webhook.url, self._body(on=True), {"fallback": "on"})

    def undo(self, memory: Mapping[str, str]) -> Outcome:
        """Ask for the model again."""
        del memory
        return self.webhook.send(self.off_url or self.webhook.url, self._body(on=False))

    def _body(self, *, on: bool) -> dict[str, object]:
        told = {"fallback": on, "model": self.model or None, "version": self.version or None}
        return {name: value for name, value in told.items() if value is not None}
