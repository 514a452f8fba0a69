"""A profile that is read is the one that a fold of the whole log makes."""

import pickle

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError, Restricted, UnknownCustomer, UnknownName
from onefold.identity import IdentifierType, IdentityPolicy, people, resolve
from onefold.store import reading
from onefold.store.store import Store
from tests.examples import few
from tests.identity import worlds
from tests.store.filling import fill

LATER = np.datetime64(worlds.START + 3 * worlds.HOUR, "us")
IDS = ("e1", "e2", "e3", None, None)


@st.composite
def worlds_and_logs(draw):
    """Events of a world, some of them one event delivered anew, and what people agree to."""
    world = draw(worlds.worlds(most=12))
    events = []
    for number, row in enumerate(world.rows):
        event = worlds.event(row, number)
        event = attrs.evolve(
            event,
            id=draw(st.sampled_from(IDS)),
            item=draw(st.sampled_from([None, "tea", "jam"])),
            received=draw(st.sampled_from([None, LATER])),
        )
        if draw(st.integers(0, 5)) == 0:
            event = attrs.evolve(event, customer=draw(st.sampled_from(["k1", "k2"])))
        events.append(event)
    log = of.EventLog.from_events(events)
    for _ in range(draw(st.integers(0, 5))):
        log += statement(draw)
    return world.policy, log


def statement(draw):
    hours = draw(st.integers(0, 12))
    names = draw(st.lists(st.sampled_from(["user", "mail", "cookie"]), min_size=1, unique=True))
    words = {"user": ["1", "2"], "mail": ["a@x", "b@x"], "cookie": ["c1", "c2", "c3"]}
    row = {name: draw(st.sampled_from(words[name])) for name in names}
    row["v"] = draw(st.sampled_from(["yes", "no"]))
    fact = draw(st.sampled_from(["consent", "consent:mail", "region"]))
    return of.EventLog.from_facts(
        pd.DataFrame([row]),
        time=np.datetime64(worlds.START + hours * worlds.HOUR, "us"),
        facts={fact: "v"},
        identifiers=names,
    )


def opened(log, policy, *, url=None):
    store = Store(url, policy=policy)
    fill(store._core, log)
    return store


def with_customers(policy):
    """The policy, which also knows what is given as a customer."""
    return policy.with_types(IdentifierType("customer", rank=4))


@settings(max_examples=few(10), deadline=None)
@given(worlds_and_logs())
def test_each_profile_is_that_of_a_fold(world):
    policy, log = with_customers(world[0]), world[1]
    with opened(log, policy) as store:
        core = store._core
        whole = reading.log_of(core)
        who = resolve(whole, policy)
        folded = of.fold(whole, core.traits, identities=who)
        assert reading.profiles(core) == folded
        assert reading.identities(core) == who
        for name in folded.ids:
            assert reading.profile(core, name) == folded[name]
        some = folded.ids[-1]
        assert reading.profile(core, some).to_dict() == folded[some].to_dict()
        known = folded.ids.tolist()
        nodes = np.arange(len(who.nodes))
        table = who.to_pandas()
        kinds = zip(table["type"], table["value"], strict=True)
        names = zip(
            people.ids(who.nodes, nodes, key=who.key),
            people.ids(who.nodes, nodes, key=who.key, kind="s"),
            kinds,
            strict=True,
        )
        for own, shared, pair in names:
            for asked in (own, shared, pair):
                try:
                    held = folded[asked]
                except UnknownCustomer:
                    with pytest.raises((UnknownCustomer, ArgumentError)):
                        reading.profile(core, asked)
                    continue
                if asked == pair and _shared(who, pair):
                    with pytest.raises(ArgumentError, match="is shared by"):
                        reading.profile(core, asked)
                    continue
                assert reading.profile(core, asked) == held
                assert held.id in known


def _shared(who, pair):
    return bool(who.partition.contested[who.nodes.find(*pair)])


HOUR = np.timedelta64(1, "h")
START = np.datetime64(worlds.START, "us")
POLICY = IdentityPolicy(
    [
        IdentifierType("user", rank=1, limit=1),
        IdentifierType("mail", rank=2, normalise="lower"),
        IdentifierType("tablet", rank=3, max_owners=1),
    ],
    logins=["login"],
    logouts=["logout"],
    attribution="last_login",
)


def event(hours, kind="view", *, id=None, item=None, **names):
    when = START + hours * HOUR
    return of.Event(None, kind, when, id=id, item=item, identifiers=names)


