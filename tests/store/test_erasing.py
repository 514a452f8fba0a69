"""Who is erased is gone as if they had never come, and does not come back."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import Event
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.store.erasing import forget
from onefold.store.writing import observe
from tests.examples import few
from tests.identity.worlds import HOUR, START, policies, rows
from tests.store.erasures import copied, held, opened, told


@st.composite
def streams(draw: st.DrawFn, most: int = 14) -> list[Event]:
    """Events in any order, late and early, with and without ids, some of them twice."""
    out = []
    for number, (hours, kind, source, names) in enumerate(
        draw(st.lists(rows(), min_size=1, max_size=most))
    ):
        time = np.datetime64(START + hours * HOUR, "us")
        late = draw(st.sampled_from([None, None, -1, 2]))
        received = None if late is None else time + np.timedelta64(late, "h")
        id = draw(st.sampled_from([None, f"e{number}", f"e{number // 3}"]))
        more: dict[str, Any] = {"source": source, "id": id, "received": received}
        out.append(Event(None, kind, time, identifiers=names, **more))
    return out


@settings(max_examples=few(20), deadline=None)
@given(streams(), policies(), st.data())
def test_a_store_is_as_if_the_erased_had_never_come(
    events: list[Event], policy: Any, data: Any
) -> None:
    core = opened(policy)
    for event in events:
        observe(core, event)
    names = told(core, "SELECT type, value FROM nodes ORDER BY node")
    gone = 0
    for at, value in data.draw(st.lists(st.sampled_from(names), max_size=2)) if names else []:
        try:
            forget(core, (policy.types[at].name, value))
            gone += 1
        except (ArgumentError, UnknownCustomer):
            continue
    after = held(core)
    other = opened(policy)
    copied(core, other)
    for event in events:
        observe(other, event)
    assert held(other) == after
    for event in events:  # nobody comes back; without an id an event that is repeated is another
        if event.id is not None:
            observe(core, event)
    assert held(core) == after
    assert not gone or len(after["log"]) < len(events)
    for one in (core, other):
        one.database.close()


def kiosk(at: str, name: str | None = None, kind: str = "view", **more: Any) -> Event:
    held = {"device": "kiosk"} if name is None else {"device": "kiosk", "user_id": name}
    return Event(None, kind, f"2024-03-01 {at}", identifiers=held, **more)


SHARED = [
    kiosk("09:00", "ann", "login"),
    kiosk("09:05", item="hers"),
    kiosk("09:06", item="hers too", id="e1"),
    kiosk("10:00", "ben", "login"),
    kiosk("10:05", item="his"),
    kiosk("11:00", "cid", "login"),
    kiosk("12:00", "dan", "login"),
]


def items(store: of.Store, who: Any) -> list[str | None]:
    return [None if e is None else str(e) for e in store.export(who).events["item"]]


def test_who_shares_a_device_goes_alone() -> None:
    ann, ben = ("user_id", "ann"), ("user_id", "ben")
    with of.Store(key="k") as store:
        for event in SHARED:
            store.observe(event)
        assert items(store, ann) == [None, "hers", "hers too"]
        his = items(store, ben)
        made = store.forget(ann)
        assert (made.identifiers, made.events, made.count("log")) == (1, 2, 3)
        with pytest.raises(UnknownCustomer):
            store.profile(ann)
        assert items(store, ben) == his == [None, "his"]
        digest, rows = store.digest(), len(store)
        assert store.observe_all(SHARED[:3]).suppressed == 3  # from an older copy
        assert (store.digest(), len(store)) == (digest, rows)
        store.rebuild()
        assert store.digest() == digest


def test_what_was_superseded_by_an_event_on_a_shared_device_counts_again(url: str) -> None:
    """The delivery that goes is theirs by the timeline alone; the other one is somebody else's."""
    ann, ben = ("user_id", "ann"), ("user_id", "ben")
    with of.Store(url, key="k") as store:
        for event in (*SHARED, kiosk("13:00", "ben", item="his too", id="e1")):
            store.observe(event)
        assert len(store.profile(ben)) == 2  # the later delivery of e1 does not count
        store.forget(ann)
        assert len(store.profile(ben)) == 3
        assert store.profile(ben) == store.profiles()[store.profile(ben).id]
        assert not store.rebuild()


def test_a_device_that_few_are_left_on_is_not_shared_any_more() -> None:
    with of.Store(key="k") as store, of.Store(key="k") as other:
        for event in SHARED:
            store.observe(event)
        for name in ("ann", "cid", "dan"):
            store.forget(("user_id", name))
        for event in SHARED[3:5]:
            other.observe(event)
        assert store.profile(("device", "kiosk")).id == other.profile(("user_id", "ben")).id
        assert len(store.profiles()) == len(other.profiles()) == 1


