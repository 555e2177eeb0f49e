"""Write the description of the HTTP API into a file, for the types of the web application."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Write the description to the path that is given."""
    from watchkeeper.app.live.settings import Settings
    from watchkeeper.app.served import ServedPlatform
    from watchkeeper.server.application import make_app
    from watchkeeper.server.services import encode

    target = Path(arguments[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        platform = ServedPlatform(Settings(Path(folder)))
        app = make_app(platform)
        target.write_bytes(encode(app.openapi()))
        app.state.services.close()
        platform.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
