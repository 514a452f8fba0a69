"""Twenty ways in which identities go wrong, each a small stream with its truth.

Every one has glued strangers, lost customers or brought back the erased somewhere. `FAILURES`
names them; `failure(name)` is one of them, `simulate_identities(failures=...)` adds some to a
large stream.

    for name in FAILURES: sim = failure(name, rng=1); sim.failures[name].right
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._types import Ints
from onefold.datasets import failures_of_order as order
from onefold.datasets import failures_of_sharing as sharing
from onefold.datasets.script import Script
from onefold.identity import DEFAULT, IdentityPolicy

Pairs = tuple[tuple[str, str], ...]


def _copied(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(mapping))


@attrs.frozen(eq=False)
class Failure:
    """One scenario: what it means, who is who, and what a test of it needs.

    Args:
        name: Its name in `FAILURES`.
        meaning: What happens, in a sentence.
        right: What a right answer looks like.
        frame: The events, with the column `person`: whose history each belongs to.
        owners: (type, value) to person, where it is not the people of its events; None is nobody's.
        policy: The policy that the case needs; most need none but the default.
        tighter: The policy that comes later, if one does.
        workers: (n,) which of two workers, 0 or 1, gets each row; None: the case has none.
        erased: Identifiers of the person who is to be erased.
        erased_at: When they are erased; None: nobody is.
        consent: Statements with a time: type, value, purpose, answer ("yes", "no"); or None.
        known_at: A moment before the trap springs, to ask what was believed then.
    """

    name: str
    meaning: str
    right: str
    frame: pd.DataFrame
    owners: Mapping[tuple[str, str], str | None] = attrs.field(factory=dict, converter=_copied)
    policy: IdentityPolicy = DEFAULT
    tighter: IdentityPolicy | None = None
    workers: Ints | None = None
    erased: Pairs = ()
    erased_at: pd.Timestamp | None = None
    consent: pd.DataFrame | None = None
    known_at: pd.Timestamp | None = None

    def __repr__(self) -> str:
        return f"Failure({self.name}: {self.meaning} Right: {self.right})"


# name -> what is written into a script; it returns the further fields of the failure.
FAILURES: Mapping[str, Callable[[Script], Mapping[str, Any]]] = MappingProxyType(
    {
        "shared_kiosk": sharing.shared_kiosk,
        "household_email": sharing.household_email,
        "call_centre_cookie": sharing.call_centre_cookie,
        "hard_coded_ids": sharing.hard_coded_ids,
        "recycled_phone": sharing.recycled_phone,
        "support_login_as": sharing.support_login_as,
        "alias_of_two_users": sharing.alias_of_two_users,
        "identify_out_of_order": order.identify_out_of_order,
        "duplicate_delivery": order.duplicate_delivery,
        "two_workers": order.two_workers,
        "late_anchor": order.late_anchor,
        "crm_import_gluing": sharing.crm_import_gluing,
        "cookie_churn": order.cookie_churn,
        "consent_conflict": order.consent_conflict,
        "erase_then_replay": order.erase_then_replay,
        "rule_tightened": order.rule_tightened,
        "erased_shares_device": order.erased_shares_device,
        "clock_skew": order.clock_skew,
        "gift_order": sharing.gift_order,
        "same_key_two_tenants": sharing.same_key_two_tenants,
    }
)


def failure_of(name: str, rng: np.random.Generator, start: np.datetime64) -> Failure:
    """Write down the failure of a name."""
    script = Script.begun(name, rng, start)
    told = FAILURES[name](script)
    return Failure(name=name, frame=script.frame(), **told)
