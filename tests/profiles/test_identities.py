"""Profiles by who is who: each operation against folding anew."""

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold import traits
from onefold.errors import ArgumentError, OnefoldError, UnknownCustomer
from onefold.events.order import canonical
from onefold.identity import IdentifierType, Identities, IdentityPolicy, Links, resolve
from tests.identity import worlds

HOUR = np.timedelta64(1, "h").astype("timedelta64[us]")
START = np.datetime64(worlds.START, "us")
TRAITS = [traits.Count(name="events"), traits.Recency("view", name="seen"), traits.Latest("item")]
EXAMPLES = 20
LAW = settings(max_examples=EXAMPLES, deadline=None)
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
def links(draw: st.DrawFn) -> Any:
    world = worlds.World((), IdentityPolicy(), draw(worlds.links()))
    return world.told()


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


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(logs(), logs(), policies(), links())
def test_more_events_are_as_if_they_had_been_there(
    a: of.EventLog, b: of.EventLog, policy: IdentityPolicy, told: Links | None
) -> None:
    both = fold(a + b, resolve(a + b, policy, links=told))
    one, other = (fold(log, resolve(log, policy, links=told)) for log in (a, b))
    assert_same(one.update(b), both)
    later = both.as_of + HOUR
    known = resolve(a + b, policy, as_of=later, links=told)
    assert_same(one.update(b, as_of=later), fold(a + b, known))
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


# ------------------------------------------------------------------------ erased people


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(logs(), logs(), policies(), links(), moments(), st.data())
def test_erased_people_stay_away(
    a: of.EventLog,
    b: of.EventLog,
    policy: IdentityPolicy,
    told: Links | None,
    t: np.datetime64,
    data: st.DataObject,
) -> None:
    end = START + 20 * HOUR
    who = resolve(a + b, policy, as_of=end, links=told)
    able = np.flatnonzero(~who.partition.contested[who.partition.anchor])
    if not len(able):
        return
    gone = who.forget(str(who.ids[data.draw(st.sampled_from(able.tolist()))]), key="k")

    def known(log: of.EventLog, *, less: bool) -> of.Profiles:
        forgotten = gone if less else None
        return fold(log, resolve(log, policy, as_of=end, links=told, forgotten=forgotten))

    both = known(a + b, less=True)
    assert_same(known(a, less=True).update(b, as_of=end), both)
    assert_same(known(a, less=True).merge(known(b, less=False)), both)
    assert_same(known(a, less=False).merge(known(b, less=True)), both)
    assert both.identities is not None
    assert_same(known(a + b, less=False).resolved(both.identities), both)
    then = resolve(a + b, policy, as_of=t, links=told, forgotten=gone)
    assert_same(both.at(t), fold((a + b).before(t), then))


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


HANDED_ON = IdentityPolicy(
    [
        IdentifierType("user", rank=1, limit=2),
        IdentifierType("mail", rank=2, limit=2, max_owners=2),
        IdentifierType("cookie", rank=3, vouches=False),
    ],
    logins=["login"],
    logouts=["logout"],
    session="2h",
)


@st.composite
def repeated(draw: st.DrawFn) -> of.EventLog:
    """Few bundles that come again and again, and may be united by an event at the end."""
    some = st.sampled_from
    bundles: list[dict[str, tuple[str, ...]]] = [
        {"mail": ("a@x",), "cookie": ("c1",)},
        {"mail": ("b@x",), "cookie": ("c1",)},
        {"cookie": ("c1",)},
        {"cookie": ("c1", "c2")},
        {"cookie": ("c2",)},
    ]
    names = draw(st.lists(some(bundles), min_size=4, max_size=9))
    hours = draw(st.lists(st.integers(0, 11), min_size=len(names), max_size=len(names)))
    late = draw(some([None, {"mail": ("a@x", "b@x")}, {"user": ("1",), "mail": ("a@x", "b@x")}]))
    rows = [
        of.Event(
            None,
            "login" if "mail" in held else draw(some(["view", "view", "logout"])),
            START + hour * HOUR,
            item="tea",
            identifiers=held,
        )
        for held, hour in zip(names, hours, strict=True)
    ]
    if late is not None:
        rows.append(of.Event(None, "login", START + 12 * HOUR, identifiers=late))
    return of.EventLog.from_events(rows)


