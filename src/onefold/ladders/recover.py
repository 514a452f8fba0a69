"""Recovery: how soon lists follow somebody whose interests have changed.

Nobody's log says when interests change, so a change is made: the past of another customer, a
stranger, is put before the last k visits of a customer's own. The programme then believes what
it has seen, most of it wrong; what the customer chose afterwards is known.

    recovery(k) = NDCG with the stranger's past, then k own visits / NDCG with these k visits alone

100 % means that the wrong past does no harm. The other side of the scales is the price: what
the same scorer loses for customers who have not changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import hint, is_several, quoted, text, whole
from onefold._check import shown as show
from onefold._random import generator
from onefold._types import Duration, Floats, Instant, Ints, Rng
from onefold.errors import ArgumentError, UnknownName
from onefold.ladders.curve import METRICS, Recovery, told
from onefold.ladders.metrics import Truth, chosen
from onefold.levels import Individual
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer, Scorer
from onefold.scoring.splice import drawn, last_visits, spliced

NAME = "scorer"


def recovery(
    profiles: Profiles,
    *,
    as_of: Instant,
    horizon: Duration = "30D",
    visits: Sequence[int] = (1, 2, 3, 5),
    scorer: Scorer | Mapping[str, Scorer] | None = None,
    alone: Sequence[str] | None = None,
    n: int = 10,
    draws: int = 10_000,
    rng: Rng = None,
) -> Recovery:
    """Measure how soon lists follow a change of interests, and what preparing for one costs.

    Scorers are fitted on the log as it is, on what was known before `as_of`. Each customer who
    chose something in [as_of, as_of + horizon) gets a stranger, drawn from those with at least as
    many visits; then the same lists are made from the stranger's past followed by the customer's
    own last k visits, from these visits alone, and from the customer's whole own history. The
    stranger's events are moved by whole days, to end where what is replaced ended; segment and
    persona are those of the spliced history.

    Args:
        profiles: Profiles that know the window.
        as_of: The moment up to which everything is fitted; a naive one means UTC.
        horizon: Length of the window.
        visits: k, the own visits since the change; customers with fewer visits are left out.
        scorer: Settings of a scorer, or of several by name; all get the same strangers, and the
            price is told beside the first. Left out, `Scorer()`.
        alone: Levels of the first scorer that are measured by themselves, for comparison; left
            out, its `Individual` levels, each a single decay.
        n: Length of a list.
        draws: Resamples of the bootstrap.
        rng: Source of chance.

    Returns:
        Recall and NDCG at n of each scorer for each k, their recovery, and the metrics without a
        change, with 95 % intervals over customers.

    Raises:
        ArgumentError: If an argument is wrong, the window is not over, or fewer than two customers
            chose anything in it, or before it.
        UnknownName: If `alone` names a level that there is not.

    Examples:
        >>> import onefold as of
        >>> data = of.datasets.simulate(150, days=200, items=40, rng=3)
        >>> found = of.recovery(of.fold(data.log), as_of="2025-06-01", visits=[1, 3], rng=3)
        >>> found.to_pandas().query("metric == 'NDCG' and scorer == 'scorer'")["visits"].tolist()
        [1, 3]
    """
    past, moment, until = _split(profiles, as_of, horizon)
    named = _scorers(Scorer() if scorer is None else scorer)
    names = _alone(alone, next(iter(named.values())))
    n, counts = whole(n, "recovery: n"), _visits(visits)
    whole(draws, "recovery: draws", least=100)
    source = generator(rng, "recovery: rng")
    seed = int(source.integers(2**63))  # the same chance for all: they differ by their settings
    fitted = {name: settings.fit(past, rng=seed) for name, settings in named.items()}
    first = next(iter(fitted.values()))
    fitted |= {f"{name} alone": first.only(name) for name in names}
    asked = _Asked.of(past, chosen(profiles, past, first, moment, until), first)
    asked.checked(moment, until)
    lists = list(fitted.values())
    people = len(asked.truth.who)
    steady = np.full((people, len(lists), 2, len(METRICS)), np.nan)
    changed = np.full((people, len(lists), len(counts), 2, len(METRICS)), np.nan)
    for arm, (held, rows) in enumerate(asked.without_change()):
        for at, one in enumerate(lists):
            steady[rows, at, arm] = asked.measured(one, held, rows, n)
    strangers = asked.strangers(source)
    for step, k in enumerate(counts):
        for arm, (held, rows) in enumerate(asked.with_change(k, strangers)):
            for at, one in enumerate(lists):
                changed[rows, at, step, arm] = asked.measured(one, held, rows, n)
    return told(
        tuple(fitted),
        counts,
        steady,
        changed,
        as_of=moment,
        until=until,
        n=n,
        items=len(first.items),
        draws=draws,
        rng=source,
    )


@attrs.frozen(eq=False)
class _Asked:
    """Customers whose later choices are known, and what they had done before.

    `truth` says what they chose, as sorted `keys` of (customer, item) for a catalogue of `width`;
    `every` (people,) are the visits of everybody in `past`, `visits` (n,) theirs.
    """

    past: Profiles
    truth: Truth
    keys: Ints
    width: int
    target: str
    every: Ints

    @classmethod
    def of(cls, past: Profiles, truth: Truth, scorer: FittedScorer) -> "_Asked":
        width, target = len(scorer.items), scorer.settings.target
        owner = np.repeat(np.arange(len(truth.who)), np.diff(truth.offsets))
        had = truth.items >= 0  # others nobody had chosen: no list holds them
        keys = owner[had] * width + truth.items[had]
        every = np.diff(past.history.where(target).visits[1])
        return cls(past, truth, np.sort(keys), width, target, every)

    @property
    def visits(self) -> Ints:
        """Visits (n,) of each customer before."""
        return self.every[self.truth.who]

    def checked(self, start: np.datetime64, stop: np.datetime64) -> None:
        """Raise where there is nobody to be measured, or to be a stranger."""
        people, known = len(self.truth.who), int((self.every > 0).sum())
        if people < 2 or known < 2:
            raise ArgumentError(
                f"recovery: of {known} customers who chose anything ({self.target!r}, target= of "
                f"the scorer) before {_time.show(start)}, or were known by then, {people} did from "
                f"then until {_time.show(stop)}; it takes two at least. Take a longer horizon= or "
                "another as_of=."
            )

    def strangers(self, rng: np.random.Generator) -> Ints:
        """A stranger (n,) for each customer, a position in `past`; -1 for one without a visit."""
        known = np.flatnonzero(self.every > 0)
        able = np.flatnonzero(self.visits > 0)
        out = np.full(len(self.truth.who), -1)
        mine = np.searchsorted(known, self.truth.who[able])
        out[able] = known[drawn(self.every[known], mine, rng)]
        return out

    def without_change(self) -> Iterator[tuple[Profiles, Ints]]:
        """Everybody with nothing known, then with their whole history."""
        every = np.arange(len(self.truth.who))
        people = self._people(every)
        yield last_visits(people, np.zeros_like(every), target=self.target), every
        yield people, every

    def with_change(self, k: int, strangers: Ints) -> Iterator[tuple[Profiles, Ints]]:
        """Those with k visits: these alone, then a stranger's past before them."""
        rows = np.flatnonzero(self.visits >= k)
        if len(rows):
            people, kept = self._people(rows), np.full(len(rows), k)
            yield last_visits(people, kept, target=self.target), rows
            yield spliced(people, self.past, strangers[rows], kept, target=self.target), rows

    def measured(self, scorer: FittedScorer, people: Profiles, rows: Ints, n: int) -> Floats:
        """Recall and NDCG (r, 2) of the lists of some customers."""
        made = scorer.rank(people, n=n)
        given = np.diff(made.offsets)
        at = np.repeat(np.arange(len(rows)), given)
        rank = np.arange(len(at)) - made.offsets[at]
        hit = np.isin(rows[at] * self.width + made.codes, self.keys)
        gains = 1 / np.log2(np.arange(n) + 2)
        ideal = np.append(0, np.cumsum(gains))
        wanted = np.diff(self.truth.offsets)[rows]
        recall = np.bincount(at, weights=hit, minlength=len(rows)) / wanted
        gained = np.bincount(at, weights=hit * gains[rank], minlength=len(rows))
        return np.stack([recall, gained / ideal[np.minimum(n, wanted)]], axis=1)

    def _people(self, rows: Ints) -> Profiles:
        return self.past.select(self.past.ids[self.truth.who[rows]])


