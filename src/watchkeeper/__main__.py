"""`python -m watchkeeper` is `watchkeeper`."""

from watchkeeper.cli.main import run

run()
