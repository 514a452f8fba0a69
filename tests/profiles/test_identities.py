"""Profiles by who is who: each operation against folding anew."""

from typing import Any

import attrs
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.identity import IdentifierType, Identities, IdentityPolicy, Links, resolve
from tests.identity import worlds

HOUR = np.timedelta64(1, "h").astype("timedelta64[us]")
START = np.datetime64(worlds.START, "us")
TRAITS = [traits.Count(name="events"), traits.Recency("view", name="seen"), traits.Latest("item")]
LAW = settings(max_examples=60, deadline=None)
Row = dict[str, Any]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """An event: few ids, so that one comes with several bundles; clocks that are wrong."""
    hours, kind, source, names = draw(worlds.rows())
    some = st.sampled_from
    blocked = draw(some([False] * 9 + [True]))
    return {
        "hours": hours,
        "kind": kind,
        "source": source,
        "names": {"cookie": ("null",)} if blocked else names,
        "customer": draw(some([None, None, None, "ann", "ben"])),
        "id": draw(some([None, None, "1", "2", "3"])),
        "late": draw(some([None, None, 0, 3, -2])),
        "item": draw(some(["tea", "jam"])),
    }


@st.composite
def facts(draw: st.DrawFn) -> Row:
    """A statement, of consent or of anything."""
    hours, _, source, names = draw(worlds.rows())
    some = st.sampled_from
    return {
        "hours": hours,
        "names": names,
        "source": source,
        "customer": draw(some([None, None, "ann"])),
        "name": draw(some(["consent", "consent:mail", "region"])),
        "value": draw(some(["yes", "no"])),
        "late": draw(some([None, 0, 3, -2])),
    }


def event(row: Row) -> of.Event:
    time = START + row["hours"] * HOUR
    return of.Event(
        row["customer"],
        row["kind"],
        time,
        item=row["item"],
        id=row["id"],
        source=row["source"],
        received=None if row["late"] is None else time + row["late"] * HOUR,
        identifiers=row["names"],
    )


def log_of(events: list[Row], stated: list[Row]) -> of.EventLog:
    log = of.EventLog.from_events([event(row) for row in events])
    if not stated:
        return log
    for name in sorted({f["name"] for f in stated}):
        mine = [f for f in stated if f["name"] == name]
        held: dict[str, list[Any]] = {
            key: [f[key] for f in mine] for key in ("customer", "source", "value")
        }
        held["at"] = [START + f["hours"] * HOUR for f in mine]
        held["received"] = [
            None if f["late"] is None else START + (f["hours"] + f["late"]) * HOUR for f in mine
        ]
        for kind in ("user", "mail", "cookie"):
            for k in range(2):
                column = [(*f["names"].get(kind, ()), None, None)[k] for f in mine]
                held[f"{kind}{k}"] = column
        frame = pd.DataFrame(held).astype({"at": "datetime64[us]", "received": "datetime64[us]"})
        frame = frame.astype({c: object for c in frame.columns if c not in ("at", "received")})
        log = log + of.EventLog.from_facts(
            frame,
            customer="customer",
            time="at",
            facts={name: "value"},
            received="received",
            source="source",
            tz="UTC",
            identifiers={kind: [f"{kind}0", f"{kind}1"] for kind in ("user", "mail", "cookie")},
        )
    return log


@st.composite
def logs(draw: st.DrawFn, least: int = 1) -> of.EventLog:
    held = st.lists(rows(), min_size=least, max_size=10)
    return log_of(draw(held), draw(st.lists(facts(), max_size=5)))


@st.composite
def policies(draw: st.DrawFn) -> IdentityPolicy:
    made = draw(worlds.policies())
    customer = IdentifierType("customer", rank=9, limit=draw(st.sampled_from([None, 1])))
    return attrs.evolve(made.with_types(customer), deny_wins=["consent"])


@st.composite
def links(draw: st.DrawFn) -> Links | None:
    world = worlds.World((), IdentityPolicy(), draw(worlds.links()))
    told = world.told()
    return told


def moments() -> st.SearchStrategy[np.datetime64]:
    return st.builds(
        lambda h, us: START + h * HOUR + np.timedelta64(us, "us"),
        st.integers(0, 14),
        st.sampled_from([0, 1]),
    )


def fold(log: of.EventLog, identities: Identities, **how: Any) -> of.Profiles:
    return of.fold(log, TRAITS, identities=identities, **how)


def assert_same(a: of.Profiles, b: of.Profiles) -> None:
    assert a.ledger == b.ledger
    assert a.identities == b.identities
    assert a == b


@LAW
@given(logs(), policies(), links(), moments())
def test_as_of_a_moment_is_folding_what_was_known(
    log: of.EventLog, policy: IdentityPolicy, told: Links | None, t: np.datetime64
) -> None:
    whole = fold(log, resolve(log, policy, links=told))
    if t > whole.as_of:
        t = whole.as_of
    then = resolve(log, policy, as_of=t, links=told)
    assert_same(whole.at(t), fold(log.before(t), then))
    assert_same(fold(log, whole.identities, as_of=t), whole.at(t))


