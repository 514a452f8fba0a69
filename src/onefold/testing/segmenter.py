"""The contract of a segmentation strategy: fitted once, then each label is its own row's.

assign(rows)[i] == assign(row i alone)              everybody has one label, or None
"""

from typing import Any

import numpy as np

from onefold.errors import ContractError
from onefold.profiles import Profiles, TraitTable
from onefold.segments import segment
from onefold.segments.assignment import assigned
from onefold.testing.laws import Plug, Snapshot, moments
from onefold.testing.sample import customers, fresh, past, rows

SEED = 7
ROW = (
    "What depends on all customers (cuts, centres, frequent values) belongs into fit; assign gives "
    "each row its label by what was fitted and by its own row."
)
STILL = "What comes of the data belongs into the object that fit returns, not into the settings."


def check_segmenter(strategy: Any, *, profiles: Profiles | None = None) -> None:
    """Check that a segmentation strategy of one's own keeps the laws that segments rely on.

    The laws, in order: "fit" (returns an object with assign), "labels" ((n,), text, whole numbers
    or None), "inputs stay as they are", "chance" (from `rng` alone), "twice the same", "settings
    stay" (fitting anew changes nothing fitted before), "newcomers" (have a label or None), "own
    row" (a subset, and one profile), "no look-ahead", "partition".

    Args:
        strategy: An object with `fit(table, *, rng)`.
        profiles: Customers to check it on; simulated ones where they are left out.

    Raises:
        ContractError: If a law is broken: which, an example, and what to do.

    Examples:
        >>> class Loud:
        ...     def fit(self, table, *, rng):
        ...         return self
        ...     def assign(self, table):
        ...         return ["loud" if n > 99 else "quiet" for n in table["frequency"]]
        >>> check_segmenter(Loud())
    """
    plug = Plug(f"strategy {type(strategy).__name__}")
    if isinstance(strategy, type) or not callable(getattr(strategy, "fit", None)):
        raise plug.breaks(
            "fit", f"it is {strategy!r}.", "Give an object with fit(self, table, *, rng)."
        )
    held = customers(profiles, "check_segmenter")
    fitted = _fit(plug, strategy, fresh(held))
    whole = _labels(plug, fitted, fresh(held), "labels", "Asked for everybody")
    _chance(plug, strategy, held, whole)
    _still(plug, strategy, fitted, held, whole)
    _newcomers(plug, fitted, held)
    _own(plug, fitted, held, whole)
    _look_ahead(plug, strategy, held)
    _partition(plug, strategy, held, whole)


def _fit(plug: Plug, strategy: Any, table: TraitTable, seed: int = SEED) -> Any:
    before = Snapshot.of(table.history, as_of=table.as_of)
    with plug.asked("fit", "fitted on the customers"):
        fitted = strategy.fit(table, rng=np.random.default_rng(seed))
    before.check(plug)
    if not callable(getattr(fitted, "assign", None)):
        said = f"fit returned a {type(fitted).__name__} without assign."
        raise plug.breaks("fit", said, "Return an object with assign(self, table).")
    return fitted


def _labels(
    plug: Plug, fitted: Any, table: TraitTable, law: str, when: str, advice: str = ""
) -> dict[str, str | None]:
    """The label of each customer, None where it is unknown."""
    before = Snapshot.of(table.history, as_of=table.as_of)
    with plug.asked(law, when, advice):
        given = fitted.assign(table)
    before.check(plug)
    try:
        found = assigned(table.ids, given, names=(), by=plug.name)
    except ContractError as error:
        advice = "Return one label a row: text, a whole number, or None for unknown."
        raise plug.breaks("labels", f"{when.lower()}: {error}", advice) from error
    return found.by_customer()


def _chance(plug: Plug, strategy: Any, held: Profiles, whole: dict[str, str | None]) -> None:
    again = _fit(plug, strategy, fresh(held))
    found = _labels(plug, again, fresh(held), "chance", "Fitted again with the same rng")
    advice = "Take chance from `rng` alone, and keep nothing from an earlier fit."
    words = ("after one fit", "after another with the same rng")
    _same(plug, "chance", whole, found, words=words, advice=advice)