def test_a_delivery_that_was_superseded_counts_again() -> None:
    with of.Store(key="k") as store:
        for at, name in (("09:00", "ann"), ("09:01", "ben")):
            store.observe(Event(name, "view", f"2024-03-01 {at}", id="e1"))
        assert len(store.export(("customer", "ben")).events.query("counts")) == 0
        store.forget(("customer", "ann"))
        assert len(store.export(("customer", "ben")).events.query("counts")) == 1
        assert len(store.profiles()) == 1


def test_what_was_fitted_on_the_person_is_stale() -> None:
    with of.Store(key="k") as store:
        store.observe(Event("ben", "view", "2024-03-01"))
        store.checkpoint("before")
        store.observe(Event("ann", "view", "2024-03-01"))
        store.checkpoint("after")
        made = store.forget(("customer", "ann"), time="2024-03-02")
        assert made.stale == ("after",) and str(made.time) == "2024-03-02T00:00:00.000000"
        stale = dict(zip(*store.checkpoints()[["name", "stale"]].to_numpy().T, strict=True))
        assert stale == {"before": False, "after": True}
        assert store.certificates() == (made,) and type(made).from_json(made.to_json()) == made
        assert "ann" not in made.to_json() and "after" in repr(made)


def test_facts_and_restrictions_go_along() -> None:
    with of.Store(key="k") as store:
        said = pd.DataFrame({"who": ["ann", "ben"], "job": ["smith", "baker"]})
        said["at"] = pd.Timestamp("2024-03-01", tz="UTC")
        store.observe_all(of.EventLog.from_facts(said, customer="who", time="at", facts=["job"]))
        store.restrict(("customer", "ann"))
        made = store.forget(("customer", "ann"))
        assert (made.count("log"), made.count("restricted")) == (1, 1)
        assert len(store) == 1 and store.export(("customer", "ben")).facts["value"][0] == "baker"


def test_who_has_nothing_of_their_own_cannot_be_forgotten() -> None:
    with of.Store(key="k") as store:
        for event in SHARED:
            store.observe(event)
        with pytest.raises(ArgumentError, match="is shared by 4 people"):
            store.forget(("device", "kiosk"))
        with pytest.raises(UnknownCustomer):
            store.forget(("user_id", "nobody"))


def test_a_certificate_tells_the_digest_where_it_is_asked_for() -> None:
    core, other = opened(of.identity.DEFAULT), opened(of.identity.DEFAULT)
    for name in ("ann", "ben"):
        observe(core, Event(name, "view", "2024-03-01"))
    made = forget(core, ("customer", "ann"), digest=True)
    copied(core, other)
    observe(other, Event("cid", "view", "2024-03-01"))
    observe(other, Event("ben", "view", "2024-03-01"))
    last = forget(other, ("customer", "cid"), digest=True)
    assert made.digest is not None and made.digest != last.digest  # another list
    assert forget(core, ("customer", "ben")).digest is None
    for one in (core, other):
        one.database.close()


def test_a_shared_tablet_stays_when_the_last_of_its_people_goes() -> None:
    def seen(day: int, **names: str) -> Event:
        return Event(None, "view", f"2024-03-0{day}", identifiers=names, id=f"e{day}{names}")

    past = [seen(1, user_id="ann", device="t"), seen(2, user_id="ben", device="t")]
    past += [seen(3, user_id="cid", device="t"), seen(4, user_id="dan", device="t")]
    with of.Store(key="k") as store, of.Store(key="k") as alone:
        store.observe_all(past)
        for name in ("dan", "cid", "ben"):
            store.forget(("user_id", name))
        late = seen(5, device="t")  # nobody is left on it but ann: it is taken to be hers
        assert store.observe(late) is not None
        made = store.forget(("user_id", "ann"))
        assert (made.identifiers, made.events, len(store)) == (1, 1, 0)
        assert store.observe_all([*past, late]).suppressed == 5
        for event in (seen(6, user_id="eve", device="t"), seen(7, device="t")):
            assert store.observe(event) is not None  # a stranger's, who has the tablet next
        made = store.forget(("user_id", "eve"))
        assert made.identifiers == 1 and store.observe(seen(8, device="t")) is not None
        made = store.forget(("device", "t"))  # whoever it was: these rows, and not the tablet
        assert (made.identifiers, made.events) == (0, 1)
        alone.observe_all([seen(1, device="t")])
        assert alone.forget(("device", "t")).identifiers == 1  # of one person as far as was seen
        assert alone.observe(seen(2, device="t")) is None
