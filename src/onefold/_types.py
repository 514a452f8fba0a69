"""Names for the arrays that run through the house.

Inside, a column is a numpy array: instants are datetime64[us] in UTC, money is a whole
number of millionths, codes are int32 with -1 for missing, measures are float64 with NaN.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.int32]
Bools: TypeAlias = npt.NDArray[np.bool_]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Times: TypeAlias = npt.NDArray[np.datetime64]
Strings: TypeAlias = npt.NDArray[np.object_]

Instant: TypeAlias = str | dt.datetime | dt.date | pd.Timestamp | np.datetime64
Duration: TypeAlias = str | dt.timedelta | pd.Timedelta | np.timedelta64
Rng: TypeAlias = int | np.random.Generator | None
Names: TypeAlias = Sequence[str]

NO_MONEY = np.iinfo(np.int64).min  # a missing amount of money, in micros
NO_OFFSET = np.iinfo(np.int32).min  # a missing local clock, in seconds from UTC
MICROS = 1_000_000  # micros in one unit of money, microseconds in a second