FAMILY = of.EventLog.from_events(
    [
        event(0, "login", user="ann", tablet="t"),
        event(1, "login", user="ben", tablet="t"),
        event(2, tablet="t", item="tea", id="e1"),  # ben's
        event(3, "login", user="ann", tablet="t", mail="Ann@X"),
        event(4, tablet="t", item="jam"),  # ann's
        event(5, "logout", user="ann", tablet="t"),
        event(6, tablet="t", item="oat"),  # nobody else's
        event(7, user="ben", item="tea"),
    ]
)


def items(profile):
    return profile.events()["item"].dropna().tolist()


@pytest.fixture
def family(url):
    with opened(FAMILY, POLICY, url=url) as store:
        yield store


def test_rows_of_a_shared_tablet_go_to_who_was_there(family):
    assert items(family.profile(("user", "ann"))) == ["jam"]
    assert items(family.profile(("user", "ben"))) == ["tea", "tea"]
    shared = people.named("tablet", ["t"], key="", kind="s")[0]
    assert items(family.profile(shared)) == ["oat"]
    assert family.profile(("mail", " ann@x ")) == family.profile(("user", "ann"))


def test_a_profile_is_a_value_that_goes_on(family):
    whole = family.profiles()
    read = family.profile(("user", "ann"))
    copy = pickle.loads(pickle.dumps(read))
    assert copy == read == whole[read.id]
    assert repr(copy) == repr(whole[read.id])
    later = of.Event(read.id, "view", START + 9 * HOUR, item="rye")
    assert family.profile(("user", "ann")).after(later) == whole[read.id].after(later)
    assert len(read.after(later)) == len(read) + 1
    assert items(read.after(later).after(later)) == ["jam", "rye", "rye"]
    assert pickle.loads(pickle.dumps(read.after(later))) == read.after(later)


def test_rows_are_decoded_when_something_is_asked(family, monkeypatch):
    def never(held):
        raise AssertionError

    monkeypatch.setattr("onefold.store.ledgers.own", never)
    read = family.profile(("user", "ann"))
    later = read.after(of.Event(read.id, "view", START + 9 * HOUR))
    assert later.as_of > read.as_of
    assert later.currency is None
    with pytest.raises(AssertionError):
        len(later)


def test_a_later_moment_is_taken_and_an_earlier_one_refused(family):
    last = START + 7 * HOUR + np.timedelta64(1, "us")
    assert family.profile(("user", "ann")).as_of == last
    later = family.profile(("user", "ann"), as_of=last + HOUR)
    assert later == family.profiles(as_of=last + HOUR)[later.id]
    with pytest.raises(ArgumentError, match=r"store.profiles\(as_of=...\)\[who\]"):
        family.profile(("user", "ann"), as_of=START)
    then = family.profiles().at(START + 2 * HOUR)
    assert family.profiles(as_of=START + 2 * HOUR) == then


def test_one_wrong_clock_leaves_others_alone(family):
    far = of.Event(None, "view", "2199-01-01", identifiers={"user": "cid"})
    family.observe_all([far] + [event(n, user=f"u{n}") for n in range(30)])
    with pytest.raises(ArgumentError, match="wrong clock"):
        family.profiles()
    then = START + 8 * HOUR
    everybody = family.profiles(as_of=then)
    ann = family.profile(("user", "ann"), as_of=then)
    assert ann == everybody[ann.id] and ann.as_of == then
    assert family.identities(as_of=then).as_of == then
    assert family.profile(("user", "u29"), as_of=START + 30 * HOUR) is not None
    with pytest.raises(ArgumentError, match="as_of"):
        family.profile(("user", "cid"), as_of=then)
    assert family.profile(("user", "ann")).as_of > np.datetime64("2199-01-01")


def test_a_purpose_that_is_misspelt_is_refused(family):
    assert len(family.profiles("email")) == 0  # a new shop
    family.consent(("user", "ann"), "email", granted=True, time=START)
    assert len(family.profiles("email")) == 1
    with pytest.raises(UnknownName, match="Did you mean 'email'"):
        family.profiles("emial")


