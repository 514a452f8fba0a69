"""Tables of what is not one customer's alone."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.errors import ArgumentError, ColumnError, UnknownCustomer, UnknownName
from onefold.identity import Links, blocked
from tests.identity.crowds import POLICIES, SMALL, TIGHT, links, log_of, resolved, rows


def family() -> of.EventLog:
    """A tablet that ann and ben log in at, a kiosk of nine, and what nobody is told by."""
    tablet = {"cookie": "c1"}
    events = [
        of.Event(None, "view", "2024-03-01", identifiers=tablet),
        of.Event(None, "login", "2024-03-02", identifiers={**tablet, "user_id": "ann"}),
        of.Event(None, "view", "2024-03-02 01:00", identifiers=tablet),
        of.Event(None, "login", "2024-03-03", identifiers={**tablet, "user_id": "ben"}),
        of.Event(None, "view", "2024-03-04", identifiers=tablet),
        of.Event(None, "view", "2024-03-04", identifiers={"cookie": "null"}),
        of.Event(None, "view", "2024-03-04", identifiers={"email": "no address"}),
    ]
    events += [
        of.Event(
            None, "login", f"2024-03-{6 + i:02d}", identifiers={"device": "k", "user_id": f"u{i}"}
        )
        for i in range(9)
    ]
    return of.EventLog.from_events(events)


FAMILY = of.resolve(family(), of.IdentityPolicy(attribution="last_login"))


def test_demoted_says_how_many_it_serves() -> None:
    row = FAMILY.demoted.iloc[0]
    assert len(FAMILY.demoted) == 1
    assert (row["type"], row["value"], row["owners"], row["most"]) == ("device", "k", 9, 3)
    assert "9 user_id" in row["reason"] and "at most 3" in row["reason"]


def test_demoted_is_told_by_the_type_that_tells_most() -> None:
    last = of.Event(None, "view", "2024-03-20", identifiers={"device": "k", "email": "amy@x.org"})
    [reason] = of.resolve(family() + of.EventLog.from_events([last])).demoted["reason"]
    assert reason.startswith("was seen with 9 user_id")


def test_must_links_that_a_cannot_link_forbids_join_nothing() -> None:
    ann, ben, cy = (("user_id", name) for name in ("ann", "ben", "cy"))
    told = Links.must(ann, ben) + Links.must(ben, cy) + Links.cannot(ann, cy)
    several = [
        {"kind": "view", "minute": i, "identifiers": {"user_id": name, "cookie": "c1"}}
        for i, name in enumerate(["ben", "cy"])
    ]
    who = resolved(several, TIGHT, told)
    assert who.explain(ann, ben).same and not who.explain(ben, cy).same
    [reason] = who.cut["reason"]
    assert "cannot-link keeps user_id ann and user_id cy apart" in reason
    assert "together they would have 2 user_id" in reason


def test_cut_says_what_one_customer_would_have() -> None:
    [row] = FAMILY.cut.to_dict("records")
    assert (row["value"], row["other_value"]) == ("ann", "c1")
    assert row["customer"] == FAMILY.customer_of(("user_id", "ann"))
    assert row["other_customer"] == FAMILY.customer_of(("user_id", "ben"))
    assert row["login"] and row["first"] == row["last"] == pd.Timestamp("2024-03-02", tz="UTC")
    assert row["reason"] == "together they would have 2 user_id (ann, ben); the limit is 1"


def test_cut_names_the_cannot_link_and_its_reason() -> None:
    apart = Links.cannot(("user_id", "ann"), ("cookie", "c1"), reason="her sister's")
    [row] = of.resolve(family(), links=apart).cut.to_dict("records")
    assert row["reason"].startswith("a cannot-link keeps user_id ann and cookie c1 apart: her si")


def test_cut_of_a_limit_with_a_period_says_so() -> None:
    events = [
        of.Event(None, "view", f"2024-03-0{1 + i}", identifiers={"crm_id": "7", "phone": number})
        for i, number in enumerate(f"+4917012345{i:02d}" for i in range(6))
    ]
    [row] = of.resolve(of.EventLog.from_events(events)).cut.to_dict("records")
    assert "more than 5 phone in use within" in row["reason"] and "6 in all" in row["reason"]


def test_shared_counts_its_events_by_what_became_of_them() -> None:
    table = FAMILY.shared.set_index("value")
    assert table.loc["c1", ["why", "customers", "events"]].tolist() == ["cut", 2, 3]
    assert table.loc["c1", ["attributed", "unattributed"]].tolist() == [2, 1]
    assert table.loc["k", ["why", "customers", "events"]].tolist() == ["demoted", 9, 0]
    first = FAMILY.customers(family())[0]
    assert table.loc["c1", "own"] == first


def test_blocked_counts_values_that_are_nobodys() -> None:
    table = FAMILY.blocked
    assert table[["type", "value", "events"]].to_numpy().tolist() == [
        ["cookie", "null", 1],
        ["email", "no address", 1],
    ]
    assert "nobody's" in table["why"][0] and "e-mail address" in table["why"][1]


def test_quarantined_lumps_are_told_apart() -> None:
    def chain(name: str, n: int) -> list[dict[str, Any]]:
        return [
            {"kind": "view", "minute": i, "identifiers": {"card": f"{name}{i}", "cookie": c}}
            for i in range(n)
            for c in (f"{name}{i}", f"{name}{i + 1}")
        ]

    table = resolved(chain("x", 4) + chain("y", 3) + chain("z", 1), SMALL).quarantined
    assert table.groupby("lump")["size"].first().to_dict() == {1: 9, 2: 7}
    assert table["lump"].value_counts().to_dict() == {1: 9, 2: 7}
    assert set(table.loc[table["lump"] == 2, "value"]) == {f"y{i}" for i in range(4)}


@given(rows(), st.sampled_from(POLICIES), links())
@settings(max_examples=25, deadline=None)
def test_every_cut_has_its_reason(several: Any, policy: Any, told: Any) -> None:
    who = resolved(several, policy, told)
    table = who.cut
    assert (table["customer"] != table["other_customer"]).all()
    assert (table["reason"].str.len() > 0).all()
    whose = who.to_pandas().set_index(["type", "value"])["customer"]
    for row in table.itertuples():
        said = re.match(r"together they would have (?:more than )?[\d,]+ ([a-z_]+)", row.reason)
        if said is not None and told is None:
            kind = policy.type(said[1])
            both = whose[whose.isin([row.customer, row.other_customer])]
            n = (both.index.get_level_values("type") == kind.name).sum()
            assert kind.limit < n


@given(rows(), st.sampled_from(POLICIES), links())
@settings(max_examples=15, deadline=None)
def test_ids_aliases_and_members_agree(several: Any, policy: Any, told: Any) -> None:
    who = resolved(several, policy, told)
    table = who.to_pandas()
    for customer, held in table.groupby("customer"):
        mine = who.members(customer)
        assert (
            mine[["type", "value"]].to_numpy().tolist()
            == held[["type", "value"]].to_numpy().tolist()
        )
        for row in held.itertuples():
            assert who.customer_of((row.type, row.value)) == customer
    assert who.aliases["alias"].is_unique
    assert not set(who.aliases["alias"]) & set(table["customer"])
    for row in who.aliases.itertuples():
        assert who.customer_of(row.alias) == row.customer
    for row in who.shared.itertuples():
        assert who.customer_of(row.own) == row.own


@given(rows(), st.sampled_from(POLICIES))
@settings(max_examples=15, deadline=None)
def test_attribution_tells_what_customers_says(several: Any, policy: Any) -> None:
    who, log = resolved(several, policy), log_of(several)
    table, whose = who.attribution(log), who.customers(log)
    assert [None if pd.isna(c) else c for c in table["customer"]] == whose.tolist()
    shared = {(r.type, r.value) for r in who.shared.itertuples()}
    for row in table.itertuples():
        if pd.isna(row.rule):
            assert pd.isna(row.customer) and pd.isna(row.type)
        elif row.rule == "own":
            assert row.customer == who.customer_of((row.type, row.value))
        else:
            assert (row.type, row.value) in shared
            assert (row.rule == "strict") == row.customer.startswith("s")
    counts = who.shared
    assert counts["events"].sum() == (table["rule"].notna() & (table["rule"] != "own")).sum()
    assert counts["unattributed"].sum() == (table["rule"] == "strict").sum()


def test_identifiers_are_found_in_any_spelling() -> None:
    who = resolved([{"kind": "view", "minute": 1, "identifiers": {"email": "a@x.org"}}], TIGHT)
    assert who.customer_of(("email", " A@X.ORG ")) == who.ids[0]
    assert who.customer_of(("email", "z@x.org")) is None
    assert who.customer_of(("email", "null")) is None
    with pytest.raises(UnknownName, match="no type 'mail'"):
        who.customer_of(("mail", "a@x.org"))
    with pytest.raises(UnknownCustomer, match="no customer's id here"):
        who.customer_of("a@x.org")
    with pytest.raises(ArgumentError, match="customer_of: who is 7"):
        who.customer_of(7)
    with pytest.raises(UnknownCustomer, match=r"email z@x\.org was never seen"):
        who.members(("email", "z@x.org"))


def test_empty_logs_have_empty_tables() -> None:
    who = of.resolve(of.EventLog.from_events([]), as_of="2024-03-01")
    for name in ("demoted", "cut", "shared", "quarantined", "aliases", "blocked"):
        assert len(getattr(who, name)) == 0
    assert np.array_equal(who.ids, [])


def test_a_type_within_its_source_is_found_with_it() -> None:
    frame = pd.DataFrame({"who": ["1", "1"], "from": ["shop a", "b"], "what": "view"})
    frame["at"] = pd.Timestamp("2024-03-01", tz="UTC")
    log = of.EventLog.from_frame(
        frame, time="at", event="what", identifiers={"user": "who"}, source="from"
    )
    kind = of.IdentifierType("user", rank=1, limit=1, per_source=True)
    who = of.resolve(log, of.IdentityPolicy([kind]))
    assert len(who) == 2
    assert who.customer_of(("user", "shop%20a:1")) != who.customer_of(("user", "b:1"))
    assert who.customer_of(("user", "1")) is None
    assert "write 'source:value'" in who.explain(("user", "1"), ("user", "b:1")).verdict


@given(rows(), st.sampled_from(POLICIES), links())
@settings(max_examples=15, deadline=None)
def test_many_identifiers_are_found_as_one_is(several: Any, policy: Any, told: Any) -> None:
    who = resolved(several, policy, told)
    asked = who.to_pandas()
    for kind in policy.names:
        here = asked.loc[asked["type"] == kind, "value"].tolist()
        values = [f" {word}" for word in here] + ["null", "nobody at all", *here]
        each = [who.customer_of((kind, word)) for word in values]
        for given_ in (values, tuple(values), np.array(values), pd.Series(values, index=values)):
            made = who.customers_of(kind, given_)
            assert made.dtype == object and made.tolist() == each
        assert who.customers_of(kind, [None, *values]).tolist() == [None, *each]
        assert who.customers_of(kind, []).tolist() == []


def test_many_identifiers_are_checked() -> None:
    with pytest.raises(UnknownName, match="'mail'"):
        FAMILY.customers_of("mail", ["ann@x.org"])
    with pytest.raises(ArgumentError, match=r"values is 'ann@x\.org'; it takes a list"):
        FAMILY.customers_of("email", "ann@x.org")
    with pytest.raises(ArgumentError, match="type"):
        FAMILY.customers_of(5, ["ann@x.org"])  # type: ignore[arg-type]
    with pytest.raises(ColumnError, match="decimals"):
        FAMILY.customers_of("email", [1.5])


def test_reading_one_spelling_reads_no_pattern_again(monkeypatch: pytest.MonkeyPatch) -> None:
    who = of.resolve(family())
    name, value = who.to_pandas().loc[0, ["type", "value"]]
    who.customer_of((name, value))
    monkeypatch.setattr(blocked, "_compiled", None)
    assert who.customer_of((name, f" {value}")) is not None


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("Email", "write identifiers={'email': 'Email'}"),
        ("e-mail", "write identifiers={'email': 'e-mail'}"),
        ("userId", "write identifiers={'user_id': 'userId'}"),
        ("tablet", "policy.with_types(IdentifierType('tablet', rank=10))"),
    ],
)
def test_a_column_in_place_of_a_type_says_what_to_write(column: str, says: str) -> None:
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-03-01"], utc=True), column: ["x"]})
    log = of.EventLog.from_frame(frame, time="at", event="view", identifiers=[column])
    with pytest.raises(ArgumentError) as caught:
        of.resolve(log)
    message = str(caught.value)
    assert says in message and "Did you mean" not in message
    assert ("identifiers=" in message) != ("with_types" in message)


@pytest.mark.parametrize("kind", ["must", "cannot"])
def test_a_link_that_says_nothing_is_refused(kind: str) -> None:
    one = getattr(Links, kind)(("email", "null"), ("user_id", "ann"))
    with pytest.raises(ArgumentError, match=f"{kind}-link of which an end, email null, is no iden"):
        of.resolve(family(), links=one)
    with pytest.raises(ArgumentError, match="as 1 more such"):
        of.resolve(family(), links=one + Links.must(("cookie", "0"), ("user_id", "ben")))
    with pytest.raises(ArgumentError, match="links name the type 'mail'"):
        of.resolve(family(), links=getattr(Links, kind)(("mail", "a@x.org"), ("user_id", "ann")))


def test_weak_links_that_say_nothing_are_counted() -> None:
    columns = ["a_type", "a_value", "b_type", "b_value", "probability"]
    rows = [["email", "null", "user_id", "ann", 0.5], ["cookie", "c9", "user_id", "ann", 0.5]]
    who = of.resolve(family(), links=Links.weak(pd.DataFrame(rows, columns=columns)))
    held = who.summary()
    assert (held.links, held.void_links) == (2, 1)
    assert "1 link says nothing, of 2: an end is no identifier" in repr(held)
    assert "1 link says nothing" in held._repr_html_()
