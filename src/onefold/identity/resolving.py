"""Resolve: from a log of events under many names to customers.

resolve(a + b) == resolve(b + a)        resolve(log, as_of=t) == resolve(log.before(t), as_of=t)
"""

from collections.abc import Iterable

import numpy as np

from onefold import _time
from onefold._check import instance
from onefold._types import Instant
from onefold.errors import ArgumentError
from onefold.events.log import EventLog
from onefold.events.quality import far_after
from onefold.events.several import one_log
from onefold.identity.evidence import Evidence
from onefold.identity.forgotten import Forgotten
from onefold.identity.identities import Identities
from onefold.identity.known import said, why_not
from onefold.identity.linked import void_ends
from onefold.identity.links import NAMES, WEAK, Links
from onefold.identity.policy import DEFAULT, IdentityPolicy


def resolve(
    log: EventLog | Iterable[EventLog],
    policy: IdentityPolicy = DEFAULT,
    *,
    as_of: Instant | None = None,
    known_at: Instant | None = None,
    links: Links | None = None,
    forgotten: Forgotten | None = None,
) -> Identities:
    """Find out who is who: which identifiers are one customer's, and whose each event is.

    Args:
        log: Events and facts with identifiers; their order does not matter. The column `customer`
            is the identifier of the type "customer". Or any iterable of logs, such as
            `EventLog.batches(...)`, which are put together and held.
        policy: What is believed of identifiers.
        as_of: The moment as of which, itself excluded: what was seen later is not used. Left out,
            it is just after the last event or fact.
        known_at: Use only what had been received before this moment.
        links: What is known besides: must-links, cannot-links, and links with a probability. Those
            with a time hold from then on.
        forgotten: Erased people, of `identities.forget`: rows with an identifier of theirs are
            left out whenever they come, and so are links that name one.

    Returns:
        Identities: `fold(log, identities=...)` makes profiles by them.

    Raises:
        ArgumentError: If the log has types of identifiers that the policy does not know, an end of
            a must- or cannot-link is no identifier under it (of weak links such are counted in the
            summary), or `as_of` is left out and the log is empty or a clock must be wrong.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event(None, "view", "2024-03-01", item="tea", identifiers={"cookie": "c1"}),
        ...     of.Event(None, "login", "2024-03-02",
        ...              identifiers={"cookie": "c1", "email": "Ann@X.org"})])
        >>> resolve(log).to_pandas()[["type", "value"]].values.tolist()
        [['email', 'ann@x.org'], ['cookie', 'c1']]
        >>> len(resolve(log)), len(set(resolve(log).customers(log)))
        (1, 1)
    """
    log = one_log(log, "resolve")
    instance(policy, IdentityPolicy, "resolve: policy")
    if links is not None:
        instance(links, Links, "resolve: links", "Make them with Links.must(a, b) and others.")
    policy.opened("resolve")
    if forgotten is not None:
        instance(forgotten, Forgotten, "resolve: forgotten", "Make it with identities.forget(...).")
        links = forgotten.links(links, call="resolve")
    known = None if known_at is None else _time.instant(known_at, "resolve: known_at")
    moment = _end(log) if as_of is None else _time.instant(as_of, "resolve: as_of")
    read = log if known is None else log.known_at(known)
    if as_of is not None:
        read = read.before(moment)
    if forgotten is not None:
        read = forgotten.without(read, call="resolve")
    made = Identities(policy, moment, known, Evidence.of(read), links, forgotten)
    _refuse_void(made)
    made._remember(log, read)
    _ = made.partition  # what is wrong with the log or the links is said here
    return made


def _refuse_void(who: Identities) -> None:
    """Refuses a must- or cannot-link that says nothing, for it was told on purpose."""
    links = who.links
    if links is None:
        return
    void = np.flatnonzero(void_ends(who.ends).any(axis=0) & (links.kinds != WEAK))
    if len(void):
        first = int(void[0])
        a_side = bool(void_ends(who.ends)[0, first])
        kind = (links.a_type if a_side else links.b_type).decode()[first]
        value = (links.a_value if a_side else links.b_value).decode()[first]
        others = "" if len(void) == 1 else f", as {len(void) - 1:,} more such"
        raise ArgumentError(
            f"resolve: links has a {NAMES[int(links.kinds[first])]}-link of which an end, "
            f"{said(kind, value)}, is no identifier: "
            f"{why_not(who.policy.type(kind), who.policy, value)}. Mend the value or the policy, "
            f"or leave the link out{others}."
        )


def _end(log: EventLog) -> np.datetime64:
    times = [t.array("time") for t in (log.events, log.facts) if len(t)]
    if not times:
        raise ArgumentError(
            "resolve: log has no event or fact, so there is no last one; give as_of=."
        )
    both = np.concatenate(times)
    wrong = far_after(both)
    if wrong:
        from_here = np.sort(both)[-wrong]
        raise ArgumentError(
            f"resolve: as_of is left out, and {wrong:,} of {len(both):,} events and facts lie far "
            f"after all others, from {_time.show(from_here)} on: a wrong clock? Give as_of=, or "
            f"leave them out with log.before('{from_here}')."
        )
    last: np.datetime64 = both.max()
    return last + _time.MICROSECOND
