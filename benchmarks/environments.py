"""A virtual environment for each peer, since no two of them agree on NumPy and pandas."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".envs"


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, built first where it is missing or out of date.

    Parameters
    ----------
    peer
        The name of a file in ``benchmarks/requirements``, without its suffix.

    Returns
    -------
    pathlib.Path
        A Python that can import the peer.

    Raises
    ------
    subprocess.CalledProcessError
        The peer could not be installed.
    """
    pins = HERE / "requirements" / f"{peer}.txt"
    home = ENVIRONMENTS / peer
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    built = home / "requirements.sha256"
    if built.exists() and built.read_text() == wanted:
        return python
    print(f"building the environment of {peer}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pins)
    subprocess.run([python, *install], check=True)
    built.write_text(wanted)
    return python
