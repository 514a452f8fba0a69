"""The ladder: what is each picture of a customer worth, on this data?

Everyone, persona, segment, individual, all together: the same customers, the same later
window, which no rung has seen. Each step is a paired difference over customers,

    d_u = metric of the upper rung for u - metric of the lower rung for u

with a percentile bootstrap over customers. It says "better" or "worse" where the interval keeps
clear of zero by more than the bootstrap's own noise, and of enough customers; else "not shown".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import hint, quoted, text, whole
from onefold._random import generator
from onefold._stats import Verdict, bootstrap_mean, verdict
from onefold._types import Duration, Floats, Instant, Ints, Rng
from onefold.errors import ArgumentError, UnknownName
from onefold.ladders.metrics import METRICS, PARTS, chosen, measured
from onefold.ladders.result import Ladder
from onefold.levels import LEVELS, Considered, Due, Individual
from onefold.levels.protocol import Level
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer, Scorer
from onefold.scoring.weights import bucket_name, buckets
from onefold.segments import RFM

ALL = "all together"
DEFAULT = RFM()
FEW = 20  # customers below which nothing is shown: percentile intervals are too short there
# The noise of a bound found by resampling, in widths of the interval: for a normal mean the 2.5 %
# quantile of B draws has the standard error sqrt(.025 * .975 / B) / .0584 standard errors of the
# mean, of which the interval is 3.92 wide. Twice that much is not trusted.
NOISE = 2 * 0.1561 / 0.0584 / 3.92


def ladder(
    profiles: Profiles,
    *,
    as_of: Instant,
    horizon: Duration = "30D",
    n: int = 10,
    target: str = "purchase",
    levels: Sequence[Level] = LEVELS,
    segments: Any = DEFAULT,
    rungs: Mapping[str, Sequence[str]] | None = None,
    draws: int = 10_000,
    rng: Rng = None,
) -> Ladder:
    """Measure what each picture of a customer is worth: everyone, persona, segment, individual.

    Everything is fitted on what was known before `as_of`; the lists of n items are compared with
    what the same customers chose in [as_of, as_of + horizon). Customers count who were known
    before and chose something then; each counts once.

    Args:
        profiles: Profiles that know the window.
        as_of: The moment up to which everything is fitted; a naive one means UTC.
        horizon: Length of the window.
        n: Length of a list.
        target: Kind of event that is a choice.
        levels: Levels of the scorer.
        segments: Strategy of the segments; None for none, and no personas.
        rungs: Names of levels by rung, from the broadest; left out, everyone, persona, segment,
            the individual at all horizons, and all levels together.
        draws: Resamples of the bootstrap.
        rng: Source of chance.

    Returns:
        Hit rate, recall (hits / items chosen) and NDCG (binary gains, ideal list of the same
        length) at n, each a mean over customers with a 95 % interval; for all items chosen, for
        those chosen before ("repeat", ranked among the customer's own) and those never chosen
        before ("new", own ones left out); and the paired steps between neighbouring rungs.

    Raises:
        ArgumentError: If an argument is wrong, the window is not over, or fewer than two customers
            chose anything in it.
        ContractError: If a level or a strategy is none.
        UnknownName: If a rung names a level that there is not.
    """
    call = "ladder"
    if not isinstance(profiles, Profiles):
        raise ArgumentError(
            f"{call}: profiles is a {type(profiles).__name__}; make them with onefold.fold."
        )
    moment = _time.instant(as_of, f"{call}: as_of")
    until = moment + _time.duration(horizon, f"{call}: horizon")
    n = whole(n, f"{call}: n")
    if until > profiles.as_of:
        raise ArgumentError(
            f"{call}: the window from {_time.show(moment)} to {_time.show(until)} is not over: the "
            f"profiles know what happened before {_time.show(profiles.as_of)}. Take an earlier "
            "as_of= or a shorter horizon=."
        )
    whole(draws, f"{call}: draws", least=100)
    source = generator(rng, f"{call}: rng")
    settings = Scorer(target, levels=levels, segments=segments)
    named = (
        default_rungs(settings.levels, grouped=segments is not None)
        if rungs is None
        else _rungs(rungs, settings.levels)
    )
    past = profiles.at(moment)
    if not len(past):
        raise ArgumentError(
            f"{call}: nothing is known of anybody before {_time.show(moment)} (as_of=); take a "
            "later one."
        )
    scorer, lesson = settings._learn(past, source)
    truth = chosen(profiles, past, scorer, moment, until)
    if len(truth.who) < 2:
        raise ArgumentError(
            f"{call}: {len(truth.who)} customers known before {_time.show(moment)} chose anything "
            f"({target!r}, target=) from then until {_time.show(until)}; it takes two at least. "
            "Take a longer horizon= or another as_of=."
        )
    rungs_of = {rung: scorer._rung(lesson, among) for rung, among in named.items()}
    people = past.select(past.ids[truth.who])
    choices = scorer.groups.choices(people.table, scorer.items, target)
    allowed = scorer._allowed(people.table, None, None)
    scored = {
        rung: measured(own, choices, truth, n, allowed=allowed) for rung, own in rungs_of.items()
    }
    evidence = buckets(choices.visits)
    return _ladder(scored, evidence, scorer, moment, until, n=n, draws=draws, rng=source)


def shown(low: float, high: float, *, customers: int, draws: int) -> Verdict:
    """What a step shows: nothing if few customers were measured, or zero is within the noise."""
    if customers < FEW or not np.isfinite(low + high):
        return "not shown"
    noise = NOISE / np.sqrt(draws) * (high - low)
    return verdict(low - noise, high + noise)


def default_rungs(levels: Sequence[Level], *, grouped: bool = True) -> dict[str, tuple[str, ...]]:
    """Everyone, persona, segment, individual and all together, as far as there are levels."""
    groups = ("everyone", "persona", "segment") if grouped else ("everyone",)
    names = [level.name for level in levels]
    personal = (Individual, Due, Considered)
    own = tuple(level.name for level in levels if isinstance(level, personal))
    out: dict[str, tuple[str, ...]] = {name: (name,) for name in groups if name in names}
    if own:
        out["individual"] = own
    out[ALL] = tuple(names)
    return out


def _rungs(rungs: Any, levels: Sequence[Level]) -> dict[str, tuple[str, ...]]:
    """The rungs as asked for, each a name and some of the levels."""
    if not isinstance(rungs, Mapping) or not rungs:
        raise ArgumentError(
            f"ladder: rungs is {rungs!r}; it takes names of levels by rung, such as "
            "{'everyone': ['everyone'], 'individual': ['long', 'last']}."
        )
    known = [level.name for level in levels]
    out: dict[str, tuple[str, ...]] = {}
    for rung, among in rungs.items():
        if isinstance(among, str) or not isinstance(among, Sequence) or not among:
            raise ArgumentError(
                f"ladder: rungs[{rung!r}] is {among!r}; it takes names of levels: {known[:1]!r}."
            )
        lost = [name for name in among if name not in known]
        if lost:
            raise UnknownName(
                f"ladder: rungs[{rung!r}] holds {lost[0]!r}, which is no level. Levels: "
                f"{quoted(known)}.{hint(lost[0], known)}"
            )
        out[text(rung, "ladder: rungs")] = tuple(among)
    return out


def _ladder(
    scored: Mapping[str, Floats],
    evidence: Ints,
    scorer: FittedScorer,
    as_of: Any,
    until: Any,
    *,
    n: int,
    draws: int,
    rng: np.random.Generator,
) -> Ladder:
    rungs = list(scored)
    stack = np.stack([scored[rung] for rung in rungs], axis=1)  # customers, rungs, parts, metrics
    differences = stack[:, 1:] - stack[:, :-1]
    seed = int(rng.integers(2**63))
    flat = np.concatenate(
        [stack.reshape(len(stack), -1), differences.reshape(len(stack), -1)], axis=1
    )
    found = bootstrap_mean(flat, rng=seed, draws=draws)
    split = stack[0].size
    shape, step_shape = stack.shape[1:], differences.shape[1:]

    def cells(low: int, high: int, shape: tuple[int, ...]) -> list[Any]:
        return [
            a[low:high].reshape(shape) for a in (found.estimate, found.low, found.high, found.n)
        ]

    estimate, low, high, count = cells(0, split, shape)
    table = [
        (
            rung,
            part,
            metric,
            *(float(a[r, p, m]) for a in (estimate, low, high)),
            int(count[r, p, m]),
        )
        for r, rung in enumerate(rungs)
        for p, part in enumerate(PARTS)
        for m, metric in enumerate(METRICS)
    ]
    d, dl, dh, dn = cells(split, flat.shape[1], step_shape)
    steps = [
        (
            rungs[r + 1],
            rungs[r],
            part,
            metric,
            *(float(a[r, p, m]) for a in (d, dl, dh)),
            shown(dl[r, p, m], dh[r, p, m], customers=dn[r, p, m], draws=draws),
            int(dn[r, p, m]),
        )
        for r in range(len(rungs) - 1)
        for p, part in enumerate(PARTS)
        for m, metric in enumerate(METRICS)
    ]
    ends = ["estimate", "low", "high", "customers"]
    return Ladder(
        table=pd.DataFrame(table, columns=["rung", "items", "metric", *ends]),
        steps=pd.DataFrame(
            steps,
            columns=[
                "rung",
                "below",
                "items",
                "metric",
                "difference",
                "low",
                "high",
                "shown",
                "customers",
            ],
        ),
        by_evidence=_by_evidence(rungs, stack[:, :, 0, 2], evidence, draws, seed),
        as_of=as_of,
        until=until,
        n=n,
        customers=len(stack),
        scorer=scorer,
        method=found.method,
        measures=stack,
    )


def _by_evidence(
    rungs: Sequence[str], ndcg: Floats, evidence: Ints, draws: int, seed: int
) -> pd.DataFrame:
    rows = []
    for bucket in np.unique(evidence):
        inside = ndcg[evidence == bucket]
        if len(inside) >= FEW:
            found = bootstrap_mean(inside, rng=seed, draws=draws)
            rows += [
                (bucket_name(int(bucket)), rung, float(e), float(lo), float(hi), len(inside))
                for rung, e, lo, hi in zip(
                    rungs, found.estimate, found.low, found.high, strict=True
                )
            ]
    return pd.DataFrame(rows, columns=["visits", "rung", "estimate", "low", "high", "customers"])
