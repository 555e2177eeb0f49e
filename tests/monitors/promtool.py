"""Prometheus' own `promtool` as an oracle for rules, where it is installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed; it is in Debian's package prometheus"
)


def differences(folder, rules, test):
    """What `promtool test rules` finds different from what a test expects, or an empty text."""
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    whole = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yml").write_text(yaml.safe_dump(whole))
    command = [PROMTOOL, "test", "rules", str(folder / "test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, 1)
    return "" if done.returncode == 0 else done.stdout + done.stderr
