"""Consent in the store: what was said, of whom it turns out to be."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import onefold as of
from onefold.consent import allowed, consents
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.store import reading
from onefold.store.consenting import consent
from onefold.store.core import Core
from onefold.store.reading import profiles
from onefold.store.store import COUNT, Store


@pytest.fixture
def core(url: str) -> Iterator[Core]:
    with Store(url) as store:
        yield store._core


def test_what_was_said_is_kept(core: Core) -> None:
    ann = {"user_id": "ann", "cookie": "c1"}
    how = {"source": "double opt-in mail", "until": "2025-03-01"}
    assert consent(core, ann, "email", True, time="2024-03-01", **how)
    assert consent(core, ann, "email", True, time="2024-03-01", **how)  # twice is once
    assert consent(core, ("cookie", "c1"), "ads", False, time="2024-03-02", source="banner")
    made = profiles(core)
    frame = consents(made)
    assert frame[["purpose", "granted", "source"]].to_numpy().tolist() == [
        ["ads", False, "banner"],
        ["email", True, "double opt-in mail"],
    ]
    assert len(made.ledger.facts) == 2
    assert allowed(made, "email").tolist() == [True]
    assert allowed(made, "email", as_of="2025-03-01").tolist() == [False]
    assert allowed(profiles(core, as_of="2024-03-01 00:00:01"), "ads").tolist() == [False]


def test_a_no_stays_where_two_turn_out_to_be_one(core: Core) -> None:
    consent(core, ("cookie", "c1"), "email", False, time="2024-03-01")
    consent(core, ("cookie", "c2"), "email", True, time="2024-03-02")
    assert sorted(allowed(profiles(core), "email")) == [False, True]
    for cookie in ("c1", "c2"):
        consent(core, {"user_id": "ann", "cookie": cookie}, "ads", True, time="2024-03-03")
    assert allowed(profiles(core), "email").tolist() == [False]
    consent(core, ("user_id", "ann"), "email", True, time="2024-03-04", until="2024-03-06")
    assert allowed(profiles(core), "email").tolist() == [True]
    consent(core, ("cookie", "c2"), "email", True, time="2024-03-07")
    assert allowed(profiles(core), "email").tolist() == [False]


def test_wrong_arguments(core: Core) -> None:
    several: list[Any] = ["", None, True, {}, ("email",), ["email", "a@x.org"]]
    for wrong in several:
        with pytest.raises(ArgumentError, match="who"):
            consent(core, wrong, "email", True, time="2024-03-01")
    for nobody in ("ann", 7, "p" + 20 * "0"):
        with pytest.raises(UnknownCustomer, match=r"Store\.consent: who"):
            consent(core, nobody, "email", True, time="2024-03-01")
    with pytest.raises(ArgumentError, match="purpose"):
        consent(core, ("email", "a@x.org"), "", True, time="2024-03-01")
    with pytest.raises(ArgumentError, match="granted"):
        consent(core, ("email", "a@x.org"), "email", "yes", time="2024-03-01")
    with pytest.raises(ArgumentError, match="until"):
        consent(core, ("email", "a@x.org"), "email", False, time="2024-03-01", until="2025-01-01")
    with core.database.reading() as session:
        assert session.one(COUNT) == (0,)


def test_hostile_text_comes_back_as_it_is(core: Core) -> None:
    purpose, source = "'); DROP TABLE log;--\0", "<b>[source: x]</b>\n\0 until 2099-01-01 ✓"
    consent(core, ("email", "ann@x.org"), purpose, True, time="2024-03-01", source=source)
    frame = consents(profiles(core))
    assert frame[["purpose", "granted", "source"]].to_numpy().tolist() == [[purpose, True, source]]
    assert isinstance(of.consent.Consent.of("consent:x", "yes", time="2024-01-01").granted, bool)


def test_an_id_is_whoever_is_named_by_it(core: Core) -> None:
    cookie = {"cookie": "c1"}
    for who in (cookie, {"user_id": "ann"}):
        consent(core, who, "ads", True, time="2024-03-01")
    before = profiles(core).ids.tolist()
    consent(core, {"user_id": "ann", **cookie}, "ads", True, time="2024-03-02")
    (now,) = profiles(core).ids
    (alias,) = {*before} - {now}
    for day, who in ((3, alias), (4, now)):
        assert consent(core, who, "email", day == 3, time=f"2024-03-0{day}")
    assert allowed(profiles(core), "email").tolist() == [False]
    assert reading.profile(core, now)["consent:email"].startswith("no")
    assert reading.profile(core, ("user_id", "ann")) == profiles(core)[now]


def test_an_id_of_what_several_share_is_nobodys_word(url: str) -> None:
    policy = of.IdentityPolicy(
        [
            of.IdentifierType("user_id", rank=1, limit=1),
            of.IdentifierType("no", rank=2, per_source=True),
        ]
    )
    with Store(url, policy=policy) as store:
        made = store.observe(
            of.Event(None, "buy", "2024-03-01", identifiers={"no": "7"}, source="shop")
        )
        assert made is not None
        with pytest.raises(ArgumentError, match="theirs alone wherever it is told"):
            store.consent(made.id, "email", granted=True, time="2024-03-02")
        store.observe(
            of.Event(
                None, "buy", "2024-03-01", identifiers={"no": "7", "user_id": "a"}, source="shop"
            )
        )
        assert store.consent(made.id, "email", granted=True, time="2024-03-02")
        assert store.profile(("user_id", "a"))["consent:email"] == "yes"


def stated(said: list[Any], days: list[int], name: str = "consent:email") -> of.EventLog:
    """What customers a, b, ... say, as a table of them holds it."""
    who = [f"{chr(97 + at)}nn@shop.org" for at in range(len(said))]
    when = pd.to_datetime([f"2024-03-0{day}" for day in days], utc=True)
    frame = pd.DataFrame({"who": who, "when": when, "said": said})
    return of.EventLog.from_facts(
        frame, time="when", facts={name: "said"}, identifiers={"email": "who"}
    )


NUMBERS = stated([1.0, 0.0, 2.0, 1.0], [1, 1, 1, 3])
WORDS = stated(["no", "yes", "yes", "yes"], [2, 2, 2, 2])


@pytest.mark.parametrize("name", ["consent:email", "consent"])
def test_a_no_is_never_refused_for_its_type(url: str, name: str) -> None:
    """Numbers are a yes (1) or a no, as in a fold of the log in which they came."""
    numbers, words = stated([1.0, 0.0], [1, 1], name), stated(["no", "yes"], [2, 2], name)
    for first, then in ((numbers, words), (words, numbers)):
        with Store() as store:
            assert store.observe_all(first).new == 2
            assert store.observe_all(then).new == 2
            assert store.observe_all(numbers).repeated == 2
    with Store(url) as store:
        store.observe_all(NUMBERS)
        assert store.consent(("email", "dnn@shop.org"), "email", granted=False, time="2024-03-04")
        assert not store.rebuild()


@pytest.mark.parametrize("log", [NUMBERS, WORDS])
def test_a_number_says_what_it_says_in_a_fold(url: str, log: of.EventLog) -> None:
    with Store(url) as store:
        store.observe_all(log)
        kept = store.profiles()
        policy = store.policy
    folded = of.fold(log, identities=of.resolve(log, policy), as_of=kept.as_of)
    assert kept.ids.tolist() == folded.ids.tolist()
    assert allowed(kept, "email").tolist() == allowed(folded, "email").tolist()
    assert consents(kept).equals(consents(folded))
    assert allowed(kept, "email").sum() == (2 if log is NUMBERS else 3)


def test_other_facts_keep_their_type() -> None:
    with Store() as store:
        store.observe_all(stated([1.0], [1], "consents"))
        with pytest.raises(ArgumentError, match="consents"):
            store.observe_all(stated(["yes"], [1], "consents"))