def _split(
    profiles: Profiles, as_of: Instant, horizon: Duration
) -> tuple[Profiles, np.datetime64, np.datetime64]:
    """What was known before the window, and the window."""
    if not isinstance(profiles, Profiles):
        raise ArgumentError(
            f"recovery: profiles is a {type(profiles).__name__}; make them with onefold.fold."
        )
    moment = _time.instant(as_of, "recovery: as_of")
    until = moment + _time.duration(horizon, "recovery: horizon")
    if until > profiles.as_of:
        raise ArgumentError(
            f"recovery: the window from {_time.show(moment)} to {_time.show(until)} is not over: "
            f"the profiles know what happened before {_time.show(profiles.as_of)}. Take an earlier "
            "as_of= or a shorter horizon=."
        )
    past = profiles.at(moment)
    if not len(past):
        raise ArgumentError(
            f"recovery: nothing is known of anybody before {_time.show(moment)} (as_of=); take a "
            "later one."
        )
    return past, moment, until


def _scorers(scorer: Any) -> dict[str, Scorer]:
    """Settings by name."""
    named = {NAME: scorer} if isinstance(scorer, Scorer) else scorer
    if not isinstance(named, Mapping) or not named:
        raise ArgumentError(
            f"recovery: scorer is {show(scorer)}; it takes a Scorer, or several by name: "
            "{'as it is': Scorer(), 'prepared': Scorer(changes=0.25)}."
        )
    for name, one in named.items():
        text(name, "recovery: scorer")
        if not isinstance(one, Scorer):
            raise ArgumentError(
                f"recovery: scorer[{name!r}] is a {type(one).__name__}; it takes the settings of a "
                "scorer, Scorer(...); it is fitted inside, on what was known before as_of."
            )
    targets = sorted({one.target for one in named.values()})
    if len(targets) > 1:
        raise ArgumentError(
            f"recovery: scorer holds several targets, {quoted(targets)}; scorers of one target can "
            "be compared."
        )
    return dict(named)


def _alone(alone: Any, scorer: Scorer) -> list[str]:
    """Names of the levels that are measured by themselves."""
    known = [level.name for level in scorer.levels]
    if alone is None:
        return [level.name for level in scorer.levels if isinstance(level, Individual)]
    if not is_several(alone):
        raise ArgumentError(
            f"recovery: alone is {show(alone)}; it takes names of levels: {known[:1]!r}, or [] for "
            "none."
        )
    for name in alone:
        if name not in known:
            raise UnknownName(
                f"recovery: alone holds {name!r}, which is no level of the first scorer. Levels: "
                f"{quoted(known)}.{hint(name, known)}"
            )
    return list(dict.fromkeys(alone))


def _visits(visits: Any) -> tuple[int, ...]:
    """Visits since the change, ascending."""
    if not is_several(visits) or not tuple(visits):
        raise ArgumentError(
            f"recovery: visits is {show(visits)}; it takes several whole numbers: [1, 2, 3, 5]."
        )
    return tuple(sorted({whole(k, "recovery: visits") for k in visits}))
