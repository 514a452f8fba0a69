"""Tailoring: blocks of customers become rows, several at a time, in their order.

    block 0, 1, 2, ...  ->  ranked on any thread  ->  rows of block 0, 1, 2, ...

What a thread keeps of the scorer is its own. Chance, where there is any, is a function of the seed
and the customer (see `FittedScorer.sample`), so that neither blocks nor threads can change it.
"""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from onefold._threads import mapped
from onefold._types import Floats
from onefold.campaigns.blocks import blocks, sized
from onefold.campaigns.holdout import held_out
from onefold.campaigns.lists import Rows, rows
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer, Ranking
from onefold.scoring.version import version_of


@attrs.frozen(eq=False)
class Tailoring:
    """How a block is made into rows: a campaign's settings and a scorer."""

    campaign: Any  # onefold.Campaign, which stands above
    scorer: FittedScorer
    policy: str
    seed: int
    _own: threading.local = attrs.field(init=False, factory=threading.local)

    @classmethod
    def of(cls, campaign: Any, scorer: FittedScorer, rng: np.random.Generator) -> "Tailoring":
        """The version of the scorer is found out once."""
        limits = version_of(_limits(campaign), "Campaign")
        return cls(campaign, scorer, f"{scorer.version}-{limits}", int(rng.integers(2**63)))

    def rows(self, some: Profiles) -> Rows:
        """The rows of one block."""
        c = self.campaign
        found, propensity, policy = self._lists(some)
        return rows(
            some.ledger.people,
            found.offsets,
            items=found.items.text.take(found.codes),
            scores=found.scores,
            propensity=propensity,
            why=self._mine().reasons(some, found) if c.why else None,
            policy=policy,
            held=held_out(some.ids.tolist(), share=c.holdout, name=c.name, key=c.key),
            slots=c.slots,
            keep=c.keep_holdout,
        )

    def _lists(self, some: Profiles) -> tuple[Ranking, Floats, str]:
        """The lists of a block, with the chance of each item, and by which policy."""
        c, scorer = self.campaign, self._mine()
        if not c.temperature:
            found = scorer.rank(some, c.slots, **_limits(c))
            return found, np.ones(len(found.codes)), self.policy
        drawn = scorer.sample(
            some, c.slots, temperature=c.temperature, pool=c.pool, rng=self.seed, **_limits(c)
        )
        return drawn.ranking, np.exp(drawn.log), drawn.policy

    def _mine(self) -> FittedScorer:
        """This thread's scorer: the same parts, a cache of its own."""
        if not hasattr(self._own, "scorer"):
            self._own.scorer = attrs.evolve(self.scorer)
        mine: FittedScorer = self._own.scorer
        return mine


def tailored(
    how: Tailoring, profiles: Any, *, call: str, threads: int, progress: bool | None
) -> Generator[Rows, None, None]:
    """The rows of each block, in the order of the profiles."""
    with _bar(call, sized(profiles, f"{call}: profiles"), progress) as bar:
        for made in mapped(how.rows, blocks(profiles, f"{call}: profiles"), threads):
            bar.update(len(made))
            yield made


def _limits(campaign: Any) -> dict[str, Any]:
    """What may be chosen, as the scorer is told it."""
    names = ("among", "exclude", "repeats")
    return {name: getattr(campaign, name) for name in names}


@contextmanager
def _bar(call: str, total: int | None, progress: bool | None) -> Iterator[Any]:
    from tqdm import tqdm

    hidden = None if progress is None else not progress  # None: only on a terminal
    with tqdm(desc=call, unit=" customers", total=total, unit_scale=True, disable=hidden) as bar:
        yield bar
