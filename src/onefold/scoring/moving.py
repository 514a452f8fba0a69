"""Moving a scorer on: its levels as of a later moment, its weights as they were learned.

    update(profiles)  ==  fit(profiles), weights, refinement, segments and personas aside
    update(p).update(q)  ==  update(q)

Every level is fitted anew on all that is known by then, new items included: so it is the level
that a new fit has, to the last digit, the hazard of what is due with it. What is saved is the
slice: fitting everything a second time before it, foreseeing its choices, weighing them.

Segments keep their cuts and personas their cards, for the weights were learned of these; whom
they hold is read anew. With `regroup` both are fitted anew too, as a new fit does.
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import instance, quoted
from onefold._random import generator
from onefold._types import Rng
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.profiles import Profiles
from onefold.scoring.turning import turning
from onefold.scoring.views import Groups, fit_groups, fit_levels


def moved(scorer: Any, profiles: Profiles, *, regroup: bool, rng: Rng) -> Any:
    """The scorer as of the moment of these profiles."""
    call = "FittedScorer.update"
    instance(profiles, Profiles, f"{call}: profiles", "Make them with onefold.fold.")
    if not isinstance(regroup, (bool, np.bool_)):
        raise ArgumentError(f"{call}: regroup is {regroup!r}; True or False.")
    if profiles.as_of < scorer.as_of:
        raise ArgumentError(
            f"{call}: profiles are as of {_time.show(profiles.as_of)}, and this scorer knows all "
            f"up to {_time.show(scorer.as_of)} already. Give later profiles, or fit a scorer on "
            "these."
        )
    source = generator(rng, f"{call}: rng")
    settings = scorer.settings
    items = known_items(profiles, settings)
    if not len(items):
        raise none_chosen(profiles, settings.target, call)
    kept = scorer.groups
    if kept.turning is not None:  # levels are fitted on whole histories
        kept = attrs.evolve(kept, turning=None)
    groups = fit_groups(profiles, settings, source) if regroup else kept
    return attrs.evolve(
        scorer,
        items=items,
        views=fit_levels(profiles, items, settings, groups, source),
        groups=told_of_turns(groups, profiles, items, settings, source),
        catalog=profiles.catalog,
        as_of=profiles.as_of,
    )


def told_of_turns(
    groups: Groups, profiles: Profiles, items: Vocab, settings: Any, rng: np.random.Generator
) -> Groups:
    """The groups, and how a change of interests is told, if the settings ask for it."""
    if not settings.changes:
        return groups
    history = groups.choices(profiles.table, items, settings.target)
    return attrs.evolve(groups, turning=turning(history, share=settings.changes, rng=rng))


def known_items(profiles: Profiles, settings: Any) -> Vocab:
    """The items that anybody chose before the profiles' moment.

    Where a level has something to say of items that nobody has chosen yet (`cold`), also those
    that the catalogue knows to be there by then.
    """
    h = profiles.history.where(settings.target)
    chosen = Vocab(h.items.values[np.unique(h.item[h.item >= 0])])
    catalog = profiles.catalog
    if catalog is None or not any(getattr(level, "cold", False) for level in settings.levels):
        return chosen
    there = (catalog.valid_from < profiles.as_of) & (profiles.as_of < catalog.valid_until)
    return chosen.union(catalog.items.take(np.flatnonzero(there)))


def none_chosen(profiles: Profiles, target: str, call: str) -> ArgumentError:
    """What is said where there are none."""
    return ArgumentError(
        f"{call}: no event of kind {target!r} (target=) has an item. Kinds: "
        f"{quoted(profiles.history.kinds)}."
    )
