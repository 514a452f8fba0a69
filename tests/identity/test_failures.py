"""The twenty ways in which identities go wrong, each with the trap that it avoids.

Every test has the right answer (nobody is glued: precision 1; nothing that can be known is lost),
and shows that plain union-find, or a resolver that believes things in the order in which they
come, does fall into the trap.
"""

import attrs
import numpy as np
import pandas as pd
import pytest

from onefold import EventLog, fold
from onefold.datasets import FAILURES, IdentitySimulation, failure, union_find
from onefold.identity import DEFAULT, Identities, IdentityPolicy, Links, resolve


def told(name: str) -> IdentitySimulation:
    return failure(name, rng=7)


def found(sim: IdentitySimulation, policy: IdentityPolicy | None = None) -> Identities:
    """Who is who under the policy of the case, at the end of the stream."""
    (case,) = sim.failures.values()
    end = sim.log.events.array("time").max() + np.timedelta64(1, "us")
    return resolve(sim.log, case.policy if policy is None else policy, as_of=end)


def is_right(sim: IdentitySimulation, identities: Identities, *, lost: float = 0.0) -> None:
    """Nobody is glued to anybody, and of what can be known only `lost` is lost, by recall."""
    scores = sim.scores(identities, rng=1)
    assert scores.of("precision") == 1, scores
    assert scores.of("precision", over="identifiers") == 1
    assert scores.of("glued") == 0
    assert scores.of("knowable recall") == pytest.approx(1 - lost)


def is_glued_by_union_find(sim: IdentitySimulation) -> None:
    scores = sim.scores(union_find(sim.log), rng=1)
    assert scores.of("precision") < 0.9
    assert scores.of("glued") > 0


def people(sim: IdentitySimulation, identities: Identities) -> pd.Series:
    """Customers by person, in the words of the truth."""
    person = sim.truth.events["person"].str.split(":").str[1]
    return pd.Series(identities.customers(sim.log)).groupby(person.to_numpy()).unique()


def as_they_come(sim: IdentitySimulation) -> list[str]:
    """Customers by a rule that many have: the first known identifier says who; no repair."""
    frame, columns = sim.frame, [c for cs in sim.identifiers.values() for c in cs]
    arrived = frame["received"].fillna(frame["time"])
    known: dict[tuple[str, str], str] = {}
    out = [""] * len(frame)
    for at in np.argsort(arrived, kind="stable"):
        bundle = [(c, v) for c, v in frame.loc[at, columns].items() if isinstance(v, str)]
        out[at] = next((known[i] for i in bundle if i in known), f"new{at}")
        known |= {i: out[at] for i in bundle if i not in known}
    return out


def shuffled(log: EventLog, seed: int) -> EventLog:
    order = np.random.default_rng(seed).permutation(len(log))
    return EventLog(log.events.take(order), log.facts, log.currency)


def demoted(identities: Identities) -> set[str]:
    names = identities.to_pandas()
    return set(names["type"][identities.partition.demoted])


# ---------------------------------------------------------------- strangers share something


def test_shared_kiosk():
    sim = told("shared_kiosk")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    assert demoted(identities) == {"device"}
    by_person = people(sim, identities)
    assert len(by_person) == 13
    assert by_person["passer-by"][0].startswith("s")  # nobody known: the kiosk's own


def test_household_email():
    sim = told("household_email")
    identities = found(sim)
    is_glued_by_union_find(sim)
    scores = sim.scores(identities, rng=1)
    assert scores.of("precision") == 1
    assert len(people(sim, identities).map(lambda ids: [i for i in ids if i[0] == "p"])) == 2
    customers = pd.Series(identities.customers(sim.log))
    opened, bought = (
        customers[(sim.frame["event"] == kind).to_numpy()].tolist() for kind in ("open", "purchase")
    )
    assert opened == bought  # a newsletter is the last buyer's


def test_call_centre_cookie():
    sim = told("call_centre_cookie")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    assert demoted(identities) == {"cookie"}
    assert people(sim, identities).map(len).eq(1).all()


def test_hard_coded_ids():
    sim = told("hard_coded_ids")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    values = set(identities.to_pandas()["value"])
    assert not values & {"null", "0000", "test@test.com", "00000000-0000-0000-0000-000000000000"}


def test_recycled_phone():
    sim = told("recycled_phone")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    assert sim.frame["time"].max() - sim.frame["time"].min() > pd.Timedelta(730, "D")


