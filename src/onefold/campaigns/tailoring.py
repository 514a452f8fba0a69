"""Tailoring: blocks of customers become rows, several at a time, in their order.

    block 0, 1, 2, ...  ->  ranked on any thread  ->  rows of block 0, 1, 2, ...

What a thread keeps of the scorer is its own. Chance, where there is any, is drawn anew for each
block from the seed and the block's number, so that threads can't change it.
"""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from onefold._threads import mapped
from onefold.campaigns.blocks import blocks, sized
from onefold.campaigns.holdout import held_out
from onefold.campaigns.lists import Rows, rows
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer


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
        return cls(campaign, scorer, scorer.version, int(rng.integers(2**63)))

    def rows(self, some: Profiles) -> Rows:
        """The rows of one block."""
        c, scorer = self.campaign, self._mine()
        found = scorer.rank(some, c.slots, among=c.among, exclude=c.exclude, repeats=c.repeats)
        return rows(
            some.ledger.people,
            found.offsets,
            items=found.items.text.take(found.codes),
            scores=found.scores,
            propensity=None,
            why=scorer.reasons(some, found) if c.why else None,
            policy=self.policy,
            held=held_out(some.ids.tolist(), share=c.holdout, name=c.name, key=c.key),
            slots=c.slots,
            keep=c.keep_holdout,
        )

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


@contextmanager
def _bar(call: str, total: int | None, progress: bool | None) -> Iterator[Any]:
    from tqdm import tqdm

    hidden = None if progress is None else not progress  # None: only on a terminal
    with tqdm(desc=call, unit=" customers", total=total, unit_scale=True, disable=hidden) as bar:
        yield bar
