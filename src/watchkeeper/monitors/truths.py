"""What a condition says at many times: one small integer for each `Truth`."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from watchkeeper.monitors.rule import Truth

FALSE: Final = 0
TRUE: Final = 1
NO_DATA: Final = 2
ERROR: Final = 3

Truths: TypeAlias = npt.NDArray[np.int8]
"""Codes, one for each time."""

BY_CODE: Final = (Truth.FALSE, Truth.TRUE, Truth.NO_DATA, Truth.ERROR)
"""The `Truth` of each code.

>>> BY_CODE[TRUE]
<Truth.TRUE: 'true'>
"""

CODES: Final = {truth: code for code, truth in enumerate(BY_CODE)}
"""The code of each `Truth`."""
