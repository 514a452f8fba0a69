"""Consenting: a yes or a no of somebody, as a fact of the log.

    consent(core, ("email", "ann@x.org"), "newsletter", True, time="2026-01-01")
        ->  a row of the log: consent:newsletter, "yes", with that e-mail address

It is resolved, folded, erased and exported as any fact; saying it twice is saying it once.
"""

from collections.abc import Mapping
from typing import Any

from onefold._check import shown
from onefold._types import Instant
from onefold.consent import Consent
from onefold.errors import ArgumentError
from onefold.store.bulk import observe_all
from onefold.store.core import Core


def consent(
    core: Core,
    who: Mapping[str, Any] | tuple[str, str | int],
    purpose: str,
    granted: bool,
    *,
    time: Instant,
    source: str | None = None,
    until: Instant | None = None,
) -> bool:
    """Keep what somebody has said to a purpose; it is durable when this returns.

    Args:
        core: The store.
        who: What the statement came with: an identifier, ("email", "ann@x.org"), or several,
            {"email": "ann@x.org", "cookie": "c1"}. An id of a profile is none: what it names may
            change with what is learned later.
        purpose: What for: "email", "ads".
        granted: Whether it is a yes.
        time: When it was said.
        source: Where it was said: "double opt-in mail", "call centre".
        until: When a yes ends. Left out, it has no end.

    Returns:
        Whether it is kept: False where these are identifiers of somebody who was erased.

    Raises:
        ArgumentError: If an argument is not allowed.
    """
    if isinstance(who, (str, int)):
        raise ArgumentError(
            f"Store.consent: who is {shown(who)}; it takes what the statement came with: an "
            f"identifier, ('email', 'ann@x.org'), or several: {{'customer': {shown(who)}}}."
        )
    said = Consent(purpose, granted, time=time, source=source, until=until)
    taken = observe_all(core, said.to_log(who))
    return not taken.suppressed
