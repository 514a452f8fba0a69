"""Asked: what customers have said last, and who may be addressed.

    ann: yes (March), no (May)          no
    bob: yes until June (March)         yes before June, no from then on
    eve: nothing                        no

Nobody has to say anything for a yes to end; a later statement replaces it, whatever its end.
"""

from typing import Any

import numpy as np
import pandas as pd

from onefold import _time
from onefold._columns import Columns
from onefold._types import Bools, Instant, Strings
from onefold.consent.statement import purpose_of
from onefold.consent.words import FOREVER, PREFIX, Statements
from onefold.errors import ArgumentError


def consents(profiles: Any, *, as_of: Instant | None = None) -> pd.DataFrame:
    """What each customer has said last to each purpose.

    Args:
        profiles: Profiles, or one Profile.
        as_of: The moment as of which a yes still holds, if it is later than that of the profiles:
            the day of a mailing. What was said is what the profiles know.

    Returns:
        A frame with a row for each customer and purpose of which something was said: customer,
        purpose, granted (whether the last statement is a yes that has not ended), since (when it
        was made), until (when it ends or has ended, missing where it has no end) and source
        (missing where it was not told). Sorted by customer and purpose.

    Raises:
        ArgumentError: If these are no profiles, or `as_of` lies before them.

    Examples:
        >>> import onefold as of
        >>> log = (of.consent.Consent("email", True, time="2024-03-01", source="form").to_log("ann")
        ...        + of.consent.Consent("phone", False, time="2024-03-02").to_log("ann"))
        >>> of.consent.consents(of.fold(log)).drop(columns=["since", "until"])
          customer purpose  granted source
        0      ann   email     True   form
        1      ann   phone    False   None
    """
    who, facts, moment = _opened(profiles, as_of, "consents")
    names = facts.coded("name")
    ours = np.array([*(name.startswith(PREFIX) for name in names.vocab), False], dtype=bool)
    rows = np.flatnonzero(ours[names.codes] & (facts.array("time") < moment))
    several = facts.array("customer")[rows] * np.int64(len(names.vocab)) + names.codes[rows]
    said = Statements.of(facts, rows)
    last = said.last(several)
    rows, granted, until = rows[last], said.granted[last], said.until[last]
    here = pd.DatetimeIndex(facts.array("time")[rows]).tz_localize("UTC")
    ends = np.where(until == FOREVER, np.datetime64("NaT"), until.view("datetime64[us]"))
    purposes = np.array([name.removeprefix(PREFIX) for name in names.vocab], dtype=object)
    return pd.DataFrame(
        {
            "customer": who[facts.array("customer")[rows]],
            "purpose": purposes[names.codes[rows]] if len(rows) else purposes[:0],
            "granted": granted & (until > moment.view(np.int64)),
            "since": here,
            "until": pd.DatetimeIndex(ends.astype("datetime64[us]")).tz_localize("UTC"),
            "source": pd.Series(said.sources[last], dtype=object),
        }
    )


def allowed(profiles: Any, purpose: str, *, as_of: Instant | None = None) -> Bools:
    """Which customers may be addressed for a purpose: unknown is no, and so is an expired yes.

    allowed = (last statement before the profiles' `as_of` is a yes) and (`as_of` < its end)

    Where two people turned out to be one, a no outweighs the other's yes unless the same
    authenticated person granted later; that is in the profiles already
    (`IdentityPolicy.deny_wins`).

    Args:
        profiles: Profiles of n customers, or one Profile.
        purpose: What for: "email", "ads".
        as_of: The moment as of which a yes still holds, if it is later than that of the profiles.

    Returns:
        (n,) True where the answer is yes, in the order of the profiles.

    Raises:
        ArgumentError: If these are no profiles, the purpose is no text, or `as_of` lies before the
            profiles.

    Examples:
        >>> import onefold as of
        >>> said = of.consent.Consent("email", True, time="2024-03-01", until="2024-06-01")
        >>> profiles = of.fold(said.to_log("ann"))
        >>> of.consent.allowed(profiles, "email").tolist()
        [True]
        >>> of.consent.allowed(profiles, "email", as_of="2024-06-01").tolist()
        [False]
        >>> of.consent.allowed(profiles, "phone").tolist()
        [False]
    """
    name = PREFIX + purpose_of(purpose, "allowed: purpose")
    who, facts, moment = _opened(profiles, as_of, "allowed")
    out = np.zeros(len(who), dtype=bool)
    code = facts.coded("name").vocab.code(name)
    if code < 0:
        return out
    rows = np.flatnonzero((facts.array("name") == code) & (facts.array("time") < moment))
    customer = facts.array("customer")[rows]
    said = Statements.of(facts, rows)
    last = said.last(customer)
    out[customer[last]] = said.granted[last] & (said.until[last] > moment.view(np.int64))
    return out


def _opened(profiles: Any, as_of: Any, call: str) -> tuple[Strings, Columns, np.datetime64]:
    """Ids (n,) of the customers, what was said, and as of when is asked."""
    ledger: Any = getattr(profiles, "ledger", None)
    moment: Any = getattr(profiles, "as_of", None)
    if moment is None or not isinstance(getattr(ledger, "facts", None), Columns):
        raise ArgumentError(
            f"{call}: profiles is a {type(profiles).__name__}; it takes Profiles (onefold.fold), "
            "or one Profile. Of partitions take one part after another."
        )
    own = getattr(profiles, "id", None)
    who = profiles.ids if own is None else np.array([own], dtype=object)
    if as_of is None:
        return who, ledger.facts, moment
    later = _time.instant(as_of, f"{call}: as_of")
    if later < moment:
        raise ArgumentError(
            f"{call}: as_of is {_time.show(later)}, and the profiles are as of "
            f"{_time.show(moment)}: they know what was said since. Go back with profiles.at(...)."
        )
    return who, ledger.facts, later
