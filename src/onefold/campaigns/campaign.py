"""A campaign: what to offer to each of all customers, and to whom nothing, to learn what it did.

    campaign = Campaign("spring letter", slots=3, holdout=0.1)
    campaign.to_parquet(scorer, profiles, path="spring.parquet")

Customers are ranked in blocks, on all cores, and a block is let go when its rows are written: no
more is in memory for millions than for thousands.
"""

import os
from collections.abc import Generator, Iterable, Mapping
from time import perf_counter
from typing import Any

import attrs
import pandas as pd

from onefold._check import identifier, instance, is_several, shown, text, whole
from onefold._random import generator
from onefold._types import Bools, Rng
from onefold.campaigns import holdout as held
from onefold.campaigns.blocks import sized
from onefold.campaigns.file import write
from onefold.campaigns.lists import Rows, regrouped
from onefold.campaigns.result import Tailored
from onefold.campaigns.settings import (
    flag,
    listed,
    owned,
    purpose,
    secret,
    share,
    temperature,
    units,
)
from onefold.campaigns.tailoring import LIMITS, Tailoring, tailored
from onefold.errors import ArgumentError
from onefold.profiles import Profiles
from onefold.profiles.partitions import Partitions
from onefold.profiles.parts.disk import place_of
from onefold.scoring import Calibration, FittedScorer, FittedThompson
from onefold.scoring.policy import POOL

Many = Profiles | Partitions | Iterable[Profiles]

CHUNK = 20_000  # customers in a frame, or in a row group of a file
MOST = 1000  # slots: a list that a person reads is shorter


