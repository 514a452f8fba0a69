"""Erased people don't come back, and who shared a device with them stays."""

from typing import Any

import attrs
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.identity import Forgotten, IdentifierType, Links
from tests.identity.crowds import END, POLICIES, TIGHT, links, log_of, resolved, rows
from tests.identity.test_tables import FAMILY, family

BEN = ("user_id", "ben")


@given(rows(), st.sampled_from(POLICIES), st.sampled_from(POLICIES), links(), st.data())
@settings(max_examples=12, deadline=None)
def test_forgetting_is_leaving_out_the_rows(
    several: Any, policy: Any, later: Any, told: Any, data: Any
) -> None:
    who = resolved(several, policy, told)
    table = who.to_pandas()
    own = {(r.type, r.value) for r in table.itertuples()} - {
        (r.type, r.value) for r in who.shared.itertuples()
    }
    names = sorted({str(who.customer_of(pair)) for pair in own})
    if not names:
        return
    gone = data.draw(st.sampled_from(names))
    forgotten = who.forget(gone, key="k")
    marks = {pair for pair in own if who.customer_of(pair) == gone}
    assert len(forgotten) == len(marks)

    def marked(row: Any) -> bool:
        read = {kind: policy.type(kind).reader() for kind in row["identifiers"]}
        return any((t, read[t](v)) in marks for t, v in row["identifiers"].items())

    left = [row for row in several if not marked(row)]
    log = log_of(several)
    after = of.resolve(log, later, as_of=END, links=told, forgotten=forgotten)
    kept = forgotten.links(told, call="test")
    plain = of.resolve(log_of(left), later, as_of=END, links=kept)
    assert attrs.evolve(after, forgotten=None) == plain
    pd.testing.assert_frame_equal(after.to_pandas(), plain.to_pandas())
    whose = after.customers(log)
    rest = iter(plain.customers(log_of(left)))
    assert whose.tolist() == [None if marked(row) else next(rest) for row in several]
    assert after.attribution(log)["customer"].isna().sum() == sum(c is None for c in whose)
    assert len(after.applied(log).events) == sum(customer is not None for customer in whose)


def test_an_erased_person_does_not_come_back() -> None:
    forgotten = FAMILY.forget(BEN, key="k")
    late = of.Event(None, "view", "2024-03-15", identifiers={"user_id": "ben", "email": "b@x.org"})
    log = family() + of.EventLog.from_events([late])
    who = of.resolve(log, forgotten=forgotten)
    assert who.customer_of(BEN) is None and who.customer_of(("email", "b@x.org")) is None
    assert who.customer_of(("user_id", "ann")) is not None
    assert who.customer_of(("cookie", "c1")) is not None  # she shared it
    profiles = of.fold(log, identities=who)
    assert len(profiles) == len(who) - 1  # the kiosk itself has no events of its own
    assert who.at("2024-03-10").forgotten == who.under(TIGHT).forgotten == forgotten


def test_another_way_to_read_forgets_the_same() -> None:
    several = [{"kind": "view", "minute": 1, "identifiers": {"email": "A@x.org", "card": "1"}}]
    forgotten = resolved(several, TIGHT).forget(("card", "1"), key="k")
    exact = TIGHT.with_types(IdentifierType("email", rank=3))
    again = [{"kind": "view", "minute": 1, "identifiers": {"email": "a@X.org"}}]
    assert len(resolved(again, exact, forgotten=forgotten)) == 0


def test_links_don_t_bring_anybody_back() -> None:
    told = Links.must(BEN, ("email", "ben@x.org")) + Links.must(
        ("email", "amy@x.org"), ("crm_id", 1)
    )
    who = of.resolve(family(), links=told)
    after = of.resolve(family(), links=told, forgotten=who.forget(BEN, key="k"))
    assert after.links == Links.must(("email", "amy@x.org"), ("crm_id", 1))
    assert after.customer_of(("email", "ben@x.org")) is None


