"""The roles of a service's day, each run by a process of its own: docs/how-to/service.md as code.

web       loads the scorer, observes clicks one at a time, ranks, records what was shown
    tills     delivers batches, each of them twice
    night     folds the log, fits, saves, sets a checkpoint
    analyst   reads profiles as of an earlier moment
"""

from typing import Any

import pandas as pd

import onefold as of

KEY = "the service's secret"
OPEN: dict[str, Any] = {"key": KEY, "durable": "process"}  # power cuts are not of this day
TYPES = ("user_id", "crm_id", "loyalty_card", "email", "phone", "device", "cookie")


def log_of(frame: pd.DataFrame) -> of.EventLog:
    """Rows of a simulated shop as a log."""
    return of.EventLog.from_frame(
        frame,
        time="time",
        event="event",
        item="item",
        channel="channel",
        value="value",
        currency="EUR",
        basket="basket",
        id="id",
        source="source",
        received="received",
        identifiers={name: name for name in TYPES},
    )


def events_of(frame: pd.DataFrame) -> list[of.Event]:
    """The same rows as single events."""
    names = ["event", "time", "item", "channel", "value", "basket", "id", "source", "received"]
    held = frame.astype(object).where(frame.notna(), None)
    return [
        of.Event(None, **{k: row[k] for k in names}, identifiers={k: row[k] for k in TYPES})
        for row in held.to_dict("records")
    ]


def web(url: str, scorer: str, clicks: pd.DataFrame) -> list[tuple[str, str, list[str]]]:
    """Observe clicks, rank, record: (id of the event, customer, items) of each one answered."""
    fitted: Any = of.load(scorer)
    answered = []
    with of.Store(url, **OPEN) as store:
        for n, event in enumerate(events_of(clicks)):
            profile = store.observe(event)
            if profile is None:
                continue
            ranking = fitted.sample(profile, n=3, temperature=0.5, rng=n)
            store.record(ranking, channel="web")
            answered.append((str(event.id), profile.id, list(ranking.of(0))))
    return answered


def tills(url: str, frame: pd.DataFrame, rows: int) -> tuple[int, int, int]:
    """Deliver batches, each of them twice: how many rows were new, repeated, suppressed."""
    new = repeated = suppressed = 0
    with of.Store(url, **OPEN) as store:
        for start in range(0, len(frame), rows):
            batch = log_of(frame.iloc[start : start + rows])
            for _ in range(2):
                taken = store.observe_all(batch)
                new, repeated = new + taken.new, repeated + taken.repeated
                suppressed += taken.suppressed
    return new, repeated, suppressed


def night(url: str, path: str) -> int:
    """Fold the log, fit, save, set a checkpoint: how many events were read."""
    with of.Store(url, **OPEN) as store:
        position = store.position()
        profiles = store.profiles()
        of.save(of.Scorer().fit(profiles, rng=7), path)
        store.checkpoint("scorer", position)
        return sum(len(profiles[customer]) for customer in profiles.ids)


def analyst(url: str, path: str, month: str) -> None:
    """Save the profiles as of a moment."""
    with of.Store(url, **OPEN) as store:
        of.save(store.profiles().at(month), path)
