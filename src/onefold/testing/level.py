"""The contract of a level: a proper probability over what has been chosen, of each row alone.

own(rows)[i] == own(row i)        sum of p = 1, or 0: nothing to say        p(never chosen) = 0
"""

from typing import Any

import attrs
import numpy as np

from onefold._types import Floats
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, ContractError
from onefold.ladders import ladder
from onefold.levels import Everyone
from onefold.levels.protocol import GROUPINGS, Choices, checked_own, checked_shared
from onefold.profiles import Profiles, TraitTable
from onefold.scoring import Scorer
from onefold.scoring.views import Groups, fit_groups
from onefold.testing.laws import NEAR, Plug, Snapshot, moments, named
from onefold.testing.sample import customers, fresh, past, rows

SEED = 7
NEVER = "never chosen"  # an item that can be had, and that nobody has ever chosen
SIGNATURE = "fit(self, history, *, as_of, rng)"
ACTS = "Return an object with shared(group) -> (n_items,), or own(rows) -> csr (n, n_items)."
ROW = (
    "What depends on all customers belongs into fit; own gives each row its distribution by what "
    "was fitted and by its own cells, `rows.offsets[i] : rows.offsets[i + 1]`."
)
ARRAYS = ("offsets", "item", "time", "visit", "age", "visits")


def check_level(level: Any, *, profiles: Profiles | None = None, target: str = "purchase") -> None:
    """Check that a level of one's own keeps the laws that the scorer relies on.

    The laws, in order: "name", "fit" (returns shared or own), "probabilities" (not negative, sum
    to 1; an own row may be empty), "inputs stay as they are", "chance" (from `rng` alone), "twice
    the same", "settings stay" (fitting anew changes nothing fitted before), "own row" (some rows
    give those rows, a newcomer too), "no look-ahead", "only what was chosen" (an item that nobody
    has chosen before `as_of` has probability 0; of a level that is `cold`, one that the catalogue
    lacks, or that can't be had by then), "pipeline" (scorer, ranking and ladder).

    Args:
        level: An object with `name` and `fit(history, *, as_of, rng)`.
        profiles: Customers to check it on; simulated ones where they are left out.
        target: Kind of event that is a choice.

    Raises:
        ContractError: If a law is broken: which, an example, and what to do.

    Examples:
        >>> from onefold.levels import Individual
        >>> check_level(Individual("30D"))
    """
    plug = named(level, "level", "fit", SIGNATURE)
    held = customers(profiles, "check_level")
    case = _case(held, target, level)
    fitted = _fit(plug, level, case.choices(fresh(held)), held.as_of)
    whole = _says(plug, level, fitted, case.choices(fresh(held)))
    _chance(plug, level, held, case, whole)
    _still(plug, level, fitted, held, case, whole)
    if not _is_shared(fitted):
        _own(plug, level, fitted, held, case, whole)
    _look_ahead(plug, level, held, case)
    _chosen(plug, level, whole, case, held)
    _pipeline(plug, level, held, target)


@attrs.frozen(eq=False)
class Case:
    """What a level is checked on: items, with one that nobody ever chose, and groups."""

    items: Vocab
    groups: Groups
    target: str

    def choices(self, table: TraitTable) -> Choices:
        """The choices of the rows of a table."""
        return self.groups.choices(table, self.items, self.target)


def _case(held: Profiles, target: str, level: Any) -> Case:
    h = held.history.where(target)
    chosen = h.items.values[np.unique(h.item[h.item >= 0])]
    if not len(chosen):
        raise ArgumentError(
            f"check_level: profiles hold no event of kind {target!r} with an item; give target=."
        )
    groups = fit_groups(held, Scorer(target, minimum=10), np.random.default_rng(SEED))
    cold = held.catalog.items if held.catalog is not None and _is_cold(level) else ()
    return Case(Vocab.of([*chosen, *cold, NEVER]), groups, target)


def _fit(plug: Plug, level: Any, choices: Choices, as_of: Any) -> Any:
    before = Snapshot.of(
        choices, names=ARRAYS, **{f"groups[{k!r}]": v for k, v in choices.groups.items()}
    )
    with plug.asked("fit", "fitted on the customers"):
        fitted = level.fit(choices, as_of=as_of, rng=np.random.default_rng(SEED))
    before.check(plug)
    if not _is_shared(fitted) and not callable(getattr(fitted, "own", None)):
        said = f"fit returned a {type(fitted).__name__} with neither shared nor own."
        raise plug.breaks("fit", said, ACTS)
    if _is_shared(fitted) and _by(level, fitted) not in GROUPINGS:
        said = f"its `by` is {_by(level, fitted)!r}."
        raise plug.breaks("fit", said, f"A shared level is by one of {', '.join(GROUPINGS)}.")
    return fitted


def _says(plug: Plug, level: Any, fitted: Any, choices: Choices) -> Floats:
    """What the level says: (groups + 1, n_items) of a shared one, (n, n_items) of an own one."""
    law = "probabilities"
    before = Snapshot.of(choices, names=ARRAYS)
    given: Any = []
    if _is_shared(fitted):
        by = _by(level, fitted)
        groups = (*choices.names.get(by, ()), None) if by != "everyone" else (None,)
        with plug.asked(law, "asked for each group"):
            given = [fitted.shared(group) for group in groups]
    else:
        with plug.asked(law, f"asked for {len(choices)} rows"):
            given = fitted.own(choices)
    before.check(plug)
    try:
        if _is_shared(fitted):
            return np.array([checked_shared(level.name, g, choices.n_items) for g in given])
        shape = (len(choices), choices.n_items)
        return np.asarray(checked_own(level.name, given, shape).toarray())
    except (ContractError, TypeError, ValueError) as error:
        advice = "Each distribution is over all items; an own row with nothing to say is empty."
        raise plug.breaks(law, str(error), advice) from error