def test_support_login_as():
    sim = told("support_login_as")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    assert len(people(sim, identities)) == 9
    assert not demoted(identities)
    # Without being told, the browser counts as a kiosk: nobody is glued then either.
    unaware = found(sim, DEFAULT)
    assert demoted(unaware) == {"cookie"}
    assert sim.scores(unaware, rng=1).of("precision", over="identifiers") == 1


def test_alias_of_two_users():
    sim = told("alias_of_two_users")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    # Somebody in charge may join them, and is believed.
    users = sim.truth.identifiers.query("type == 'user_id'")["value"].tolist()
    links = Links.must(*(("user_id", user) for user in users))
    assert len(resolve(sim.log, links=links)) == 1


def test_crm_import_gluing():
    sim = told("crm_import_gluing")
    is_right(sim, found(sim))
    is_glued_by_union_find(sim)


def test_gift_order():
    sim = told("gift_order")
    is_right(sim, found(sim))
    is_glued_by_union_find(sim)
    # The policy must be told: to whoever isn't, the receiver's address is one more of the buyer's.
    assert sim.scores(found(sim, DEFAULT), rng=1).of("precision") < 1


def test_same_key_two_tenants():
    sim = told("same_key_two_tenants")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    assert events_of(sim, identities) == [3, 3]
    assert sim.scores(found(sim, DEFAULT), rng=1).of("precision") < 1


# ---------------------------------------------------------------- order, time, number


def test_identify_out_of_order():
    sim = told("identify_out_of_order")
    identities = found(sim)
    is_right(sim, identities)
    assert sim.scores(as_they_come(sim), rng=1).of("knowable recall") < 1
    for seed in range(5):
        other = shuffled(sim.log, seed)
        assert resolve(other).to_pandas().equals(resolve(sim.log).to_pandas())


def test_duplicate_delivery():
    sim = told("duplicate_delivery")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    once = EventLog(
        sim.log.events.take(~sim.frame.duplicated("id").to_numpy()), sim.log.facts, sim.log.currency
    )
    assert resolve(once).to_pandas().equals(resolve(sim.log).to_pandas())
    assert events_of(sim, identities) == [3, 3]
    assert len(sim.log) == 12  # what a naive count has


def test_two_workers():
    sim = told("two_workers")
    workers = sim.failures["two_workers"].workers
    a, b = (EventLog(sim.log.events.take(workers == k), sim.log.facts, "EUR") for k in (0, 1))
    is_right(sim, found(sim))
    whole = resolve(sim.log)
    assert resolve(a + b).to_pandas().equals(whole.to_pandas())
    assert resolve(b + a).to_pandas().equals(whole.to_pandas())
    assert workers is not None
    apart = np.full(len(workers), None, dtype=object)
    for k, part in enumerate((a, b)):  # each alone, as if nobody merged them
        apart[workers == k] = resolve(part).customers(part)
    assert sim.scores(apart, rng=1).of("knowable recall") < 1


def test_late_anchor():
    sim = told("late_anchor")
    case = sim.failures["late_anchor"]
    is_right(sim, found(sim))
    early, late = resolve(sim.log, known_at=case.known_at), resolve(sim.log)
    users = sim.truth.identifiers.query("type == 'user_id'").set_index("person")["value"]
    for who, moved in (("ann", True), ("bob", False)):
        key = ("user_id", users[f"late_anchor:{who}"])
        old, new = (x.customer_of(key) for x in (early, late))
        assert (old != new) == moved
        assert late.customer_of(old) == new  # the old id is an alias
    for seed in range(5):  # an id by order of arrival would be another one each time
        assert resolve(shuffled(sim.log, seed)).to_pandas().equals(late.to_pandas())


def test_cookie_churn():
    sim = told("cookie_churn")
    identities = found(sim)
    is_right(sim, identities)
    assert people(sim, identities).map(len).tolist() == [1, 1]
    strict = found(sim, attrs.evolve(DEFAULT, attribution="strict"))
    assert sim.scores(strict, rng=1).of("precision") == 1


def test_rule_tightened():
    sim = told("rule_tightened")
    case = sim.failures["rule_tightened"]
    is_glued_by_union_find(sim)
    loose = found(sim)
    assert sim.scores(loose, rng=1).of("precision") < 1  # which is why it is tightened
    tight = loose.under(case.tighter)
    is_right(sim, tight)
    assert tight == found(sim, case.tighter)
    shown = loose.diff(case.tighter)  # before it is applied
    assert len(shown.undone) == 1
    assert len(shown.made) == 0
    assert tight.under(case.policy) == loose  # and back


