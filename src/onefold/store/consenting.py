"""Consenting: a yes or a no of somebody, as a fact of the log.

    consent(core, ("email", "ann@x.org"), "newsletter", True, time="2026-01-01")
        ->  a row of the log: consent:newsletter, "yes", with that e-mail address

It is resolved, folded, erased and exported as any fact; saying it twice is saying it once.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import select

from onefold._check import shown
from onefold._types import Instant
from onefold.consent import Consent
from onefold.errors import ArgumentError
from onefold.store.bulk import observe_all
from onefold.store.core import Core
from onefold.store.database import Among, Query
from onefold.store.escaping import unescaped
from onefold.store.finding import found
from onefold.store.restricting import own_nodes
from onefold.store.schema import nodes

_NAMES = Query(
    select(nodes.c.node, nodes.c.type, nodes.c.value).where(Among(nodes.c.node, "which"))
)


def consent(
    core: Core,
    who: Mapping[str, Any] | tuple[str, str | int] | str | int,
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
            {"email": "ann@x.org", "cookie": "c1"}; they need not be known yet. Or the id or an
            alias of a customer: what was said is then kept with the identifier that the customer
            is named by today, and goes with it.
        purpose: What for: "email", "ads".
        granted: Whether it is a yes.
        time: When it was said.
        source: Where it was said: "double opt-in mail", "call centre".
        until: When a yes ends. Left out, it has no end.

    Returns:
        Whether it is kept: False where these are identifiers of somebody who was erased.

    Raises:
        ArgumentError: If an argument is not allowed.
        UnknownCustomer: If an id is nobody's.
    """
    if isinstance(who, (str, int, np.integer)) and not isinstance(who, bool):
        who = _named(core, who)
    said = Consent(purpose, granted, time=time, source=source, until=until)
    taken = observe_all(core, said.to_log(who))
    return not taken.suppressed


def _named(core: Core, who: Any) -> tuple[str, str]:
    """The identifier by which a customer is named, that is nobody else's."""
    with core.database.reading() as session:
        meant = found(session, core, who, call="Store.consent")
        own = [] if meant.shared else own_nodes(session, meant.node)
        told = session.all(_NAMES, which=session.several(own)) if own else []
    names = {
        node: (core.policy.types[kind].name, unescaped(value))
        for node, kind, value in told
        if not core.policy.types[kind].per_source  # a statement has no source of that kind
    }
    if not names:
        raise ArgumentError(
            f"Store.consent: who is {shown(who)}, of whom no identifier is known that is theirs "
            "alone wherever it is told. Give what the statement came with: "
            "('email', 'ann@x.org'), or several."
        )
    return names.get(meant.node) or names[min(names)]