def test_union_is_all_that_is_done() -> None:
    one, other = (FAMILY.forget(("user_id", n), key="k") for n in ("ann", "ben"))
    assert one | other == other | one and one | one == one and len(one | other) == 2
    who = of.resolve(family(), forgotten=one | other)
    assert who == of.resolve(family(), forgotten=other | one)
    assert who != of.resolve(family(), forgotten=one)
    with pytest.raises(ArgumentError, match="different keys"):
        one | FAMILY.forget(BEN, key="another")


def test_nothing_is_held_in_plain() -> None:
    forgotten = FAMILY.forget(BEN, key="a secret")
    held = repr(attrs.asdict(forgotten, filter=lambda field, _: field.name != "key"))
    assert "ben" not in held and "a secret" not in held + repr(forgotten)
    assert repr(forgotten) == "Forgotten(1 identifiers, of the types user_id)"
    other = FAMILY.forget(BEN, key="another")
    assert forgotten != other and not {*forgotten.hashes} & {*other.hashes}


def test_within_a_source() -> None:
    frame = pd.DataFrame({"who": ["1", "1"], "from": ["shop a", "b"], "what": "view"})
    frame["at"] = pd.Timestamp("2024-03-01", tz="UTC")
    log = of.EventLog.from_frame(
        frame, time="at", event="what", identifiers={"user": "who"}, source="from"
    )
    policy = of.IdentityPolicy([IdentifierType("user", rank=1, limit=1, per_source=True)])
    who = of.resolve(log, policy)
    told = Links.must(("user", "shop%20a:1"), ("user", "shop%20a:2"))
    after = of.resolve(log, policy, links=told, forgotten=who.forget(("user", "b:1"), key="k"))
    assert after.to_pandas()["value"].tolist() == ["shop%20a:1", "shop%20a:2"]
    after = of.resolve(
        log, policy, links=told, forgotten=who.forget(("user", "shop%20a:1"), key="k")
    )
    assert after.to_pandas()["value"].tolist() == ["b:1"]


def test_what_can_t_be_forgotten_says_why() -> None:
    with pytest.raises(ArgumentError, match="no identifier that is not other people's too"):
        FAMILY.forget(("device", "k"), key="k")
    with pytest.raises(ArgumentError, match=r"no key: give forget\(\.\.\., key=\.\.\.\)"):
        FAMILY.forget(BEN)
    with pytest.raises(ArgumentError, match="key is a str; it takes a secret string"):
        FAMILY.forget(BEN, key="")
    ids = FAMILY.to_pandas()["customer"].tolist()[:2]
    for several in ([BEN, ("user_id", "ann")], [BEN], ids, set(ids), (BEN, BEN, BEN)):
        with pytest.raises(ArgumentError, match=r"one at a time, .*\| who\.forget"):
            FAMILY.forget(several, key="k")  # type: ignore[arg-type]
    assert FAMILY.forget(list(BEN), key="k") == FAMILY.forget(BEN, key="k")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="key is a int"):
        FAMILY.forget(BEN, key=5)
    with pytest.raises(UnknownCustomer):
        FAMILY.forget("pff", key="k")
    with pytest.raises(ArgumentError, match="resolve: forgotten is a list"):
        of.resolve(family(), forgotten=[])
    keyed = of.resolve(family(), of.IdentityPolicy(key="pepper"))
    assert keyed.forget(BEN) == keyed.forget(BEN, key="pepper")
    assert isinstance(keyed.forget(BEN), Forgotten)


def test_an_identifier_within_a_source_is_forgotten_where_no_source_is_told() -> None:
    policy = of.IdentityPolicy([IdentifierType("user", rank=1, limit=1, per_source=True)])
    log = of.EventLog.from_events(
        [of.Event(None, "view", "2024-03-01", identifiers={"user": name}) for name in "34"]
    )
    gone = of.resolve(log, policy).forget(("user", ":3"), key="k")
    assert gone.without(log, call="").to_pandas()["user"].tolist() == ["4"]