def _still(
    plug: Plug, strategy: Any, fitted: Any, held: Profiles, whole: dict[str, str | None]
) -> None:
    twice = _labels(plug, fitted, fresh(held), "twice the same", "Asked a second time")
    advice = "Assigning must not change what was fitted, nor draw random numbers."
    words = ("the first time", "the second time")
    _same(plug, "twice the same", whole, twice, words=words, advice=advice)
    ids = sorted(held.ids, key=lambda i: -len(held[i]))[: len(held) // 2]
    _fit(plug, strategy, fresh(held.select(ids)))
    later = _labels(plug, fitted, fresh(held), "settings stay", "Asked after another fit")
    words = ("before the strategy was fitted on others", "after")
    _same(plug, "settings stay", whole, later, words=words, advice=STILL)


def _newcomers(plug: Plug, fitted: Any, held: Profiles) -> None:
    law, when = "newcomers", "Asked for somebody without events"
    mixed = rows(held, np.array([-1, 0]), np.full(2, held.as_of))
    for table in (held.new(" nobody ").table, fresh(held).rows(0, 0), mixed):
        _labels(plug, fitted, table, law, when, "Somebody without events has a label, or None.")


def _own(plug: Plug, fitted: Any, held: Profiles, whole: dict[str, str | None]) -> None:
    ids = sorted(held.ids, key=lambda i: -len(held[i]))
    some = ids[: max(len(ids) // 4, 1)]  # the busiest: unlike the others
    found = _labels(
        plug, fitted, fresh(held.select(some)), "own row", "Asked for some of the customers"
    )
    expected = {i: whole[i] for i in found}
    words = ("among everybody", "among a quarter of the customers")
    _same(plug, "own row", expected, found, words=words, advice=ROW)
    turned = rows(held, np.arange(len(held))[::-1], np.full(len(held), held.as_of))
    found = _labels(plug, fitted, turned, "own row", "With the rows in another order")
    _same(plug, "own row", whole, found, words=("in order", "turned round"), advice=ROW)
    for one in (ids[0], ids[-1]):
        found = _labels(plug, fitted, held[one].table, "own row", "Asked for one profile")
        words = ("among everybody", "as one profile")
        _same(plug, "own row", {one: whole[one]}, found, words=words, advice=ROW)


def _look_ahead(plug: Plug, strategy: Any, held: Profiles) -> None:
    law, t = "no look-ahead", moments(held.ledger.events.array("time"))[-2]
    going_on, ended = past(held, t)
    knowing = _labels(plug, _fit(plug, strategy, going_on), going_on, law, "As of an earlier time")
    blind = _labels(plug, _fit(plug, strategy, ended), ended, law, "As of an earlier time")
    advice = "Read the table; `history.ledger` also holds what came later."
    words = (f"as of {t} while later events are in the ledger", "without them")
    _same(plug, law, blind, knowing, words=words[::-1], advice=advice)


def _partition(plug: Plug, strategy: Any, held: Profiles, whole: dict[str, str | None]) -> None:
    with plug.asked("partition", "as segments of everybody", "Let `names` be texts, each once."):
        made = segment(held, strategy, rng=SEED)
        sizes = made.assignment.sizes()
    total = int(sizes["customers"].sum())
    if total != len(held) or sum(len(made.assignment.members(n)) for n in sizes["name"]) != total:
        said = f"its segments hold {total} of {len(held)} customers."
        raise plug.breaks("partition", said, "Give each customer one label.")


def _same(
    plug: Plug,
    law: str,
    first: dict[str, str | None],
    second: dict[str, str | None],
    *,
    words: tuple[str, str],
    advice: str,
) -> None:
    for who, label in first.items():
        if second[who] != label:
            said = f"customer {who!r} is {label!r} {words[0]}, and {second[who]!r} {words[1]}."
            raise plug.breaks(law, said, advice)
