"""The ladder: what is each picture of a customer worth, on this data?

Everyone, persona, segment, individual, all together: the same customers, the same later
window, which no rung has seen. Each step is a paired difference over customers,

    d_u = metric of the upper rung for u - metric of the lower rung for u

with a percentile bootstrap over customers; where its interval covers zero it says "not shown".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import quoted, whole
from onefold._display import html_table, text_table
from onefold._random import generator
from onefold._stats import bootstrap_mean, verdict
from onefold._types import Codes, Duration, Floats, Instant, Ints, Rng
from onefold.errors import ArgumentError
from onefold.levels import LEVELS, Individual
from onefold.levels.protocol import Choices, Level
from onefold.profiles import Profiles
from onefold.scoring import FittedScorer, Scorer
from onefold.scoring.weights import bucket_name, buckets
from onefold.segments import RFM

METRICS = ("hit rate", "recall", "NDCG")
PARTS = ("all", "repeat", "new")
ALL = "all together"
FEW = 20  # customers below which a bucket of evidence is not shown


@attrs.frozen(eq=False, repr=False)
class Ladder:
    """What each rung is worth, with intervals; made by `ladder`.

    Attributes:
        table: a row for each rung, part of the items (all, repeat, new) and metric: estimate,
            low, high, customers.
        steps: a row for each rung above the first, part and metric: the paired difference to the
            rung below, its interval, and what it shows.
        by_evidence: NDCG of each rung by visits known before `as_of`.
        scorer: the scorer that was fitted as of `as_of`.
        method: how intervals were found.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    by_evidence: pd.DataFrame
    as_of: np.datetime64
    until: np.datetime64
    n: int
    customers: int
    scorer: FittedScorer
    method: str

    @property
    def rungs(self) -> tuple[str, ...]:
        """Names of the rungs, from the broadest."""
        return tuple(dict.fromkeys(self.table["rung"]))

    def to_pandas(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def step(self, rung: str, *, metric: str = "NDCG", items: str = "all") -> pd.Series:
        """The step up to one rung: below, difference, low, high, shown."""
        s = self.steps
        found = s[(s["rung"] == rung) & (s["metric"] == metric) & (s["items"] == items)]
        if not len(found):
            raise ArgumentError(
                f"Ladder.step: no step to {rung!r} in {metric!r} on {items!r} items. Rungs: "
                f"{quoted(self.rungs[1:])}; metrics: {quoted(METRICS)}; items: {quoted(PARTS)}."
            )
        return found.iloc[0]

    def plot(self, ax: Any = None) -> Any:
        """NDCG of each rung with its interval; needs the extra `plot`. Returns the axes."""
        from onefold.scoring.picture import climbed

        return climbed(self, ax)

    def _caption(self) -> str:
        return (
            f"{self.customers:,} customers who chose something from {_time.show(self.as_of)} to "
            f"{_time.show(self.until)} UTC; the best {self.n} of {len(self.scorer.items):,} items; "
            f"95 % intervals: {self.method}"
        )

    def _rungs_shown(self) -> tuple[list[list[str]], list[str]]:
        cells = self.table.set_index(["rung", "items", "metric"])
        rows = []
        for rung in self.rungs:
            shown = [_interval(cells.loc[(rung, "all", m)]) for m in METRICS]
            apart = [_interval(cells.loc[(rung, part, "NDCG")]) for part in PARTS[1:]]
            rows.append([rung, *shown, *apart])
        return rows, ["rung", *METRICS, "NDCG, repeat items", "NDCG, new items"]

    def _steps_shown(self) -> tuple[list[list[str]], list[str]]:
        rows = [
            [
                f"{r.rung} over {r.below}",
                r.metric if r.items == "all" else f"{r.metric}, {r.items} items",
                f"{r.difference:+.4f}",
                f"[{r.low:+.4f}, {r.high:+.4f}]",
                str(r.shown),
            ]
            for r in self.steps.itertuples(index=False)
            if r.items == "all" or r.metric == "NDCG"
        ]
        return rows, ["step", "metric", "difference", "interval", "shown"]

    def _evidence_shown(self) -> tuple[list[list[str]], list[str]]:
        held = self.by_evidence
        rows = []
        for visits in dict.fromkeys(held["visits"]):
            part = held[held["visits"] == visits].set_index("rung")
            cells = [_interval(part.loc[rung]) for rung in self.rungs]
            rows.append([str(visits), f"{int(part['customers'].iloc[0]):,}", *cells])
        return rows, ["visits known", "customers", *(f"NDCG, {rung}" for rung in self.rungs)]

    def __repr__(self) -> str:
        tables = [self._rungs_shown(), self._steps_shown(), self._evidence_shown()]
        texts = [text_table(rows, columns, width=160) for rows, columns in tables if rows]
        return self._caption() + "\n\n" + "\n\n".join(texts)

    def _repr_html_(self) -> str:
        return (
            html_table(*self._rungs_shown(), caption=self._caption())
            + html_table(*self._steps_shown(), caption="Each rung beside the one below, paired")
            + html_table(*self._evidence_shown(), caption="By what was known of a customer")
        )


def ladder(
    profiles: Profiles,
    *,
    as_of: Instant,
    horizon: Duration = "30D",
    n: int = 10,
    target: str = "purchase",
    levels: Sequence[Level] = LEVELS,
    segments: Any = None,
    rungs: Mapping[str, Sequence[str]] | None = None,
    draws: int = 2000,
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
        segments: Strategy of the segments; RFM where it is left out.
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
        ArgumentError: If the window is not over, or fewer than two customers chose anything.
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
    source = generator(rng)
    settings = Scorer(target, levels=tuple(levels), segments=RFM() if segments is None else segments)
    past = profiles.at(moment)
    scorer = settings.fit(past, rng=source)
    truth = _chosen(profiles, past, scorer, moment, until)
    if len(truth.who) < 2:
        raise ArgumentError(
            f"{call}: {len(truth.who)} customers known before {_time.show(moment)} chose anything "
            f"({target!r}, target=) in the {_time.show(until)} window; it takes two at least."
        )
    named = default_rungs(settings.levels) if rungs is None else dict(rungs)
    weights = {
        rung: scorer.weights if rung == ALL else scorer.only(*among).weights
        for rung, among in named.items()
    }
    people = past.select(past.ids[truth.who])
    choices = scorer.groups.choices(people.table, scorer.items, target)
    scored = {rung: _measured(scorer, choices, w, truth, n) for rung, w in weights.items()}
    evidence = buckets(choices.visits)
    return _ladder(scored, evidence, scorer, moment, until, n=n, draws=draws, rng=source)


def default_rungs(levels: Sequence[Level]) -> dict[str, tuple[str, ...]]:
    """Everyone, persona, segment, individual and all together, as far as there are levels."""
    names = [level.name for level in levels]
    own = tuple(level.name for level in levels if isinstance(level, Individual))
    out = {name: (name,) for name in ("everyone", "persona", "segment") if name in names}
    if own:
        out["individual"] = own
    out[ALL] = tuple(names)
    return out


@attrs.frozen(eq=False)
class Truth:
    """What was chosen in the window: for each of `who` (positions among those known before) the
    distinct items, coded as the scorer's, -1 for items that nobody had chosen before."""

    who: Ints
    offsets: Ints
    items: Codes


def _chosen(
    profiles: Profiles, past: Profiles, scorer: FittedScorer, start: Any, stop: Any
) -> Truth:
    h = profiles.history.where(scorer.settings.target)
    inside = np.flatnonzero((h.time >= start) & (h.time < stop) & (h.item >= 0))
    person = past.ledger.people.codes(profiles.ids)[h.row[inside]].astype(np.int64)
    known = person >= 0
    cells = np.unique(person[known] * len(h.items) + h.item[inside][known])
    owner, item = cells // len(h.items), cells % len(h.items)
    who, counts = np.unique(owner, return_counts=True)
    codes = scorer.items.codes(h.items.values)[item]
    return Truth(who, np.append(0, np.cumsum(counts)), codes)


def _measured(
    scorer: FittedScorer, choices: Choices, weights: Floats, truth: Truth, n: int
) -> Floats:
    """Metrics (customers, parts, metrics) of one rung; NaN where there is nothing to find."""
    out = np.full((len(truth.who), len(PARTS), len(METRICS)), np.nan)
    lists = {
        "all": scorer._lists(choices, weights, n),
        "repeat": scorer._lists(choices, weights, n, own_only=True),
        "new": scorer._lists(choices, weights, n, repeats=False),
    }
    gains = 1 / np.log2(np.arange(n) + 2)
    ideal = np.append(0, np.cumsum(gains))
    for i in range(len(truth.who)):  # lists of n: a handful of comparisons each
        wanted = truth.items[truth.offsets[i] : truth.offsets[i + 1]]
        before = np.isin(wanted, choices.item[choices.offsets[i] : choices.offsets[i + 1]])
        for p, part in enumerate(PARTS):
            sought = {"all": wanted, "repeat": wanted[before], "new": wanted[~before]}[part]
            if len(sought):
                hits = np.isin(lists[part][i][0], sought)
                gained = gains[: len(hits)][hits].sum() / ideal[min(n, len(sought))]
                out[i, p] = hits.any(), hits.sum() / len(sought), gained
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
        (rung, part, metric, *(float(a[r, p, m]) for a in (estimate, low, high)), int(count[r, p, m]))
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
            verdict(dl[r, p, m], dh[r, p, m]),
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
                "rung", "below", "items", "metric", "difference", "low", "high", "shown",
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


def _interval(cell: Any) -> str:
    if np.isnan(cell["estimate"]):
        return "no data"
    return f"{cell['estimate']:.4f} [{cell['low']:.4f}, {cell['high']:.4f}]"
