"""A service's day on a real database: processes of their own write and read at the same time.

docs/how-to/service.md tells the same day in one process.
"""

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import onefold as of
from onefold.errors import UnknownCustomer
from tests.store.day import OPEN, TYPES, analyst, events_of, log_of, night, tills, web

pytest.importorskip("sqlalchemy", reason="pip install 'onefold[store]'")

TODAY = pd.Timestamp("2025-02-26", tz="UTC")
MONTH = "2025-02-01"
PERSON = ("email", "c37@mail.sim")


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    """Processes that know nothing of this one."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        yield pool


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    return of.datasets.simulate_identities(120, days=60, rng=1).frame


def folded(log: of.EventLog, as_of: Any = None) -> of.Profiles:
    """What the store must say, by the batch code on the log alone."""
    return of.fold(log, as_of=as_of, identities=of.resolve(log, as_of=as_of))


def test_day(
    lasting: str, tmp_path: Path, workers: ProcessPoolExecutor, shop: pd.DataFrame
) -> None:
    before, day = shop[shop["time"] < TODAY], shop[shop["time"] >= TODAY]
    online = day["channel"].isin(["web", "app"])
    scorer, month = str(tmp_path / "scorer.onefold"), str(tmp_path / "month.onefold")

    with of.Store(lasting, **OPEN) as store:
        store.observe_all(log_of(before))
    read = workers.submit(night, lasting, scorer).result()
    named = before[list(TYPES)].notna().any(axis=1)
    assert read == named.sum()  # what came without an identifier is nobody's

    # The day: three processes at once.
    clicks = workers.submit(web, lasting, scorer, day[online])
    batches = workers.submit(tills, lasting, day[~online], 10)
    looked = workers.submit(analyst, lasting, month, MONTH)
    answered, (new, repeated, suppressed), _ = clicks.result(), batches.result(), looked.result()
    assert (new, repeated, suppressed) == ((~online).sum(), (~online).sum(), 0)
    assert answered and all(items for _, _, items in answered)

    with of.Store(lasting, **OPEN) as store:
        assert store.profiles() == folded(log_of(shop))
        past = log_of(shop[shop["time"] < pd.Timestamp(MONTH, tz="UTC")])
        assert of.load(month) == folded(past, MONTH)
        assert len(store.decisions()) == sum(len(items) for _, _, items in answered)
        forgotten_by_all(store, lasting, shop)
        assert store.checkpoints()["stale"].tolist() == [True]
    workers.submit(night, lasting, scorer).result()
    late = day[online & ((day["email"] == PERSON[1]) | (np.arange(len(day)) % 4 == 0))]
    replayed = workers.submit(web, lasting, scorer, late).result()
    with of.Store(lasting, **OPEN) as store:
        assert store.checkpoints()["stale"].tolist() == [False]
        theirs = {str(e) for e in shop.loc[shop["email"] == PERSON[1], "id"]}
        assert not theirs & {event for event, _, _ in replayed}
        digest = store.digest()
        store.rebuild()
        assert store.digest() == digest


def forgotten_by_all(store: Any, url: str, shop: pd.DataFrame) -> None:
    """A person asks for an export, then to be forgotten; nothing brings them back."""
    log = log_of(shop)
    who = of.resolve(log)
    customer = who.customer_of(PERSON)
    mine = np.asarray(who.customers(log)) == customer
    own = who.members(customer)
    assert mine.sum() > 3 and customer == store.profile(PERSON).id

    text = store.export(PERSON).to_json()
    assert json.loads(text)
    assert all(json.dumps(value)[1:-1] in text for value in own["value"])

    certificate = store.forget(PERSON, time=TODAY + pd.Timedelta("3D"))
    assert certificate in list(store.certificates())
    with pytest.raises(UnknownCustomer):
        store.profile(PERSON)
    assert store.profiles() == folded(log_of(shop[~mine]))  # as if they had never been
    digest, rows = store.digest(), len(store)
    taken = store.observe_all(log)  # a replay of everything
    assert (taken.new, taken.suppressed) == (0, mine.sum())
    late, *_ = events_of(shop[shop["email"] == PERSON[1]])
    assert store.observe(late) is None
    assert (store.digest(), len(store)) == (digest, rows)
    if url.startswith("sqlite"):
        gone_from_files(Path(url.removeprefix("sqlite:///")), own)


def gone_from_files(path: Path, own: pd.DataFrame) -> None:
    """No file of the database holds an identifier that was the person's alone."""
    values = own.loc[own["state"] == "own", "value"]
    long = [value.encode() for value in values if len(value) > 8]  # shorter ones occur by chance
    assert long
    for file in path.parent.glob(path.name + "*"):
        held = file.read_bytes()
        assert not [value for value in long if value in held], file.name
