"""A no that stays: against plain Python, in any order."""

import attrs
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import onefold as of
from onefold.identity import IdentifierType, IdentityPolicy, Links, resolve

POLICY = IdentityPolicy(
    [IdentifierType("user", rank=1, limit=1), IdentifierType("cookie", rank=2)],
    deny_wins=["consent", "tracking"],
)
ONE = Links.must(("cookie", "c1"), ("cookie", "c2")) + Links.must(
    ("cookie", "c2"), ("cookie", "c3")
)
ALL = ONE + Links.must(("user", "u"), ("cookie", "c1"))
DAY = np.datetime64("2024-03-01", "us")
NO = ("no", "False", "0", "DENIED", "revoked", " opt-out ")

Statement = tuple[int, str, tuple[str, ...], str]


def statements() -> st.SearchStrategy[list[Statement]]:
    names = st.sampled_from(["consent", "consent:mail", "tracking:ads", "region", "consented"])
    held = st.lists(
        st.sampled_from(["c1", "c2", "c3", "u"]), min_size=1, max_size=2, unique=True
    ).map(tuple)
    value = st.sampled_from(["yes", "yes", "granted", *NO])
    return st.lists(st.tuples(st.integers(0, 4), names, held, value), max_size=7)


def log_of(several: list[Statement]) -> of.EventLog:
    log = of.EventLog.from_events([])
    for day, name, held, value in several:
        cookies = [*(c for c in held if c != "u"), None, None][:2]
        frame = pd.DataFrame(
            {
                "v": [value],
                "a": [cookies[0]],
                "b": [cookies[1]],
                "u": ["u" if "u" in held else None],
            }
        ).astype(object)
        log += of.EventLog.from_facts(
            frame,
            time=str(DAY + np.timedelta64(day, "D")),
            facts={name: "v"},
            identifiers={"cookie": ["a", "b"], "user": "u"},
        )
    return log


def outweighed(several: list[Statement]) -> list[bool]:
    """Which statements are a yes while a no is in force; all are one person's."""

    def denies(value: str) -> bool:
        return value not in ("yes", "granted")

    out = []
    for day, name, _, value in several:
        if name.partition(":")[0] not in ("consent", "tracking") or denies(value):
            out.append(False)
            continue
        mine = [s for s in several if s[1] == name]
        standing = False
        for no in mine:
            if not denies(no[3]) or no[0] > day:
                continue
            lifted = [
                yes
                for yes in mine
                if not denies(yes[3])
                and no[0] < yes[0] <= day
                and ("u" in yes[2] or set(yes[2]) & set(no[2]))
            ]
            standing = standing or not lifted
        out.append(standing)
    return out


@settings(max_examples=25, deadline=None)
@given(statements(), st.randoms(use_true_random=False))
def test_a_yes_counts_when_no_no_is_in_force(several: list[Statement], rng: st.randoms) -> None:  # type: ignore[valid-type]
    several = list(dict.fromkeys(several))
    for order in (several, rng.sample(several, len(several))):  # type: ignore[attr-defined]
        log = log_of(order)
        if not len(log.facts):
            return
        held = resolve(log, POLICY, links=ALL).applied(log).facts
        found = sorted(
            zip(
                held.array("time").astype("datetime64[us]").tolist(),
                held.coded("name").decode().tolist(),
                held.coded("text").decode().tolist(),
                strict=True,
            )
        )
        kept = [s for s, gone in zip(several, outweighed(several), strict=True) if not gone]
        assert found == sorted(
            ((DAY + np.timedelta64(d, "D")).tolist(), name, value) for d, name, _, value in kept
        )


def test_the_rule_can_be_left_out_and_apart_people_decide_for_themselves() -> None:
    several = [(0, "consent", ("c1",), "no"), (1, "consent", ("c2",), "yes")]
    log = log_of(several)  # type: ignore[arg-type]
    free = attrs.evolve(POLICY, deny_wins=[])
    assert len(resolve(log, POLICY, links=ALL).applied(log).facts) == 1
    assert len(resolve(log, free, links=ALL).applied(log).facts) == 2
    assert len(resolve(log, POLICY).applied(log).facts) == 2


def test_numbers_deny_too() -> None:
    frame = pd.DataFrame({"v": [0.0, 1.0], "cookie": ["c1", "c2"]})
    frame["at"] = pd.to_datetime(["2024-03-01", "2024-03-02"], utc=True)
    log = of.EventLog.from_facts(frame, time="at", facts={"consent": "v"}, identifiers=["cookie"])
    held = resolve(log, POLICY, links=ALL).applied(log).facts
    assert held.array("number").tolist() == [0.0]


def test_what_is_no_yes_is_a_no() -> None:
    for word in ("nein", "unsubscribed", "opt-out", "declined", "perhaps", "off"):
        several = [(0, "consent", ("c1",), word), (1, "consent", ("c2",), "Opt In")]
        held = resolve(log_of(several), POLICY, links=ONE).applied(log_of(several)).facts  # type: ignore[arg-type]
        assert held.coded("text").decode().tolist() == [word]


def test_who_shares_a_device_lifts_nobodys_no() -> None:
    people = ["ann", "ben", "cid", "dan", "eve"]
    kiosk = of.EventLog.from_events(
        of.Event(
            None, "login", DAY + np.timedelta64(i, "h"), identifiers={"user_id": u, "device": "k"}
        )
        for i, u in enumerate([*people, "ann"], 1)
    )

    def said(granted: bool, minute: int, **who: str) -> of.EventLog:
        moment = DAY + np.timedelta64(6 * 60 + minute, "m")
        return of.consent.Consent("email", granted, time=moment).to_log(who)

    log = kiosk + said(False, 1, user_id="ann", device="k") + said(True, 2, device="k")
    for policy in (of.identity.DEFAULT, attrs.evolve(of.identity.DEFAULT, deny_wins=[])):
        ann = of.fold(log, identities=resolve(log, policy))["user_id", "ann"]
        # Somebody at the kiosk, whose yes the policy gives to ann, who has just signed in there.
        assert ann["consent:email"] == ("no" if policy.deny_wins else "yes")
    proved = log + said(True, 3, user_id="ann")
    assert of.fold(proved, identities=resolve(proved))["user_id", "ann"]["consent:email"] == "yes"
