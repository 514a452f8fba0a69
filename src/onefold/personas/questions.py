"""Which questions are put to everybody, and how each segment answers.

    a fact: text          each of its 12 commonest values
    a fact: numbers       each value where they are few, else the population's thirds
    a number              at least the upper quartile, at most the lower one
    a label's share       at least half of it (channels); at least the label's upper quartile,
                          or, where fewer than a quarter have any, above 0
    an item               above 0, for the 100 that most customers have

All bounds are the whole population's, so that every segment is asked the same. A value or label
that fewer customers than the minimum have in all is not asked for: it would point at persons. Nor
is a bound at the end of what there can be: "100% or more", "0 or less", "0 or more".
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._types import Array, Bools, Floats, Ints
from onefold.catalog import Catalog
from onefold.conditions import Compare
from onefold.personas import phrases
from onefold.personas.claims import (
    BUYING,
    DAY,
    DECLARED,
    DEMOGRAPHICS,
    OBSERVED,
    PREFERENCES,
    Tally,
    holds,
)
from onefold.profiles import TraitTable
from onefold.traits import Age, Fact, Rhythm, Wide

__all__ = ["Survey", "tallies"]

VALUES = 12  # values of a text, or distinct numbers, that are asked one by one
LABELS = {"item": 100, "category": 300}  # labels of a trait that are asked
SOME = 0.01  # a smaller part of a day's activity is asked as "any"
LABELS_OTHER = 24  # of any other trait


@attrs.frozen(eq=False)
class Survey:
    """Who is asked, and what is known of what they are asked about.

    Attributes:
        table: Everybody's traits, n rows.
        group: (n,) code of each customer's segment, 0 to groups - 1.
        groups: How many there are, those included that get no portrait.
        catalog: What is known of the items, or None.
        currency: The unit of money.
        minimum: Customers who must have a value for it to be asked for.
        facets: Facets of facts that are not demographics.
        defining: Names of the traits that the segmentation was made from.
    """

    table: TraitTable
    group: Ints
    groups: int
    catalog: Catalog | None
    currency: str | None
    minimum: int
    facets: Mapping[str, str]
    defining: frozenset[str]

    def count(self, mask: Bools) -> Ints:
        """Members of each group (groups,) for whom a mask (n,) holds."""
        return np.bincount(self.group[mask], minlength=self.groups)


def tallies(survey: Survey) -> list[Tally]:
    """Everything that is asked, with the answers of each group."""
    table = survey.table
    own = {trait.name: trait for trait in table.traits}
    dates = {trait.fact for trait in table.traits if isinstance(trait, Age)}
    out: list[Tally] = []
    for name in table.names:
        source, reading = own.get(name), table.reading(name)
        if isinstance(reading, Wide):
            out += _of_labels(survey, name, source, reading)
        elif reading.ndim == 2:
            if reading.dtype != object:  # the last few of something is no question to a group
                out += _of_dense(survey, name, source, reading)
        elif source is None or isinstance(source, (Fact, Age)):
            if name not in dates:
                out += _of_fact(survey, name, source, reading)
        elif reading.dtype == object:
            if getattr(source, "of", None) != "item":
                out += _of_words(survey, name, source, reading, BUYING)
        else:
            out += _of_numbers(survey, name, source, reading)
    return [attrs.evolve(t, defining=t.condition.name in survey.defining) for t in out]


def _of_fact(survey: Survey, name: str, source: Any, reading: Array) -> Iterator[Tally]:
    facet = survey.facets.get(name, DEMOGRAPHICS)
    if reading.dtype == object:
        yield from _of_words(survey, name, source, reading, facet)
        return
    known = ~np.isnan(reading)
    n = survey.count(known)
    for question in _bands(name, reading[known]):
        yes = holds(question, reading)
        if yes.sum() >= survey.minimum:
            says = phrases.about_fact(question, source)
            yield Tally(question, facet, says, survey.count(yes), n, origin=DECLARED)


def _of_words(
    survey: Survey, name: str, source: Any, reading: Array, facet: str
) -> Iterator[Tally]:
    codes, values = pd.factorize(reading)
    if not all(isinstance(value, str) for value in values):
        return  # text of some and numbers of others: no one question can be put to all
    n = survey.count(codes >= 0)
    total = np.bincount(codes[codes >= 0], minlength=len(values))
    declared = source is None or isinstance(source, Fact)
    common = sorted(range(len(values)), key=lambda i: (-total[i], str(values[i])))[:VALUES]
    for i in common:
        if total[i] < survey.minimum:
            break
        question = Compare(name, None, "==", str(values[i]))
        says = phrases.about_fact(question)
        origin = DECLARED if declared else OBSERVED
        yield Tally(question, facet, says, survey.count(codes == i), n, origin=origin)


def _of_numbers(survey: Survey, name: str, source: Any, reading: Floats) -> Iterator[Tally]:
    known = ~np.isnan(reading)
    if not known.any():
        return
    n = survey.count(known)
    low, high = np.quantile(reading[known], [0.25, 0.75])
    whole = bool((reading[known] % 1 == 0).all())
    if low == high:
        return
    for how, bound in ((">=", _plain(high, whole=whole)), ("<=", _plain(low, whole=whole))):
        if bound <= 0 <= reading[known].min():
            continue  # "0 or more" is everybody, "0 or less" is nothing at all
        question = Compare(name, None, how, bound)
        yes = holds(question, reading)
        says = phrases.about_trait(question, source, survey.currency)
        yield Tally(question, BUYING, says, survey.count(yes), n)


def _of_labels(survey: Survey, name: str, source: Any, wide: Wide) -> Iterator[Tally]:
    """Labels that many have, and the cells of those labels counted by group at once."""
    if not len(wide.labels) or (isinstance(source, Rhythm) and source.by == "week"):
        return
    of = getattr(source, "of", None)
    facet, covers = _facet(survey, source, of)
    chosen = _common(wide, survey.minimum, LABELS.get(str(of), LABELS_OTHER))
    if not len(chosen):
        return
    slot = np.full(len(wide.labels), -1, dtype=np.int16)
    slot[chosen] = np.arange(len(chosen))
    cells = np.flatnonzero(slot[wide.codes] >= 0)
    which, values = slot[wide.codes[cells]], wide.values[cells]
    owner = np.repeat(survey.group, np.diff(wide.offsets))[cells]
    bounds = _bounds(which, values, len(chosen), int(wide.known.sum()), of)
    if facet == DAY:
        bounds[bounds < SOME] = 0.0
    least = bounds[which]
    yes = np.where(least > 0, values >= least, values > 0)
    k = np.bincount(
        which[yes].astype(np.int64) * survey.groups + owner[yes],
        minlength=len(chosen) * survey.groups,
    ).reshape(len(chosen), survey.groups)
    n = survey.count(wide.known)
    for i, code in enumerate(chosen.tolist()):
        label, bound = str(wide.labels[code]), float(bounds[i])
        if _is_whole(source, bound):
            continue
        question = Compare(name, label, ">=" if bound > 0 else ">", bound)
        says = phrases.about_label(question, source, survey.catalog)
        about = None if covers is None else (covers, label)
        yield Tally(question, facet, says, k[i], n, about)


def _of_dense(survey: Survey, name: str, source: Any, reading: Floats) -> Iterator[Tally]:
    for i, label in enumerate(survey.table.labels(name)[:LABELS_OTHER]):
        column = reading[:, i]
        known = ~np.isnan(column)
        if known.any() and np.nanmin(column) < np.nanmax(column):
            bound = _rounded(float(np.quantile(column[known], 0.75)), 3)
            op = ">=" if bound > np.nanmin(column) else ">"
            if _is_whole(source, bound):
                continue
            question = Compare(name, label, op, bound)
            says = phrases.about_label(question, source, survey.catalog)
            yield Tally(
                question, BUYING, says, survey.count(holds(question, column)), survey.count(known)
            )


def _is_whole(source: Any, bound: float) -> bool:
    """Whether a bound on a share asks for all there is: told by one event as well as by many."""
    return getattr(source, "unit", None) == "share" and bound >= 1


def _facet(survey: Survey, source: Any, of: str | None) -> tuple[str, str | None]:
    """Where a trait with labels belongs, and the column of the catalogue that it is about."""
    if isinstance(source, Rhythm):
        return DAY, None
    if of == "item":
        return PREFERENCES, of
    columns = () if survey.catalog is None else ("category", *survey.catalog.attributes)
    if of in columns and of not in survey.table.history.properties:
        return PREFERENCES, of
    return BUYING, None


def _common(wide: Wide, minimum: int, most: int) -> Ints:
    """Codes of the labels that most customers have, at least `minimum`; ties by label."""
    count = np.bincount(wide.codes[wide.values > 0], minlength=len(wide.labels))
    order = np.argsort(-count, kind="stable")[:most]
    return np.sort(order[count[order] >= max(minimum, 1)])


def _bounds(which: Array, values: Floats, labels: int, known: int, of: str | None) -> Floats:
    """For each label the least share that counts, or 0 for any share above 0."""
    if of == "item":
        return np.zeros(labels)
    if of == "channel":
        return np.full(labels, 0.5)
    out = np.zeros(labels)
    order = np.argsort(which, kind="stable")  # int16: a radix sort
    ends = np.cumsum(np.bincount(which, minlength=labels))
    rank = -(-known // 4)  # so many customers are the upper quarter
    for i, (start, end) in enumerate(zip(np.append(0, ends[:-1]), ends, strict=True)):
        if end - start >= rank:  # a loop over at most some hundred labels
            held = values[order[start:end]]
            quartile = np.partition(held, len(held) - rank)[len(held) - rank]
            out[i] = max(_rounded(float(quartile), 2), 0.0)
    return out


def _bands(name: str, values: Floats) -> Iterable[Compare]:
    """Each value of a number where they are few, else its thirds, with bounds that occur."""
    distinct = np.unique(values)
    if len(distinct) <= VALUES:
        return [Compare(name, None, "==", float(v)) for v in distinct]
    first, second = np.quantile(values, [1 / 3, 2 / 3])
    low = float(distinct[distinct <= first].max())
    above = distinct[(distinct >= second) & (distinct > low)]
    high = float(above[0]) if len(above) else low
    least = low == distinct[0]  # "of 0", not "of 0 or less"
    bands = [Compare(name, None, "==" if least else "<=", low)]
    if high > low:
        bands.append(Compare(name, None, ">=", high))
    middle = distinct[(distinct > low) & (distinct < high)]
    if len(middle):
        span = (float(middle[0]), float(middle[-1]))
        bands.insert(1, Compare(name, None, "between", span))
    return bands


def _plain(bound: float, *, whole: bool) -> float:
    """A bound that can be said: whole where the numbers are, else three digits."""
    return float(round(bound)) if whole else _rounded(float(bound), 3)


def _rounded(x: float, digits: int) -> float:
    return float(f"{x:.{digits}g}")