@LAW
@given(repeated(), st.sampled_from(["session", "last_login", "strict"]), st.booleans())
def test_what_settles_later_is_not_seen_in_a_table_of_moments(
    log: of.EventLog, rule: Any, linked: bool
) -> None:
    """Repeated bundles change who is who while two people share a cookie, whoever they become."""
    told = Links.must(("mail", "a@x"), ("mail", "b@x"), time=START + 12 * HOUR) if linked else None
    policy = attrs.evolve(HANDED_ON, attribution=rule)
    profiles = fold(log, resolve(log, policy, as_of=START + 13 * HOUR, links=told))
    asked = [(who, START + h * HOUR + HOUR // 2) for who in profiles.ids for h in range(13)]
    held = table(profiles, [(who, str(t)) for who, t in asked])["events"]
    said = [as_asked(profiles, who, t) for who, t in asked]
    assert held.tolist() == [0 if known is None else known["events"] for known in said]


# ------------------------------------------------------------------------ worked cases


def at(day: int, hour: int = 0) -> str:
    return f"2024-03-{day:02} {hour:02}:00"


def seen(day: int, kind: str = "view", hour: int = 0, **names: str) -> of.Event:
    return of.Event(None, kind, at(day, hour), item="tea", identifiers=names)


def said(value: str, day: int, name: str = "consent", **names: str) -> of.EventLog:
    frame = pd.DataFrame({"value": [value], **{k: [v] for k, v in names.items()}})
    return of.EventLog.from_facts(
        frame, time=at(day), facts={name: "value"}, identifiers=list(names)
    )


def table(profiles: of.Profiles, asked: list[tuple[str, str]]) -> pd.DataFrame:
    times = pd.to_datetime([t for _, t in asked], utc=True)
    return profiles.at(pd.DataFrame({"customer": [who for who, _ in asked], "time": times}))


def test_a_merge_learned_later_is_not_seen_before() -> None:
    log = of.EventLog.from_events(
        [
            seen(1, cookie="c1"),
            seen(2, cookie="c2"),
            seen(3, "login", cookie="c1", user_id="ann"),
            seen(4, "login", cookie="c2", user_id="ann"),
        ]
    )
    profiles = fold(log, resolve(log))
    (ann,) = profiles.ids
    asked = [(ann, at(1)), (ann, at(3)), (ann, at(4)), (ann, at(5)), (ann, at(3, 1))]
    assert table(profiles, asked)["events"].tolist() == [0, 1, 2, 4, 2]
    assert profiles.at(at(3)).to_pandas()["events"].tolist() == [1, 1]
    assert len(profiles.at(at(5))) == 1


def test_a_login_that_is_repeated_changes_a_shared_device_anew() -> None:
    """Under the rule of sessions a view is of who logs in next: later than the moment asked for."""
    policy = IdentityPolicy(
        [
            IdentifierType("user_id", rank=1, limit=1),
            IdentifierType("cookie", rank=2, max_owners=1),
        ],
        attribution="session",
    )
    log = of.EventLog.from_events(
        [
            seen(1, "login", cookie="c1", user_id="ann"),
            seen(1, "login", hour=5, cookie="c1", user_id="ben"),
            of.Event(None, "view", "2024-03-02 10:00", identifiers={"cookie": "c1"}),
            of.Event(
                None, "login", "2024-03-02 10:10", identifiers={"cookie": "c1", "user_id": "ann"}
            ),
        ]
    )
    profiles = fold(log, resolve(log, policy))
    ann = next(p.id for p in profiles if len(p) == 3)
    asked = [(ann, "2024-03-02 10:05"), (ann, "2024-03-02 10:10"), (ann, "2024-03-02 10:11")]
    assert table(profiles, asked)["events"].tolist() == [1, 1, 3]


def test_a_device_that_two_shared_before_they_turned_out_to_be_one() -> None:
    """Who was last seen with it moved from one to the other, with bundles that were not new."""
    a, b = "anna@shop.org", "bert@shop.org"
    device = {"device": "dev-1"}

    def login(day: int, email: Any) -> of.Event:
        return of.Event(None, "login", at(day), identifiers={"email": email})

    log = of.EventLog.from_events(
        [
            seen(1, "login", email=a, **device),
            seen(2, "login", email=b, **device),
            seen(3, cookie="ck-1", **device),
            seen(3, "purchase", hour=1, cookie="ck-1"),
            seen(4, "login", email=a, **device),
        ]
    )
    late = of.EventLog.from_events([login(8, (a, b))])
    link = Links.must(("email", a), ("email", b), time=at(8))
    for whole, links in ((log + late, None), (log, link), (log + late, link)):
        profiles = fold(whole, resolve(whole, as_of=at(20), links=links))
        named = profiles["email", a].id
        asked = [(named, at(3, 12)), (named, at(5, 12)), (named, at(9))]
        alone = [table(profiles, [one])["events"].item() for one in asked]
        known = [as_asked(profiles, who, np.datetime64(t.replace(" ", "T"))) for who, t in asked]
        assert table(profiles, asked)["events"].tolist() == alone
        assert alone == [0 if one is None else one["events"] for one in known]
    assert alone[:2] == [1, 4]


def test_consent_of_people_who_turn_out_to_be_one() -> None:
    log = of.EventLog.from_events([seen(5, "login", hour=2, cookie="c1", email="ann@work.org")])
    log += of.EventLog.from_events([seen(5, "login", hour=1, cookie="c2", email="ann@work.org")])
    log += said("no", 1, cookie="c1") + said("yes", 2, cookie="c2")
    profiles = fold(log, resolve(log))
    (ann,) = profiles.ids
    assert profiles[ann]["consent"] == "no"
    before = profiles.at(at(5))
    assert sorted(p["consent"] for p in before) == ["no", "yes"]
    asked = [(ann, at(2)), (ann, at(5)), (ann, at(5, 2)), (ann, at(6))]
    assert table(profiles, asked)["consent"].tolist() == ["no", "no", "no", "no"]
    apart = resolve(log, links=Links.cannot(("cookie", "c1"), ("cookie", "c2")))
    assert sorted(p["consent"] for p in profiles.resolved(apart)) == ["no", "yes"]
    assert profiles.resolved(apart).resolved(resolve(log)) == profiles


def test_consent_as_of_moments_is_that_of_who_was_who() -> None:
    """A yes that a no outweighs since both are one counted before, and more is learned later."""
    log = of.EventLog.from_events(
        [
            seen(1, cookie="c2"),
            seen(5, "login", cookie="c1", email="ann@work.org"),
            seen(5, "login", cookie="c2", email="ann@work.org"),
            seen(8, "login", cookie="c9", email="ann@work.org"),
        ]
    )
    log += said("no", 3, cookie="c1") + said("yes", 4, cookie="c2")
    profiles = fold(log, resolve(log))
    (ann,) = profiles.ids
    asked = [(ann, at(4)), (ann, at(4, 1)), (ann, at(6)), (ann, at(9))]
    known = table(profiles, asked)["consent"]
    assert [None if pd.isna(word) else word for word in known] == [None, "yes", "no", "no"]


def test_a_yes_of_the_person_lifts_a_no() -> None:
    log = of.EventLog.from_events([seen(1, "login", cookie=c, user_id="ann") for c in ("c1", "c2")])
    log += said("opt_out", 2, cookie="c1")
    for more, answer in (
        (said("yes", 3, cookie="c2"), "opt_out"),
        (said("yes", 3, cookie="c1"), "yes"),
        (said("yes", 3, user_id="ann"), "yes"),
        (said("yes", 1, user_id="ann"), "opt_out"),
        (said("yes", 3, name="consent:mail", cookie="c2"), "opt_out"),
    ):
        (profile,) = fold(log + more, resolve(log + more))
        assert profile["consent"] == answer
    free = attrs.evolve(of.identity.DEFAULT, deny_wins=[])
    more = log + said("yes", 3, cookie="c2")
    (profile,) = fold(more, resolve(more, free))
    assert profile["consent"] == "yes"


def test_an_id_that_was_delivered_with_other_identifiers_comes_back() -> None:
    """Once the first delivery is nobody's, the second is the event."""
    both = [
        of.Event(None, "purchase", at(1), id="1", item="tea", identifiers={"cookie": "c1"}),
        of.Event(None, "purchase", at(2), id="1", item="jam", identifiers={"cookie": "c2"}),
    ]
    log = of.EventLog.from_events(both)
    one = fold(log, resolve(log))
    assert [p["latest"] for p in one] == ["tea"]
    policy = of.identity.DEFAULT
    cookie = attrs.evolve(policy.type("cookie"), blocked=["c1"])
    two = one.resolved(one.identities.under(policy.with_types(cookie)))  # type: ignore[union-attr]
    assert [p["latest"] for p in two] == ["jam"]
    assert two.resolved(resolve(log)) == one


def test_what_is_nobodys_comes_back() -> None:
    log = of.EventLog.from_events([seen(1, cookie="c1"), seen(2, cookie="c2")])
    log += said("yes", 3, cookie="c2")
    whole = fold(log, resolve(log))
    policy = of.identity.DEFAULT
    cookie = attrs.evolve(policy.type("cookie"), blocked=["c2"])
    less = whole.resolved(resolve(log, policy.with_types(cookie)))
    assert len(less) == 1 and "consent" not in less.table.names
    assert less.resolved(resolve(log)) == whole


def test_an_erased_person_stays_away_from_profiles_that_were_loaded(tmp_path: Path) -> None:
    log = of.EventLog.from_events([seen(1, cookie="c1")])
    gone = resolve(log, as_of=at(20)).forget(("cookie", "c1"), key="k")
    of.save(fold(log, resolve(log, as_of=at(20), forgotten=gone)), tmp_path / "less.onefold")
    less = of.load(tmp_path / "less.onefold")
    with pytest.raises(ArgumentError, match=r"Profiles.update: .* key is not\. Give it: profiles"):
        less.update(log)
    opened = less.resolved(less.identities.with_key("", forgotten="k"))
    assert len(opened.update(log)) == 0


def test_an_erased_person_does_not_come_back() -> None:
    log = of.EventLog.from_events(
        [seen(1, cookie="c1"), seen(2, "login", cookie="c1", email="ann@x.org")]
    )
    who = resolve(log, as_of=at(20))
    gone, other = (who.forget(("email", "ann@x.org"), key=key) for key in ("k", "other"))
    less = fold(log, resolve(log, as_of=at(20), forgotten=gone))
    whole = fold(log, who)
    assert len(whole) == 1 and len(less) == 0
    assert less.identities is not None
    late = of.EventLog.from_events([seen(25, cookie="c1")])
    for empty in (
        less.update(log),
        less.update(late),
        less.update(log).at(at(3)),
        less.merge(whole),
        whole.merge(less),
        whole.resolved(less.identities),
        whole.resolved(less.identities).update(log + late),
    ):
        assert len(empty) == 0 and not len(empty.ledger.events)
        assert empty.identities is not None and empty.identities.forgotten == gone
    far = of.EventLog.from_events(
        [of.Event(None, "view", "2027-03-01", identifiers={"cookie": "c1"})]
    )
    assert len(less.update(far)) == 0
    elsewhere = fold(log, resolve(log, as_of=at(20), forgotten=other))
    for wrong, words in (
        (lambda: less.resolved(who), "have forgotten 2 identifiers, .* is not all of these"),
        (lambda: less.resolved(elsewhere.identities), "is made with another key"),  # type: ignore[arg-type]
        (lambda: less.merge(elsewhere), "Profiles.merge: .* under different keys"),
    ):
        with pytest.raises(ArgumentError, match=words):
            wrong()


def test_an_alias_finds_its_customer() -> None:
    log = of.EventLog.from_events(
        [seen(2, cookie="c1"), seen(3, "login", cookie="c1", email="ann@work.org")]
    )
    before = fold(log.before(at(3)), resolve(log.before(at(3))))
    early = of.EventLog.from_events([seen(1, email="ann@work.org")])
    profiles = before.update(log).update(early)
    (name,), (old,) = profiles.ids, before.ids
    assert name != old
    assert profiles[old] == profiles[name]
    assert old in profiles
    assert list(profiles.select([old]).ids) == [name]
    assert table(profiles, [(old, at(4))])["events"].tolist() == [4.0]  # no ids: view came twice


def test_an_event_with_identifiers_goes_on_top() -> None:
    log = of.EventLog.from_events([seen(1, cookie="c1"), seen(2, cookie="c2")])
    profiles = fold(log, resolve(log))
    more = seen(3, cookie="c1")
    grown = profiles.update(of.EventLog.from_events([more]))
    for profile in profiles:
        mine = grown[profile.id]
        if len(mine) > 1:
            assert profile.after(attrs.evolve(more, customer=profile.id)) == mine


def test_what_is_refused() -> None:
    log = of.EventLog.from_events([seen(1, cookie="c1"), seen(9, cookie="c2")])
    who = resolve(log)
    profiles, plain = fold(log, who), of.fold(who.applied(log), TRAITS)
    kept = fold(log, who, keep="3D")
    for wrong, words in (
        (lambda: plain.resolved(who), "without identities"),
        (lambda: profiles.resolved(resolve(log.before(at(2)))), "have not seen 1 of"),
        (lambda: profiles.resolved("who"), "Profiles.resolved: identities"),  # type: ignore[arg-type]
        (lambda: profiles.merge(plain), "one side was folded with identities"),
        (lambda: profiles.merge(fold(log, resolve(log, IdentityPolicy(giant=9)))), "policy"),
        (lambda: fold(log, resolve(log.before(at(2)), as_of=at(20))), "1 of 2 rows"),
        (lambda: kept.at(at(8)), "let go by keep="),
        (lambda: kept.update(log), "let go by keep="),
        (lambda: kept.resolved(who), "let go by keep="),
        (lambda: profiles.merge(kept), "let go by keep="),
    ):
        with pytest.raises(OnefoldError, match=words):
            wrong()
    assert len(kept.recent().at(at(8))) == 0
    assert len(profiles.combine(dict.fromkeys(profiles.ids, "all"))) == 1
    assert list(profiles.select(profiles.ids[:1]).at(at(10)).ids) == list(profiles.ids[:1])


def test_saved_and_read_again(tmp_path: Path) -> None:
    log = of.EventLog.from_events([seen(1, cookie="c1"), seen(9, cookie="c2")])
    profiles = fold(log, resolve(log))
    of.save(profiles, tmp_path / "who.onefold")
    again = of.load(tmp_path / "who.onefold")
    assert_same(again, profiles)
    assert_same(again.update(log), profiles.update(log))


def test_only_who_is_touched_is_sorted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [seen(1 + k % 9, hour=k % 5, cookie=f"c{k % 50}") for k in range(300)]
    log = of.EventLog.from_events(events)
    profiles = fold(log, resolve(log))
    one = resolve(log, links=Links.must(("cookie", "c3"), ("cookie", "c44")))
    rows: list[int] = []

    def counted(tables: Any, **how: Any) -> Any:
        several = list(tables)
        rows.append(sum(map(len, several)))
        return canonical(several, **how)

    monkeypatch.setattr("onefold.ledger.canonical", counted)
    merged = profiles.resolved(one)
    assert rows == [12, 0]  # two people of six events, and no facts
    assert len(merged) == 49
    assert merged.resolved(profiles.identities) == profiles  # type: ignore[arg-type]
    rows.clear()
    assert profiles.resolved(profiles.identities) == profiles  # type: ignore[arg-type]
    assert rows == []


@pytest.mark.slow
def test_scorers_ladders_and_campaigns_take_profiles_by_who_is_who() -> None:
    events = [
        of.Event(
            None,
            "purchase",
            f"2024-{1 + k % 9:02}-{1 + k % 27:02} {k % 24:02}:00",
            item=f"i{(k + k % 7) % 9}",
            value=5,
            identifiers={"cookie": f"c{k % 60}"} | ({"user_id": f"u{k % 30}"} if k % 4 else {}),
        )
        for k in range(900)
    ]
    log = of.EventLog.from_events(events)
    profiles = of.fold(log, identities=resolve(log))
    scorer = of.Scorer().fit(profiles, rng=0)
    assert len(scorer.rank(profiles[profiles.ids[0]], n=3).to_pandas()) == 3
    lists = pd.concat(of.Campaign().tailor(scorer, profiles))
    assert set(lists["customer"]) <= set(profiles.ids)
    assert "individual" in repr(of.ladder(profiles, as_of="2024-08-01", rng=0))


def test_events_that_identities_have_not_looked_at_are_refused():
    log = of.EventLog.from_events([ann_at("2024-03-01"), ann_at("2024-03-05")])
    who = of.resolve(log, as_of="2024-03-03")
    with pytest.raises(ArgumentError, match=r"log has 1 events and facts of .* or later"):
        of.fold(log, identities=who)
    assert len(of.fold(log, identities=who, as_of="2024-03-03")) == 1
    assert len(of.fold(log, identities=who, as_of="2024-03-02")) == 1


def test_a_profile_is_found_by_an_identifier():
    log = of.EventLog.from_events([ann_at("2024-03-01"), ann_at("2024-03-05")])
    profiles = of.fold(log, identities=of.resolve(log))
    assert len(profiles["email", "Ann@X.org "]) == 2
    with pytest.raises(UnknownCustomer, match="has the identifier"):
        _ = profiles["email", "ben@x.org"]
    with pytest.raises(UnknownCustomer, match=r"profiles\['email'"):
        _ = profiles["ann@x.org"]


def test_an_id_that_was_made_is_no_evidence():
    log = of.EventLog.from_events([ann_at("2024-03-01")])
    profiles = of.fold(log, identities=of.resolve(log))
    made = of.EventLog.from_events([of.Event(profiles.ids[0], "view", "2024-03-05")])
    with pytest.raises(ArgumentError, match="an id that was made of identifiers"):
        profiles.update(made)
    named = of.EventLog.from_events([of.Event("7", "view", "2024-03-01")])
    again = of.fold(named, identities=of.resolve(named)).update(
        of.EventLog.from_events([of.Event("7", "view", "2024-03-05")])
    )
    assert [len(p) for p in again] == [2]


def test_several_logs_are_resolved_as_one():
    logs = [of.EventLog.from_events([ann_at(f"2024-03-0{day}")]) for day in (1, 2, 3)]
    whole = of.resolve(logs[0] + logs[1] + logs[2])
    assert of.resolve(iter(logs)) == whole
    assert of.fold(iter(logs), identities=whole) == of.fold(sum_of(logs), identities=whole)
    with pytest.raises(ArgumentError, match="resolve: log is a int"):
        of.resolve(7)


def ann_at(day):
    return of.Event(None, "view", day, identifiers={"email": "ann@x.org"})


def sum_of(logs):
    return logs[0] + logs[1] + logs[2]


def test_links_of_erased_people_leave_with_them():
    log = of.EventLog.from_events(
        [
            of.Event(None, "view", "2024-03-01", identifiers={"email": "ann@x.org"}),
            of.Event(None, "view", "2024-03-02", identifiers={"email": "ben@x.org"}),
        ]
    )
    links = Links.must(("email", "ann@x.org"), ("cookie", "c1"), time="2024-06-01")
    who = resolve(log, links=links)
    gone = who.forget(("email", "ann@x.org"), key="k")
    profiles = of.fold(log, identities=who).resolved(resolve(log, links=links, forgotten=gone))
    assert len(profiles) == 1 and profiles.identities.told == links.before("2024-01-01")
