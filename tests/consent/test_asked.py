"""Who may be addressed: against plain Python, statement by statement, at any moment."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.consent import Consent, allowed, consents
from onefold.errors import ArgumentError
from onefold.identity import IdentifierType, IdentityPolicy, Links, resolve
from onefold.traits import Consented

POLICY = IdentityPolicy([IdentifierType("user", rank=1, limit=1), IdentifierType("cookie", rank=2)])
NAMES = ("c1", "c2", "c3", "u")
ONE = (
    Links.must(("cookie", "c1"), ("cookie", "c2"))
    + Links.must(("cookie", "c1"), ("cookie", "c3"))
    + Links.must(("cookie", "c2"), ("cookie", "c3"))
    + Links.must(("user", "u"), ("cookie", "c1"))
    + Links.must(("user", "u"), ("cookie", "c2"))
    + Links.must(("user", "u"), ("cookie", "c3"))
)
START = np.datetime64("2024-03-01", "us")
DAY = np.timedelta64(1, "D")
MICROSECOND = np.timedelta64(1, "us")


class Told(NamedTuple):
    day: int
    purpose: str
    held: tuple[str, ...]
    granted: bool
    end: int | None  # the day

    @property
    def last(self) -> float:
        return np.inf if self.end is None else self.end


@st.composite
def told(draw: st.DrawFn) -> Told:
    day = draw(st.integers(0, 5))
    granted = draw(st.booleans())
    end = draw(st.none() | st.integers(day + 1, 8)) if granted else None
    names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple)
    return Told(day, draw(st.sampled_from(["email", "email", "ads"])), draw(names), granted, end)


SEVERAL = st.lists(told(), min_size=1, max_size=8, unique=True)


def at(day: float) -> np.datetime64:
    return START + np.timedelta64(int(day * 24), "h")


def pair(name: str) -> tuple[str, str]:
    return ("user" if name == "u" else "cookie", name)


def log_of(several: list[Told]) -> of.EventLog:
    log = of.EventLog.from_events([])
    for one in several:
        until = None if one.end is None else at(one.end)
        said = Consent(one.purpose, one.granted, time=at(one.day), until=until)
        who: dict[str, list[str]] = {}
        for kind, value in map(pair, one.held):
            who.setdefault(kind, []).append(value)
        log += said.to_log(who)
    return log


def people(several: list[Told], linked: bool) -> list[set[str]]:
    """Who is who by what was said: all that came together is one."""
    out: list[set[str]] = []
    for one in several:
        mine = set(one.held)
        touched = [group for group in out if linked or group & mine]
        out = [group for group in out if group not in touched] + [mine.union(*touched)]
    return out


def counts(one: Told, mine: list[Told]) -> bool:
    """Whether a yes counts: each no until then is lifted by a yes that lasts."""
    return all(
        any(
            no.day < yes.day <= one.day < yes.last
            and ("u" in yes.held or set(yes.held) & set(no.held))
            for yes in mine
            if yes.granted
        )
        for no in mine
        if not no.granted and no.day <= one.day
    )


def answer(mine: list[Told], moment: float) -> str | None:
    """Yes, no, expired or None: the last word of one person to one purpose."""
    held = [one for one in mine if not one.granted or counts(one, mine)]
    if not held:
        return None
    last = [one for one in held if one.day == max(h.day for h in held)]
    if not all(one.granted for one in last):
        return "no"
    return "yes" if moment < min(one.last for one in last) else "expired"


def truth(
    several: list[Told], when: float, later: float, linked: bool
) -> dict[str, dict[str, Any]]:
    """The answer to each purpose of each person, by their identifiers."""
    known = [one for one in several if one.day < when]
    out = {}
    for group in people(known, linked):
        for name in group:
            out[name] = {
                purpose: answer(
                    [o for o in known if o.purpose == purpose and set(o.held) & group], later
                )
                for purpose in ("email", "ads", "post")
            }
    return out


@settings(max_examples=40, deadline=None)
@given(SEVERAL, st.booleans(), st.data())
def test_who_may_be_addressed(several: list[Told], linked: bool, data: st.DataObject) -> None:
    order = data.draw(st.permutations(several))
    log = log_of(order)
    profiles = of.fold(
        log, [Consented("email")], identities=resolve(log, POLICY, links=ONE if linked else None)
    )
    when = data.draw(st.integers(0, 18)) / 2
    later = when + data.draw(st.integers(0, 4)) / 2
    then = profiles.at(at(when))
    wanted = truth(several, when, when, linked)
    assert then.identities is not None
    whose = {name: then.identities.customer_of(pair(name)) for name in wanted}
    assert set(whose.values()) == set(then.ids)
    for moment, right in ((None, wanted), (at(later), truth(several, when, later, linked))):
        for purpose in ("email", "ads", "post"):
            found = dict(zip(then.ids, allowed(then, purpose, as_of=moment).tolist(), strict=True))
            assert {n: found[i] for n, i in whose.items()} == {
                n: said[purpose] == "yes" for n, said in right.items()
            }
        frame = consents(then, as_of=moment).set_index(["customer", "purpose"])
        assert frame.index.is_unique and frame.index.is_monotonic_increasing
        assert frame["granted"].to_dict() == {
            (whose[n], p): a == "yes" for n, said in right.items() for p, a in said.items() if a
        }
    trait = then.to_pandas()["consented_email"] if len(then) else {}
    for name, customer in whose.items():
        held = trait[customer]
        assert (None if pd.isna(held) else held) == wanted[name]["email"]
        assert bool(allowed(then[customer], "email")[0]) == (wanted[name]["email"] == "yes")
    if linked and len(profiles):  # a table of moments, read from ranges of one history
        asked = pd.DataFrame({"customer": [profiles.ids[0]] * 2, "time": [at(when), at(later)]})
        table = profiles.at(asked, tz="UTC")["consented_email"]
        for held, day in zip(table, (when, later), strict=True):
            right = truth(several, day, day, linked)
            answered = next(iter(right.values()))["email"] if right else None
            assert (None if pd.isna(held) else held) == answered


def say(granted: bool, day: float, end: float | None = None, **who: str) -> of.EventLog:
    until = None if end is None else at(end)
    return Consent("email", granted, time=at(day), until=until).to_log(who)


def yes(log: of.EventLog, moment: float, *, linked: bool = True) -> bool:
    who = resolve(log, POLICY, links=ONE if linked else None)
    return bool(allowed(of.fold(log, identities=who).at(at(moment)), "email")[0])


def test_an_end_needs_no_later_word() -> None:
    log = say(True, 1, 3, user="u")
    profiles = of.fold(log, identities=resolve(log, POLICY), as_of=at(10))
    ends = [at(3) - MICROSECOND, at(3), at(3) + MICROSECOND]
    assert [allowed(profiles.at(t), "email").tolist() for t in ends] == [[True], [False], [False]]
    assert not len(profiles.at(at(1)))  # what is said at that very instant is not known yet
    assert consents(profiles)["until"].tolist() == [pd.Timestamp(at(3), tz="UTC")]


def test_a_renewal_replaces_what_was_said() -> None:
    renewed = say(True, 1, 5, user="u") + say(True, 3, 9, user="u")
    assert yes(renewed, 6) and not yes(renewed, 9)
    shorter = say(True, 1, user="u") + say(True, 3, 5, user="u")
    assert yes(shorter, 4) and not yes(shorter, 6)


def test_a_no_at_or_after_the_end_stays_a_no() -> None:
    for day in (3, 4):
        log = say(True, 1, 3, user="u") + say(False, day, user="u")
        assert not yes(log, 5)
        assert consents(of.fold(log, identities=resolve(log, POLICY)))["until"].isna().all()


def test_an_end_is_not_a_no_of_somebody_merged() -> None:
    log = say(True, 1, 3, cookie="c1") + say(True, 4, cookie="c2")
    assert yes(log, 5)


def test_a_yes_that_has_ended_lifts_nothing_any_more() -> None:
    log = say(False, 1, cookie="c1") + say(True, 2, 4, user="u")
    assert yes(log, 3) and not yes(log, 5)
    assert yes(log + say(True, 3, cookie="c2"), 5)  # said while the no was lifted
    assert not yes(log + say(True, 4, cookie="c2"), 5)  # the no is in force again
    assert yes(log + say(True, 3, 9, user="u") + say(True, 4, cookie="c2"), 5)


def test_of_one_instant_a_no_is_the_last_word_also_without_identities() -> None:
    said = [Consent("email", g, time=at(1)).to_log("ann") for g in (True, False)]
    for log in (said[0] + said[1], said[1] + said[0]):
        assert not allowed(of.fold(log), "email").any()
    ends = [Consent("email", True, time=at(1), until=at(d)).to_log("ann") for d in (3, 9)]
    for log in (ends[0] + ends[1], ends[1] + ends[0]):
        assert not allowed(of.fold(log, as_of=at(4)), "email").any()


def test_numbers_and_words_of_others_are_read() -> None:
    frame = pd.DataFrame({"who": ["a", "b", "c"], "n": [1, 0, 2], "w": ["Opt-In", "true", "?"]})
    facts = {"consent:ads": "n", "consent:email": "w", "consent": "w"}
    log = of.EventLog.from_facts(frame, customer="who", time="2024-01-01", facts=facts)
    profiles = of.fold(log)
    assert allowed(profiles, "ads").tolist() == [True, False, False]
    assert allowed(profiles, "email").tolist() == [True, True, False]
    assert set(consents(profiles)["purpose"]) == {"ads", "email"}


def test_nobody_and_newcomers() -> None:
    profiles = of.fold(of.EventLog.from_events([of.Event("ann", "view", "2024-01-01")]))
    assert allowed(profiles, "email").tolist() == [False]
    assert allowed(profiles.new("eve"), "email").tolist() == [False]
    assert len(consents(profiles)) == 0 and str(consents(profiles)["granted"].dtype) == "bool"
    event = of.Event("eve", "view", "2024-01-02")
    assert allowed(profiles.new("eve").after(event), "email").tolist() == [False]


def test_wrong_arguments() -> None:
    profiles = of.fold(say(True, 1, user="u"), identities=resolve(say(True, 1, user="u"), POLICY))
    for wrong in (None, [profiles], "profiles", 3):
        with pytest.raises(ArgumentError, match="allowed: profiles is a"):
            allowed(wrong, "email")
        with pytest.raises(ArgumentError, match="consents: profiles is a"):
            consents(wrong)
    for purpose in (None, "", " email", 3, "\ud800"):
        with pytest.raises(ArgumentError, match="allowed: purpose"):
            allowed(profiles, purpose)
    with pytest.raises(ArgumentError, match=r"profiles\.at"):
        allowed(profiles, "email", as_of="2020-01-01")


def test_an_assignment_exports_those_who_agreed() -> None:
    log = of.EventLog.from_events(
        [of.Event(who, "purchase", at(0), value=1) for who in ("ann", "bob", "eve")]
    )
    log += Consent("email", True, time=at(1)).to_log("ann")
    log += Consent("email", True, time=at(1), until=at(2)).to_log("bob")
    profiles = of.fold(log, as_of=at(1.5))
    buyers = of.Rules({"first": of.trait("tenure") > 100, "buyers": of.trait("frequency") >= 1})
    made = of.segment(profiles, buyers).assignment
    assert made.export(profiles, "email")["customer"].tolist() == ["ann", "bob"]
    assert made.export(profiles, "email", name="buyers")["segment"].tolist() == ["buyers"] * 2
    assert not len(made.export(profiles, "email", name="first"))
    late = of.fold(log, as_of=at(3))
    assert made.export(late, "email")["customer"].tolist() == ["ann"]
    assert not len(made.export(profiles, "ads"))
    with pytest.raises(ArgumentError, match=r"Assignment\.export: profiles"):
        made.export(log, "email")
