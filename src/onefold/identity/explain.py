"""Explain: why two identifiers are one customer's, or why they are not.

    cookie c1 and user_id ann were seen together from 2024-03-01 to 2024-03-02, at a login

A customer is explained by a chain of links that hold, through identifiers that vouch if there is
one, and the shortest of these. Two customers are explained by
the chain with the fewest that don't, and by what those would have broken.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._columns import Coded
from onefold._types import Ints
from onefold.identity import explain_page
from onefold.identity.apart import Apart, forbidden
from onefold.identity.known import (
    Index,
    Known,
    called,
    columns,
    customer_at,
    instants,
    is_pair,
    node_of,
    said,
)
from onefold.identity.links import MUST as TOLD_MUST
from onefold.identity.links import WEAK as TOLD_WEAK
from onefold.identity.paths import EVENT, MUST, Chains, shortest
from onefold.identity.tables import demoted_reasons

KINDS = ("must", "event", "weak")


@attrs.frozen
class Step:
    """One link of a chain: from one identifier to another.

    Args:
        a: Where it leads from: type and value.
        b: Where it leads to.
        kind: "event" for identifiers seen together, "must" or "weak" for a link that was told.
        first: When they were first seen together; None for a link that was told.
        last: When last.
        login: Whether somebody logged in there.
        probability: That of a weak link, else None.
        said: Why the link was told, if it was said.
        broken: Why it does not hold; "" where it does.
    """

    a: tuple[str, str]
    b: tuple[str, str]
    kind: str
    first: np.datetime64 | None
    last: np.datetime64 | None
    login: bool
    probability: float | None
    said: str
    broken: str


@attrs.frozen(repr=False)
class Explanation:
    """Why two identifiers or customers are one, or are not; made by `identities.explain(a, b)`.

    Args:
        a: What was asked about, in words.
        b: And with what.
        same: Whether they are one customer.
        verdict: The answer in a sentence.
        steps: The chain of links from a to b; empty where there is none.
    """

    a: str
    b: str
    same: bool
    verdict: str
    steps: tuple[Step, ...] = ()

    def words(self) -> str:
        """The answer, and the links one after the other, in sentences."""
        return " ".join(
            [self.verdict, *(f"{line}." for line in explain_page.lines(self.steps, self.verdict))]
        )

    def to_pandas(self) -> pd.DataFrame:
        """The chain: a row for each link, with why it does not hold, None where it does."""
        steps = self.steps
        return pd.DataFrame(
            {
                "type": np.array([s.a[0] for s in steps], dtype=object),
                "value": np.array([s.a[1] for s in steps], dtype=object),
                "other_type": np.array([s.b[0] for s in steps], dtype=object),
                "other_value": np.array([s.b[1] for s in steps], dtype=object),
                "kind": np.array([s.kind for s in steps], dtype=object),
                "first": pd.DatetimeIndex(
                    np.array([s.first for s in steps], dtype="M8[us]")
                ).tz_localize("UTC"),
                "last": pd.DatetimeIndex(
                    np.array([s.last for s in steps], dtype="M8[us]")
                ).tz_localize("UTC"),
                "login": np.array([s.login for s in steps], dtype=bool),
                "probability": np.array([s.probability for s in steps], dtype=np.float64),
                "holds": np.array([not s.broken for s in steps], dtype=bool),
                "reason": np.array([s.broken or None for s in steps], dtype=object),
            }
        )

    def __repr__(self) -> str:
        return explain_page.text(self.verdict, self.steps)

    def _repr_html_(self) -> str:
        return explain_page.html(self.a, self.b, self.verdict, self.steps, same=self.same)


def explain(known: Known, index: Index, a: Any, b: Any) -> Explanation:
    """Why two identifiers (pairs) or customers (ids) are one, or are not.

    Raises:
        ArgumentError: If one is neither.
        UnknownName: If the type of one is not the policy's.
        UnknownCustomer: If there is no customer of an id.
    """
    one, a_said, a_lacks = _end(known, index, a, "Identities.explain: a")
    other, b_said, b_lacks = _end(known, index, b, "Identities.explain: b")
    lacks = [lack for lack in dict.fromkeys((a_lacks, b_lacks)) if lack]
    if lacks:
        verdict = "Nothing is known of their connection: " + ", and ".join(lacks) + "."
        return Explanation(a_said, b_said, False, verdict)
    who = known.partition
    x, y = int(who.person[one[0]]), int(who.person[other[0]])
    if x == y and len(np.intersect1d(one, other)):
        return Explanation(a_said, b_said, True, f"Both are the customer {known.ids[x]}.")
    found = shortest(who, one, other)
    steps = () if found is None else _steps(known, *found)
    if x == y:
        verdict = f"They are one customer, {known.ids[x]}."
        return Explanation(a_said, b_said, True, verdict, steps)
    return Explanation(a_said, b_said, False, _two(known, x, y, steps), steps)


def _two(known: Known, x: int, y: int, steps: Sequence[Step]) -> str:
    """Why two customers are two."""
    reasons = list(dict.fromkeys(step.broken for step in steps if step.broken))
    told = forbidden(known, x, y)
    if not reasons:
        reasons = ["nothing that is known connects them"]
    elif len(reasons) > 1:
        reasons = ["no chain of links from one to the other holds"]
    if told and told not in reasons[0]:
        reasons.append(told)
    return f"They are two customers, {known.ids[x]} and {known.ids[y]}: {'; '.join(reasons)}."


def _end(known: Known, index: Index, who: Any, argument: str) -> tuple[Ints, str, str]:
    """The nodes of what is asked about, what to call it, and what is lacking."""
    if is_pair(who):
        node, lacks = node_of(known, who, argument)
        name = said(who[0], str(who[1])) if lacks else called(known.partition.nodes, node)
        return np.array([node]), name, lacks
    if isinstance(who, str) and who in index.shared:
        node = index.shared[who]
        return np.array([node]), called(known.partition.nodes, node), ""
    customer = customer_at(index, who, argument)
    return np.flatnonzero(known.partition.person == customer), f"customer {who}", ""


def _steps(known: Known, held: Chains, ways: list[tuple[int, int]]) -> tuple[Step, ...]:
    """Links with what is to be said of them; a chain has few."""
    who = known.partition
    kinds, values = columns(who.nodes, np.array(ways).reshape(-1))
    names = list(zip(kinds.tolist(), values.tolist(), strict=True))
    broken = _broken(known, held)
    first, last = (
        instants(t).tz_localize(None).to_numpy("M8[us]") for t in (held.first, held.last)
    )
    return tuple(
        Step(
            names[2 * i],
            names[2 * i + 1],
            KINDS[int(held.kind[i])],
            None if np.isnat(first[i]) else first[i],
            None if np.isnat(last[i]) else last[i],
            bool(held.login[i]),
            None if np.isnan(held.probability[i]) else float(held.probability[i]),
            _said(known, held, i),
            broken[i],
        )
        for i in range(len(ways))
    )


def _broken(known: Known, held: Chains) -> list[str]:
    """Why each link does not hold, "" where it does."""
    who = known.partition
    left, right = who.person[held.strong], who.person[held.weak]
    across = ~held.holds
    silent = (who.demoted | who.giant)[np.stack([held.strong, held.weak])].any(axis=0)
    settled = across & (~silent | (held.kind == MUST))
    apart = Apart(known, np.concatenate([left[settled], right[settled]]).tolist())
    loud = np.unique(np.concatenate([held.strong, held.weak]))
    loud = loud[who.demoted[loud]]
    why = dict(zip(loud.tolist(), demoted_reasons(known, loud), strict=True))
    out = []
    for i in range(len(held.strong)):
        ends = [int(held.strong[i]), int(held.weak[i])]
        if not across[i]:
            out.append("")
        elif settled[i]:
            out.append("; ".join(apart.reasons(int(left[i]), int(right[i]))))
        elif any(node in why for node in ends):
            out.append("; ".join(f"{called(who.nodes, n)} {why[n]}" for n in ends if n in why))
        else:
            names = [called(who.nodes, node) for node in ends if who.giant[node]]
            said_of = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
            most = f"{known.policy.giant:,}"
            out.append(f"{said_of} in quarantine: more than {most} identifiers hang together")
    return out


def _said(known: Known, held: Chains, i: int) -> str:
    """Why a link was told, if anybody said so."""
    links = known.links
    if links is None or held.kind[i] == EVENT:
        return ""
    ends = np.sort(known.ends.nodes(known.partition.nodes), axis=0)
    alike = (ends[0] == held.strong[i]) & (ends[1] == held.weak[i])
    alike &= links.kinds == (TOLD_MUST if held.kind[i] == MUST else TOLD_WEAK)
    reasons: Coded = links.reason.take(alike)
    return "; ".join(dict.fromkeys(r for r in reasons.decode() if r))