def test_clock_skew():
    sim = told("clock_skew")
    identities = found(sim)
    is_right(sim, identities)
    is_glued_by_union_find(sim)
    case = sim.failures["clock_skew"]
    device = sim.truth.identifiers.query("type == 'device'").iloc[0]
    ann = sim.truth.identifiers.query("type == 'user_id' and person == 'clock_skew:ann'").iloc[0]
    assert _customer(identities, "device", device["value"]) == (
        _customer(identities, "user_id", ann["value"])
    )
    assert (sim.frame["time"] > case.known_at + pd.Timedelta(3000, "D")).sum() == 1


# ---------------------------------------------------------------- consent and erasure


def test_consent_conflict():
    sim = told("consent_conflict")
    case = sim.failures["consent_conflict"]
    said = case.consent
    assert said is not None
    is_right(sim, found(sim))
    several = []
    for identities in (resolve(sim.log, known_at=case.known_at), resolve(sim.log)):
        pairs = said[["type", "value"]].to_numpy().tolist()
        customers = [_customer(identities, kind, value) for kind, value in pairs]
        several.append(said["answer"].groupby(customers).nunique().max())
    assert several == [1, 2]  # the conflict is there as soon as they turn out to be one


def test_erase_then_replay():
    sim = told("erase_then_replay")
    is_right(sim, found(sim))
    _is_erased_wholly(sim)
    case = sim.failures["erase_then_replay"]
    keyed = attrs.evolve(DEFAULT, key="secret")
    then = resolve(sim.log, keyed, known_at=case.erased_at)
    gone = then.forget(case.erased[0])
    bob = sim.truth.events["person"].eq("erase_then_replay:bob").to_numpy()
    # The whole log is replayed, with a late event that bears nothing but Bob's cookie.
    again = resolve(sim.log, keyed, forgotten=gone)
    assert [customer is None for customer in again.customers(sim.log)] == bob.tolist()
    assert len(again) == 1
    assert not again.to_pandas()["value"].isin(sim.frame.loc[bob, "cookie"].dropna()).any()
    assert events_of(sim, again) == [3]
    assert len(resolve(sim.log, keyed)) == 2  # which is what a replay does without it


def test_erased_shares_device():
    sim = told("erased_shares_device")
    is_right(sim, found(sim))
    is_glued_by_union_find(sim)
    _is_erased_wholly(sim)


@pytest.mark.xfail(
    strict=True, reason="an event that only the shared tablet tells comes back as the other's"
)
def test_erased_shares_device_replayed():
    sim = told("erased_shares_device")
    keyed = attrs.evolve(DEFAULT, key="secret")
    gone = resolve(sim.log, keyed).forget(sim.failures["erased_shares_device"].erased[0])
    customers = pd.Series(resolve(sim.log, keyed, forgotten=gone).customers(sim.log))
    bob = sim.truth.events["person"].eq("erased_shares_device:bob")
    assert customers[bob].isna().sum() >= 3
    assert not customers[bob].isin(customers[~bob]).any()


def _is_erased_wholly(sim: IdentitySimulation) -> None:
    """What is of the person to be erased is told apart to the last event, and the rest stays."""
    (case,) = sim.failures.values()
    identities = found(sim)
    gone = {_customer(identities, kind, value) for kind, value in case.erased}
    theirs = np.isin(identities.customers(sim.log), list(gone))
    person = sim.truth.events["person"].str.split(":").str[1].to_numpy()
    assert (theirs == (person == "bob")).all()
    rest = EventLog(sim.log.events.take(~theirs), sim.log.facts, sim.log.currency)
    again = resolve(rest)
    assert len(again) == 1
    assert len(set(again.customers(rest))) == 1


def test_every_failure_has_its_test():
    assert {f"test_{name}" for name in FAILURES} <= set(globals())
    assert len(FAILURES) == 20


# ---------------------------------------------------------------- what is asked


def events_of(sim: IdentitySimulation, identities: Identities) -> list[int]:
    """How many events each profile has, ascending."""
    profiles = fold(sim.log, identities=identities)
    return sorted(np.diff(profiles.history.offsets).tolist())


def _customer(identities: Identities, kind: str, value: str) -> str:
    frame = identities.to_pandas()
    return frame.loc[(frame["type"] == kind) & (frame["value"] == value), "customer"].item()