@LAW
@given(logs(), logs(), policies(), links())
def test_more_events_are_as_if_they_had_been_there(
    a: of.EventLog, b: of.EventLog, policy: IdentityPolicy, told: Links | None
) -> None:
    both = fold(a + b, resolve(a + b, policy, links=told))
    one, other = (fold(log, resolve(log, policy, links=told)) for log in (a, b))
    assert_same(one.update(b), both)
    assert_same(one.merge(other), both)
    assert_same(other.merge(one), both)
    assert_same(one.update(b).at(one.as_of), fold(a + b, both.identities, as_of=one.as_of))


@LAW
@given(logs(), policies(), policies(), links(), links())
def test_under_others_and_back(
    log: of.EventLog,
    policy: IdentityPolicy,
    other: IdentityPolicy,
    told: Links | None,
    more: Links | None,
) -> None:
    a, b = resolve(log, policy, links=told), resolve(log, other, links=more)
    one = fold(log, a)
    moved = one.resolved(b)
    assert_same(moved, fold(log, b))
    assert_same(moved.resolved(a), one)
    assert same_bytes(moved.resolved(a), one)


def same_bytes(a: of.Profiles, b: of.Profiles) -> bool:
    """Whether all that is held of events and facts is the same, but for unused columns."""
    for mine, other in ((a.ledger.events, b.ledger.events), (a.ledger.facts, b.ledger.facts)):
        for name in mine.data:
            if not np.array_equal(mine.array(name), other.array(name), equal_nan=False):
                if mine.array(name).dtype.kind not in "fM":
                    return False
                if mine.array(name).tobytes() != other.array(name).tobytes():
                    return False
    return True


def distinct_events(log: of.EventLog, identities: Identities) -> int:
    """Events with an identifier left: those with an id once, those without each."""
    known = pd.Series(identities.customers(log)).notna().to_numpy()
    told, key = log.events.array("has_id"), log.events.array("key")
    return len(set(key[known & told].tolist())) + int((known & ~told).sum())


@LAW
@given(logs(), policies(), links())
def test_the_events_of_people_add_up(
    log: of.EventLog, policy: IdentityPolicy, told: Links | None
) -> None:
    whole = fold(log, resolve(log, policy))
    n = distinct_events(log, resolve(log, policy))
    people = [whole, whole.resolved(resolve(log, policy, links=told))]
    for rule in ("strict", "session", "last_login"):
        other = attrs.evolve(policy, attribution=rule)
        people.append(people[-1].resolved(whole.identities.under(other)))
    for profiles in people:
        assert profiles.table["events"].sum() == n


# ------------------------------------------------------------------------ as of many moments


def as_asked(profiles: of.Profiles, customer: str, t: np.datetime64) -> dict[str, Any] | None:
    """Of the profiles as of a moment that of whom the customer's identifier was, if anybody."""
    then = profiles.at(min(t, profiles.as_of))
    who, today = then.identities, profiles.identities
    assert who is not None and today is not None
    at = profiles.ledger.people.code(customer)
    seen = profiles.ledger.events if at in profiles.ledger.events.array("customer") else None
    table = profiles.ledger.facts if seen is None else seen
    row = table.array("evidence")[table.array("customer") == at][0]
    owner = int(today.owned.owner[row])
    shared = owner >= len(today.partition)
    name = today.nodes.name(
        owner - len(today.partition) if shared else today.partition.anchor[owner]
    )
    node = who.nodes.find(*name)
    if node < 0:
        return None
    ids = who.to_pandas()["customer"].tolist()
    if shared and customer in then.ledger.people:
        return then[customer].to_dict()
    return then[ids[node]].to_dict() if ids[node] in then.ledger.people else None


@LAW
@given(logs(), policies(), links(), st.data())
def test_a_table_of_moments_is_profile_by_profile(
    log: of.EventLog, policy: IdentityPolicy, told: Links | None, data: st.DataObject
) -> None:
    profiles = fold(log, resolve(log, policy, links=told))
    if not len(profiles):
        return
    times = data.draw(st.lists(moments(), min_size=1, max_size=8))
    whose = data.draw(
        st.lists(st.sampled_from(list(profiles.ids)), min_size=len(times), max_size=len(times))
    )
    frame = pd.DataFrame({"customer": whose, "time": pd.DatetimeIndex(times, tz="UTC")})
    table = profiles.at(frame)
    for (customer, t), (_, row) in zip(
        zip(whose, times, strict=True), table.iterrows(), strict=True
    ):
        known = as_asked(profiles, customer, t)
        for name in ("events", "seen", "latest", "consent", "consent:mail", "region"):
            held = row.get(name)
            held = None if held is None or pd.isna(held) else held
            said = (known or {}).get(name)
            if name == "seen" and said is not None:
                said += max((t - profiles.as_of) / np.timedelta64(1, "D"), 0)
            if name == "events" and known is None:
                said = 0
            assert held == said or abs(held - said) < 1e-9, (name, customer, t, held, known)