@attrs.frozen
class Campaign:
    """Settings of a campaign: how long the lists are, of what, and who gets none.

    A customer is held out by a keyed hash of the id (BLAKE2b), in every process the same: raising
    `holdout` only moves customers into it, and campaigns with different names have holdouts that
    have nothing to do with each other. **Nothing may be sent to those held out.** They are in the
    output, marked, with what they would have been offered: the comparison of what both groups do
    next is what tells whether the campaign did anything.

    With a `purpose` only customers whose consent to it says yes, as of the moment of the profiles,
    get a list: unknown is no, and so is a yes that has ended (`onefold.consent`). The others are
    not in the output, take no stock and are no part of the holdout, so that both groups are of
    people who might have been addressed. Without one you say who may be: by giving `tailor` only
    their profiles.

    Args:
        name: Name of the campaign, which the holdout is tied to. Campaigns of one name have one
            holdout; so those without a name of their own share one.
        slots: Items for each customer.
        holdout: Share of customers to hold out, 0 to below 1.
        key: A secret. Without one, whoever knows the name can tell which ids are held out.
        keep_holdout: Whether those held out are in the output.
        among: Items to choose from, or a condition on the customer's own items, as in
            `FittedScorer.rank`: `did("view").any() & did("purchase").never()` is what somebody
            looked at and did not buy.
        exclude: Items, or a condition on them, that may not be chosen.
        repeats: Whether items that the customer has chosen before may be.
        at_most: How many items of a list may share a value: {"category": 2}.
        new: Fewest items of a list that the customer has not chosen before.
        calibrate: A column of the catalogue that lists should reflect.
        stock: Units left of items. Each list sets one unit of each of its items aside, in the
            order of the profiles and over all of them, so customers are ranked one block after
            another. Those held out set units aside too: what they would have taken.
        temperature: 0 gives each customer the best list. Above 0 lists are drawn by chance, as by
            `FittedScorer.sample`: closer to the best below 1, by the scores themselves at 1. What
            is learned from such a campaign tells what another list would have brought.
        pool: How many of a customer's best items a list is drawn from, where it is drawn.
        why: Whether to say why, in words. It takes time.
        purpose: What customers must have agreed to, such as "email". Left out, nobody is asked.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> import onefold as of
        >>> data = of.datasets.simulate(200, rng=7)
        >>> profiles = of.fold(data.log, catalog=data.catalog)
        >>> scorer = of.Scorer().fit(profiles, rng=7)
        >>> campaign = of.Campaign("spring letter", slots=2, holdout=0.1)
        >>> frame = next(campaign.tailor(scorer, profiles))
        >>> frame["item"][0], frame["why"][0]
        ('i113', 'bought 3 times, last 107 days ago, about every ... days')
        >>> campaign.held_out(["ann", "bob"]).tolist()
        [False, False]
    """

    name: str = "campaign"
    slots: int = attrs.field(default=3, kw_only=True)
    holdout: float = attrs.field(default=0.1, kw_only=True, converter=share)
    key: str | bytes | None = attrs.field(default=None, kw_only=True, repr=False, converter=secret)
    keep_holdout: bool = attrs.field(default=True, kw_only=True, validator=flag)
    among: Any = attrs.field(default=None, kw_only=True, repr=shown, converter=listed)
    exclude: Any = attrs.field(default=None, kw_only=True, repr=shown, converter=listed)
    repeats: bool = attrs.field(default=True, kw_only=True, validator=flag)
    at_most: Mapping[str, int] | None = attrs.field(default=None, kw_only=True, converter=owned)
    new: int = attrs.field(default=0, kw_only=True)
    calibrate: str | Calibration | None = attrs.field(default=None, kw_only=True)
    stock: Mapping[str, int] | None = attrs.field(
        default=None, kw_only=True, repr=shown, converter=units
    )
    temperature: float = attrs.field(default=0.0, kw_only=True, converter=temperature)
    pool: int | None = attrs.field(default=POOL, kw_only=True)
    why: bool = attrs.field(default=True, kw_only=True, validator=flag)
    purpose: str | None = attrs.field(default=None, kw_only=True, converter=purpose)

    def __attrs_post_init__(self) -> None:
        text(self.name, "Campaign: name")
        whole(self.slots, "Campaign: slots", most=MOST)
        if self.pool is not None:
            whole(self.pool, "Campaign: pool", least=self.slots)
        if self.temperature:
            self._drawn(f"temperature is {self.temperature:g}")

    def held_out(self, ids: Iterable[str | int]) -> Bools:
        """Which customers (n,) are held out: the same answer everywhere, on a site too.

        Args:
            ids: Ids of n customers.

        Raises:
            ArgumentError: If something is not an id.
        """
        call = "Campaign.held_out: ids"
        if not is_several(ids):
            raise ArgumentError(f"{call} is {shown(ids)}; it takes several ids: [{shown(ids)}].")
        names = [identifier(i, call) for i in ids]
        return held.held_out(names, share=self.holdout, name=self.name, key=self.key)

    def tailor(
        self,
        scorer: FittedScorer,
        profiles: Many,
        *,
        chunk: int = CHUNK,
        threads: int | None = None,
        progress: bool | None = None,
        cold: FittedThompson | None = None,
        rng: Rng = None,
    ) -> Generator[pd.DataFrame, None, None]:
        """The lists of all customers who may be addressed, a frame at a time.

        No more than a few frames are in memory. The rows are in the order of the profiles, and the
        same whatever `chunk` and `threads`.

        Args:
            scorer: A fitted scorer.
            profiles: Whom to rank: profiles; partitions, which are read part by part; or an
                iterable of profiles, such as `(part.select(...) for part in partitions)`.
            chunk: Customers in a frame.
            threads: How many blocks of customers are ranked at the same time. Left out, as many
                as there are cores.
            progress: Show how far it is, on standard error. Left out, only on a terminal.
            cold: Cold items, of which some are put into the lists by chance, as by
                `FittedScorer.sample`: `Thompson().fit(profiles)`.
            rng: Source of chance where lists are drawn: the same seed gives the same lists.

        Yields:
            A frame with a row for each customer and slot: customer, slot (1 is the best), item,
            score (the probability that it is the next choice), why (in words; missing for a cold
            item that nobody has chosen yet),
            propensity (with which probability it was put in this slot, after those above it: 1,
            where nothing is drawn), policy (the version of the scorer, and of the choices made
            here) and holdout. Who has fewer items to choose from has fewer rows.

        Raises:
            ArgumentError: If an argument is wrong.
        """
        call = "Campaign.tailor"
        made = self._made(
            call, scorer, profiles, threads=threads, progress=progress, cold=cold, rng=rng
        )
        count = whole(chunk, f"{call}: chunk")
        return (table.to_pandas() for table in regrouped(made, count))

    def to_parquet(
        self,
        scorer: FittedScorer,
        profiles: Many,
        *,
        path: str | os.PathLike[str],
        overwrite: bool = False,
        chunk: int = CHUNK,
        threads: int | None = None,
        progress: bool | None = None,
        cold: FittedThompson | None = None,
        rng: Rng = None,
    ) -> Tailored:
        """The lists of all who may be addressed in a Parquet file, written as they are made.

        The file appears when all is done: if anything fails before, or somebody interrupts it,
        there is none, or the one that was there. It holds who is a customer, and what they may
        want: keep it as you keep other personal data.

        Args:
            scorer: A fitted scorer.
            profiles: Whom to rank, as in `tailor`.
            path: The file.
            overwrite: Whether a file that is there already is replaced.
            chunk: Customers in a row group of the file.
            threads: As in `tailor`.
            progress: As in `tailor`.
            cold: As in `tailor`.
            rng: As in `tailor`.

        Returns:
            The file in numbers: customers, those not allowed, those held out, rows, time and size.
            The columns are those of `tailor`.

        Raises:
            ArgumentError: If an argument is wrong, or the file is there and `overwrite` is False.
            FileError: If the file can't be written.
        """
        call = "Campaign.to_parquet"
        start = perf_counter()
        made = self._made(
            call, scorer, profiles, threads=threads, progress=progress, cold=cold, rng=rng
        )
        count = whole(chunk, f"{call}: chunk")
        place = place_of(path, f"{call}: path")
        if place.exists() and not (overwrite is True and place.is_file()):
            raise ArgumentError(
                f"{call}: path is {str(place)!r}, which is there already. Give another, or "
                "overwrite=True to replace a file."
            )
        written: dict[str, Any] = write(made, place, chunk=count, why=self.why, call=call)
        if self.purpose is None:
            written["not_allowed"] = None
        return Tailored(path=place, seconds=perf_counter() - start, **written)

    def _drawn(self, said: str) -> None:
        """Raise where there are limits that lists which are drawn do not know."""
        limits = [name for name in LIMITS if getattr(self, name)]
        if limits:
            raise ArgumentError(
                f"Campaign: {limits[0]} is for lists by rank, and {said}: lists that are drawn "
                "know no such limits. Leave one out."
            )

    def _made(
        self,
        call: str,
        scorer: Any,
        profiles: Any,
        *,
        threads: int | None,
        progress: bool | None,
        cold: FittedThompson | None,
        rng: Rng,
    ) -> Generator[Rows, None, None]:
        """The rows, block by block; arguments are looked at before the first."""
        instance(scorer, FittedScorer, f"{call}: scorer", "Fit one: onefold.Scorer().fit(...).")
        sized(profiles, f"{call}: profiles")
        if progress is not None and not isinstance(progress, bool):
            raise ArgumentError(
                f"{call}: progress is {shown(progress)}; it takes True, False or None."
            )
        many = _cores() if threads is None else whole(threads, f"{call}: threads")
        if self.stock is not None:  # what one block leaves, the next one has
            many = 1
        if cold is not None:
            instance(cold, FittedThompson, f"{call}: cold", "Fit one: onefold.Thompson().fit(...).")
            self._drawn("cold is given")
        how = Tailoring.of(self, scorer, cold=cold, rng=generator(rng, f"{call}: rng"))
        return tailored(how, profiles, call=call, threads=many, progress=progress)


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
