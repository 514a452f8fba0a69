"""Tailoring: blocks of customers become rows, several at a time, in their order.

    block 0, 1, 2, ...  ->  ranked on any thread  ->  rows of block 0, 1, 2, ...

What a thread keeps of the scorer is its own. Chance, where there is any, is a function of the seed
and the customer (see `FittedScorer.sample`), so that neither blocks nor threads can change it.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from onefold._threads import mapped
from onefold._types import Floats
from onefold.campaigns.blocks import addressed, blocks, sized
from onefold.campaigns.holdout import held_out
from onefold.campaigns.lists import Rows, rows
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer, FittedThompson, Ranking
from onefold.scoring.version import version_of

CHOSEN = ("among", "exclude", "repeats")
LIMITS = ("at_most", "new", "calibrate", "stock")  # that only a ranking knows


@attrs.frozen(eq=False)
class Tailoring:
    """How a block is made into rows: a campaign's settings and a scorer."""

    campaign: Any  # onefold.Campaign, which stands above
    scorer: FittedScorer
    policy: str
    seed: int
    cold: FittedThompson | None
    left: dict[str, int] | None  # units, where there are limits: blocks are then made in turn

    @classmethod
    def of(
        cls,
        campaign: Any,
        scorer: FittedScorer,
        *,
        cold: FittedThompson | None,
        rng: np.random.Generator,
    ) -> "Tailoring":
        """The version of the scorer is found out once."""
        chosen = {name: getattr(campaign, name) for name in (*CHOSEN, *LIMITS)}
        policy = f"{scorer.version}-{version_of(chosen, 'Campaign')}"
        left = None if campaign.stock is None else dict(campaign.stock)
        return cls(campaign, scorer, policy, int(rng.integers(2**63)), cold, left)

    def rows(self, block: Profiles) -> Rows:
        """The rows of those of one block who may be addressed."""
        c = self.campaign
        some = addressed(block, c.purpose)
        found, propensity, policy = self._lists(some)
        return rows(
            some.ledger.people,
            found.offsets,
            items=found.items.text.take(found.codes),
            scores=found.scores,
            propensity=propensity,
            why=reasons(self.scorer, some, found) if c.why else None,
            policy=policy,
            held=held_out(some.ids.tolist(), share=c.holdout, name=c.name, key=c.key),
            slots=c.slots,
            keep=c.keep_holdout,
            not_allowed=len(block) - len(some),
        )

    def _lists(self, some: Profiles) -> tuple[Ranking, Floats, str]:
        """The lists of a block, with the chance of each item, and by which policy."""
        c, scorer = self.campaign, self.scorer
        chosen = {name: getattr(c, name) for name in CHOSEN}
        if c.temperature or self.cold is not None:
            how = {"temperature": c.temperature, "pool": c.pool, "cold": self.cold}
            drawn = scorer.sample(some, c.slots, rng=self.seed, **how, **chosen)
            return drawn.ranking, np.exp(drawn.log), drawn.policy
        limits = {name: getattr(c, name) for name in LIMITS} | {"stock": self.left}
        found = scorer.rank(some, c.slots, **chosen, **limits)
        if self.left is not None:
            taken = np.bincount(found.codes, minlength=len(found.items))
            for item in self.left.keys() & set(found.items.values[taken > 0].tolist()):
                self.left[item] -= int(taken[found.items.code(item)])
        return found, np.ones(len(found.codes)), self.policy


def reasons(scorer: FittedScorer, some: Profiles, found: Ranking) -> list[Any]:
    """Why each item is there, in words; None for a cold item that nobody has chosen yet."""
    known = scorer.items.translation(found.items)[found.codes] >= 0
    if known.all():
        return list(scorer.reasons(some, found))
    offsets = np.append(0, np.cumsum(known))[found.offsets]
    rest = attrs.evolve(
        found, offsets=offsets, codes=found.codes[known], scores=found.scores[known]
    )
    out = np.full(len(known), None, dtype=object)
    out[known] = scorer.reasons(some, rest)
    said: list[Any] = out.tolist()
    return said


def tailored(
    how: Tailoring, profiles: Any, *, call: str, threads: int, progress: bool | None
) -> Generator[Rows, None, None]:
    """The rows of each block, in the order of the profiles."""
    with _bar(call, sized(profiles, f"{call}: profiles"), progress) as bar:
        for made in mapped(how.rows, blocks(profiles, f"{call}: profiles"), threads):
            bar.update(len(made) + made.not_allowed)
            yield made


@contextmanager
def _bar(call: str, total: int | None, progress: bool | None) -> Iterator[Any]:
    from tqdm import tqdm

    hidden = None if progress is None else not progress  # None: only on a terminal
    with tqdm(desc=call, unit=" customers", total=total, unit_scale=True, disable=hidden) as bar:
        yield bar
