"""Shoppers whose purchases come and end as BG/NBD has it, and cost what Gamma-Gamma says.

Each buys at a rate of gamma(.8, 15 days) and leaves after a repeat purchase with a chance of
beta(.4, .8); a purchase costs gamma(6, nu), nu of gamma(4, 15).
"""

import numpy as np
import pandas as pd

from onefold import EventLog

START = np.datetime64("2024-01-01", "us")
SPLIT, END = "2024-07-01", "2024-10-01"


def shoppers(n: int, seed: int, *, extra: bool = True) -> EventLog:
    """The purchases of n customers who come in the first half of 2024, up to October."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(0.8, 1 / 15, n), rng.beta(0.4, 0.8, n)
    nu = rng.gamma(4, 1 / 15, n)
    rows = []
    for i in range(n):  # few hundreds
        time = first = rng.uniform(0, 150)
        while time < 274:
            rows.append((f"c{i:04}", time, rng.gamma(6, 1 / nu[i])))
            if time != first and rng.random() < leave[i]:
                break
            time += 1 + rng.exponential(1 / rate[i])
    frame = pd.DataFrame(rows, columns=["who", "days", "paid"])
    when = START + (frame["days"].to_numpy() * 86_400_000_000).astype("timedelta64[us]")
    frame = frame.assign(at=when, what="purchase", paid=frame["paid"].round(2))
    if extra:
        seen = pd.DataFrame({"who": ["zoe"], "at": [START], "what": ["view"], "paid": [np.nan]})
        frame = pd.concat([frame[["who", "at", "what", "paid"]], seen])
    return EventLog.from_frame(
        frame[["who", "at", "what", "paid"]],
        customer="who",
        time="at",
        event="what",
        value="paid",
        tz="UTC",
    )