def _is_shared(fitted: Any) -> bool:
    return callable(getattr(fitted, "shared", None))


def _is_cold(level: Any) -> bool:
    return bool(getattr(level, "cold", False))


def _by(level: Any, fitted: Any) -> Any:
    return getattr(fitted, "by", getattr(level, "by", "everyone"))


def _chance(plug: Plug, level: Any, held: Profiles, case: Case, whole: Floats) -> None:
    again = _fit(plug, level, case.choices(fresh(held)), held.as_of)
    found = _says(plug, level, again, case.choices(fresh(held)))
    advice = "Take chance from `rng` alone, and keep nothing from an earlier fit."
    words = ("after one fit", "after another with the same rng")
    _same(plug, "chance", whole, found, case, words=words, advice=advice)


def _still(plug: Plug, level: Any, fitted: Any, held: Profiles, case: Case, whole: Floats) -> None:
    twice = _says(plug, level, fitted, case.choices(fresh(held)))
    advice = "Asking must not change what was fitted, nor draw random numbers."
    words = ("the first time", "the second time")
    _same(plug, "twice the same", whole, twice, case, words=words, advice=advice)
    ids = sorted(held.ids, key=lambda i: -len(held[i]))[: len(held) // 3]
    _fit(plug, level, case.choices(fresh(held.select(ids))), held.as_of)
    later = _says(plug, level, fitted, case.choices(fresh(held)))
    advice = "What comes of the data belongs into the object that fit returns, not the settings."
    words = ("before the level was fitted on others", "after")
    _same(plug, "settings stay", whole, later, case, words=words, advice=advice)


def _own(plug: Plug, level: Any, fitted: Any, held: Profiles, case: Case, whole: Floats) -> None:
    def check(people: Any, when: str) -> None:
        table = rows(held, np.array(people), np.full(len(people), held.as_of))
        with plug.asked("own row", f"asked for {when}", ROW):
            found = _says(plug, level, fitted, case.choices(table))
        known = [i for i, p in enumerate(people) if p >= 0]
        expected = whole[[people[i] for i in known]]
        words = ("among everybody", f"among {when}")
        _same(plug, "own row", expected, found[known], case, words=words, advice=ROW)

    n = len(held)
    check([-1], "people without events")
    check([-1, 0, -1], "people without events")
    check(list(range(0, n, 3)), "every third customer")
    check(list(range(n))[::-1], "all in another order")
    check([n // 2], "one alone")


def _look_ahead(plug: Plug, level: Any, held: Profiles, case: Case) -> None:
    law, t = "no look-ahead", moments(held.ledger.events.array("time"))[-2]
    tables = past(held, t)
    said = []
    for table in tables:
        with plug.asked(law, "as of an earlier time"):
            fitted = _fit(plug, level, case.choices(table), t)
            said.append(_says(plug, level, fitted, case.choices(table)))
    advice = "Read the choices; `history.ledger` also holds what came later."
    words = (f"as of {t} while later events are in the ledger", "without them")
    _same(plug, law, said[0], said[1], case, words=words, advice=advice)


def _chosen(plug: Plug, level: Any, whole: Floats, case: Case, held: Profiles) -> None:
    if _is_cold(level) and held.catalog is not None:
        gone = ~held.catalog.available(case.items, held.as_of)
        if whole[:, gone].max(initial=0.0) > 0:
            said = "an item that can't be had by the catalogue as of `as_of` is not at 0."
            advice = "Leave out what is not there: history.catalog.available(items, as_of)."
            raise plug.breaks("only what was chosen", said, advice)
    never = whole[:, case.items.code(NEVER)].max(initial=0.0)
    if never > 0:
        said = f"an item that nobody has chosen before as_of has the probability {never:.3g}."
        advice = "Give such items 0; the scorer leaves them out of its lists."
        raise plug.breaks("only what was chosen", said, advice)


def _pipeline(plug: Plug, level: Any, held: Profiles, target: str) -> None:
    base = Everyone(name="everyone" if level.name != "everyone" else "everyone else")
    times = np.sort(held.ledger.events.array("time"))
    start = times[3 * len(times) // 4]
    with plug.asked("pipeline", "in a scorer beside Everyone, and on the ladder"):
        levels = (base, level)
        scorer = Scorer(target, levels=levels, minimum=10).fit(held, rng=SEED)
        lists = scorer.rank(held, n=3)
        ladder(
            held,
            as_of=start,
            horizon=held.as_of - start,
            n=3,
            target=target,
            levels=levels,
            draws=100,
            rng=SEED,
        )
    if len(lists) != len(held):
        raise plug.breaks("pipeline", f"{len(lists)} lists for {len(held)} customers.", ROW)


def _same(
    plug: Plug,
    law: str,
    first: Floats,
    second: Floats,
    case: Case,
    *,
    words: tuple[str, str],
    advice: str,
) -> None:
    """Refuse two answers that differ, with the item for which they do."""
    off = ~np.isclose(first, second, rtol=NEAR, atol=NEAR)
    if off.any():
        row, item = np.argwhere(off)[0]
        said = (
            f"item {case.items[int(item)]!r} has p = {first[row, item]:.6g} {words[0]}, and "
            f"{second[row, item]:.6g} {words[1]}."
        )
        raise plug.breaks(law, said, advice)
