"""CDNOW, where the folder of data sets has it, and customers drawn as if they were CDNOW's."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.lifetime.processes.process import Process

SPLIT = "1997-10-01"  # 39 weeks of 1997 before it
BGNBD_PARAMS = (0.242595, 4.413602, 0.792922, 2.425907)
MBGNBD_PARAMS = (0.524843, 6.183085, 0.891359, 1.614002)
PARETO_PARAMS = (0.553, 10.577, 0.606, 11.67)
HEAVY = pd.DataFrame(
    {
        "frequency": [221, 254, 161, 204],
        "recency": [103.42857, 97.14286, 94.71429, 98.57143],
        "T": [103.57143, 97.28571, 98.0, 99.42857],
    }
)


def raw() -> pd.DataFrame:
    """Transactions of the sample of 2,357 customers: sample_customer_id, date, amount."""
    folder = os.environ.get("ONEFOLD_DATA")
    path = Path(folder or ".") / "cdnow" / "cdnow_sample.parquet"
    if not folder or not path.exists():
        pytest.skip("CDNOW is not here: set ONEFOLD_DATA to the folder with cdnow/")
    return pd.read_parquet(path)


def log() -> of.EventLog:
    """The same as a log of purchases."""
    frame = raw().assign(event="purchase")
    return of.EventLog.from_frame(
        frame, customer="sample_customer_id", time="date", event="event", value="amount", tz="UTC"
    )


def drawn(process: Process, params: tuple[float, ...], n: int, seed: int) -> pd.DataFrame:
    """Customers drawn from a model, seen for 27 to 39 weeks, in days of a week."""
    rng = np.random.default_rng(seed)
    T = rng.integers(189, 273, n) / 7
    x, t_x = process.draw(np.array(params)[:, None], T, rng)
    return pd.DataFrame({"frequency": x, "recency": t_x, "T": T})
