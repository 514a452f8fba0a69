"""Consent as a trait, so that conditions can ask for it: "yes", "no", "expired", or missing.

ann: yes until June, said in March         February: missing    May: "yes"    June: "expired"
"""

from typing import Any, ClassVar

import attrs
import numpy as np

from onefold._check import text
from onefold._types import Times
from onefold.consent.words import PREFIX, Statements
from onefold.traits.history import History
from onefold.traits.protocol import some_name


def _purpose(instance: object, attribute: object, value: Any) -> None:
    text(value, "Consented: purpose")


@attrs.frozen
class Consented:
    """What a customer has said last to a purpose: "yes", "no" or "expired"; missing is never asked.

    A condition on it is unknown for whom nothing is known of, and unknown never matches: neither
    `trait(Consented("email")) == "yes"` nor its opposite. `onefold.consent.allowed` says yes to the
    same customers as the first.

    Args:
        purpose: What for: "email", "ads".
        name: The trait's name; "consented_email" where it is left out.

    Examples:
        >>> import onefold as of
        >>> said = of.consent.Consent("email", True, time="2024-03-01", until="2024-06-01")
        >>> log = said.to_log("ann") + of.EventLog.from_events([
        ...     of.Event("bob", "view", "2024-03-01", item="tea")])
        >>> agreed = of.trait(Consented("email")) == "yes"
        >>> profiles = of.fold(log)
        >>> profiles.select(agreed).ids.tolist(), agreed.counts(profiles).unknown
        (['ann'], 1)
        >>> of.fold(log, [Consented("email")], as_of="2024-06-01")["ann"]["consented_email"]
        'expired'
    """

    reach: ClassVar[np.timedelta64] = np.timedelta64(0, "us")  # it reads no event

    purpose: str = attrs.field(validator=_purpose)
    name: str = attrs.field(
        default=attrs.Factory(lambda self: f"consented_{self.purpose}", takes_self=True),
        validator=some_name,
        kw_only=True,
    )

    def read(self, history: History, *, as_of: Times) -> Any:
        """Text (n,), None where nothing was said; numbers (n,), all missing, where by nobody."""
        row, facts = history.stated(PREFIX + self.purpose)
        if not len(row):
            return np.full(len(history), np.nan)
        said = Statements.of(history.ledger.facts, facts)
        last = said.last(row)
        whose = row[last]
        ended = said.until[last] <= as_of[whose].view(np.int64)
        out = np.full(len(history), None, dtype=object)
        out[whose] = np.where(said.granted[last], np.where(ended, "expired", "yes"), "no")
        return out
