"""Watchkeeper keeps watch over machine-learning models in production.

`compare` two sets of rows, `track` one over time, `profile` rows to compare and merge without
sharing them, `infer` a model file. Each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchkeeper.app.model_file import read_model_file as load_model
    from watchkeeper.app.sources import read_profile as load_profile
    from watchkeeper.core.errors import (
        InputError,
        MissingExtraError,
        ModelError,
        ProfileError,
        RuleError,
        WatchkeeperError,
    )
    from watchkeeper.core.model import Model
    from watchkeeper.profiles.profile import Profile
    from watchkeeper.reports.report import Report, compare, infer, profile, track

__version__ = "0.1.0"

# By name, since `watchkeeper --help` pays for all that is imported at the top here.
_LAZY = {
    "InputError": ("watchkeeper.core.errors", "InputError"),
    "MissingExtraError": ("watchkeeper.core.errors", "MissingExtraError"),
    "Model": ("watchkeeper.core.model", "Model"),
    "ModelError": ("watchkeeper.core.errors", "ModelError"),
    "Profile": ("watchkeeper.profiles.profile", "Profile"),
    "ProfileError": ("watchkeeper.core.errors", "ProfileError"),
    "Report": ("watchkeeper.reports.report", "Report"),
    "RuleError": ("watchkeeper.core.errors", "RuleError"),
    "WatchkeeperError": ("watchkeeper.core.errors", "WatchkeeperError"),
    "compare": ("watchkeeper.reports.report", "compare"),
    "infer": ("watchkeeper.reports.report", "infer"),
    "load_model": ("watchkeeper.app.model_file", "read_model_file"),
    "load_profile": ("watchkeeper.app.sources", "read_profile"),
    "profile": ("watchkeeper.reports.report", "profile"),
    "track": ("watchkeeper.reports.report", "track"),
}

__all__ = [
    "InputError",
    "MissingExtraError",
    "Model",
    "ModelError",
    "Profile",
    "ProfileError",
    "Report",
    "RuleError",
    "WatchkeeperError",
    "__version__",
    "compare",
    "infer",
    "load_model",
    "load_profile",
    "profile",
    "track",
]


def __getattr__(name: str) -> Any:
    """The public name, imported now."""
    if name not in _LAZY:
        raise AttributeError(f"module 'watchkeeper' has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