def test_who_is_not_known_is_refused_with_a_hint(family):
    with pytest.raises(UnknownCustomer, match=r"Did you mean \('user', 'ann'\)"):
        family.profile("ann")
    with pytest.raises(UnknownCustomer, match="no customer's id"):
        family.profile("p" + "0" * 20)
    with pytest.raises(UnknownCustomer, match="was never seen"):
        family.profile(("user", "eve"))
    with pytest.raises(UnknownCustomer, match="no identifier"):
        family.profile(("user", "null"))
    with pytest.raises(UnknownName, match="no type"):
        family.profile(("cookie", "c1"))
    for wrong in (None, True, 1.5, ["ann"], ("user", None)):
        with pytest.raises(ArgumentError):
            family.profile(wrong)
    with Store() as empty, pytest.raises(UnknownCustomer, match="empty"):
        empty.profile("p" + "0" * 20)


def test_an_id_is_told_by_its_whole_text(family):
    whole = family.profiles()
    near = whole.ids[0][:-1] + ("0" if whole.ids[0][-1] != "0" else "1")
    with pytest.raises(UnknownCustomer):
        family.profile(near)


def test_who_is_restricted_is_not_read(family):
    whole = family.profiles()
    ann = family.profile(("user", "ann")).id
    family.restrict(("user", "ann"))
    for who in (ann, ("user", "ann"), ("mail", "ann@x")):
        with pytest.raises(Restricted):
            family.profile(who)
    rest = family.profiles()
    assert rest == whole.select([name for name in whole.ids if name != ann])
    assert family.profile(("user", "ben")) == whole[family.profile(("user", "ben")).id]
    assert "jam" not in family.log().to_pandas()["item"].tolist()
    assert {"tea", "oat"} <= set(family.log().to_pandas()["item"].dropna())
    family.release(("user", "ann"))
    assert family.profiles() == whole


def test_profiles_of_a_purpose_are_of_those_who_agreed():
    said = of.EventLog.from_events([event(0, user="ann"), event(0, user="ben")])
    for name, granted in (("ann", True), ("ben", False)):
        stated = of.consent.Consent("email", granted, time=START + HOUR)
        said += stated.to_log(("user", name))
    with opened(said, POLICY) as store:
        ann = store.profile(("user", "ann")).id
        assert store.profiles("email").ids.tolist() == [ann]
        with pytest.raises(UnknownName, match="nobody ever said"):
            store.profiles("ads")
        assert len(store.profiles()) == 2


def test_a_yes_that_a_no_outweighs_is_not_read():
    log = of.EventLog.from_events([event(0, "login", user="ann", mail=["a@x", "b@x"])])
    for hours, mail, granted in ((1, "a@x", False), (2, "b@x", True)):
        said = of.consent.Consent("email", granted, time=START + hours * HOUR)
        log += said.to_log(("mail", mail))
    with opened(log, POLICY) as store:
        read = store.profile(("user", "ann"))
        assert read == store.profiles()[read.id]
        assert read["consent:email"] == "no"


def test_several_identifiers_are_one_customers(url: str) -> None:
    with of.Store(url) as store:
        for who in ({"email": "ann@x.org", "cookie": "c1"}, {"cookie": "c2"}):
            store.observe(of.Event(None, "view", "2024-03-01", identifiers=who))
        ann = store.profile(("cookie", "c1"))
        assert store.profile({"email": " Ann@X.org", "cookie": "c1"}) == ann
        assert store.profile({"email": ["ann@x.org", "ANN@x.org"]}) == ann
        with pytest.raises(ArgumentError, match=r"several customers: .* cookie c2 of"):
            store.profile({"email": "ann@x.org", "cookie": "c2"})
        with pytest.raises(UnknownCustomer, match="never seen"):
            store.profile({"email": "ann@x.org", "cookie": "c3"})
        several: list[dict[str, list[str]]] = [{}, {"email": []}]
        for empty in several:
            with pytest.raises(ArgumentError, match="who"):
                store.profile(empty)


def test_a_fact_of_others_is_missing_and_not_unknown(url: str) -> None:
    frame = pd.DataFrame({"who": ["ann"], "at": ["2024-03-01"], "region": ["north"]})
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    with of.Store(url) as store:
        store.observe(of.Event("ben", "view", "2024-03-01"))
        store.observe_all(
            of.EventLog.from_facts(frame, customer="who", time="at", facts={"region": "region"})
        )
        assert store.profile(("customer", "ann"))["region"] == "north"
        ben = store.profile(("customer", "ben"))
        assert ben["region"] is None and store.profiles()[ben.id]["region"] is None
        again = pickle.loads(pickle.dumps(ben))
        assert again == ben
        for unknown in (ben, store.profiles()[ben.id]):
            with pytest.raises(UnknownName):
                unknown["town"]
    with pytest.raises(UnknownName):  # nobody is there to tell
        ben["region"]
