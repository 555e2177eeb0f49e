"""What a service embeds to be watched.

What comes in: nothing yet. What goes out: the version of the distribution. The law: this package
depends on nothing but Python, so that serving a model never installs a numerical stack.

Examples
--------
>>> import watchkeeper_client
>>> watchkeeper_client.__version__
'0.1.0'
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
"""The version of this distribution; a test holds it to that of the package's metadata."""
