"""The fitted levels of a scorer side by side, and the groups that the shared ones go by.

A level that is `own` and has nothing to say of a row passes its weight down to everyone:

    w'_everyone = w_everyone + sum of w_l over the own levels l with an empty row
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold._check import quoted
from onefold._types import Bools, Codes, Floats, Ints
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, ContractError
from onefold.levels.protocol import (
    GROUPINGS,
    Choices,
    checked_own,
    checked_shared,
)
from onefold.personas import Personas, portray
from onefold.profiles import Profiles, TraitTable
from onefold.scoring.rank import Base
from onefold.scoring.turning import Turning
from onefold.segments import segment
from onefold.segments.assignment import assigned


@attrs.frozen(eq=False)
class Groups:
    """Who belongs to which segment, and to which persona by its card; and who has changed."""

    segments: Any  # a fitted strategy: assign(table) -> labels
    names: tuple[str, ...]
    cards: Personas | None
    turning: Turning | None = None

    def choices(self, table: TraitTable, items: Vocab, target: str) -> Choices:
        """The choices of the rows of a table, with the groups they are in."""
        groups: dict[str, Codes] = {}
        if self.segments is not None:
            groups["segment"] = _coded(self.segments, table, self.names)
        if self.cards is not None:
            groups["persona"] = np.asarray(self.cards.closest(table), dtype=np.int32)
        found = self.plain(table, items, target)
        made = attrs.evolve(found, groups=groups, names=self.named, cards=self.cards)
        return made if self.turning is None else self.turning.cut(made)

    def plain(self, table: TraitTable, items: Vocab, target: str) -> Choices:
        """The choices of the rows of a table, without groups."""
        return Choices.of(table.history, items, target=target, moments=table.as_of)

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Names of the groups, by grouping."""
        names: dict[str, tuple[str, ...]] = {}
        if self.segments is not None:
            names["segment"] = self.names
        if self.cards is not None:
            names["persona"] = tuple(p.name for p in self.cards)
        return names


@attrs.frozen(eq=False)
class Views:
    """Fitted levels: those that are shared, as tables, and those that are own.

    Attributes:
        names: names of all levels, in the order of the weights.
        shared: by position: (grouping, names of groups, table (g + 1, n_items)).
        fitted: by position: the fitted value of an own level.
        everyone: position of the level that others pass their weight down to.
    """

    names: tuple[str, ...]
    n_items: int
    shared: dict[int, tuple[str, tuple[str, ...], Floats]]
    fitted: dict[int, Any]
    everyone: int

    def own(self, choices: Choices, weights: Floats) -> Any:
        """The weighted sum of the own levels: csr (n, n_items), sorted."""
        from scipy.sparse import csr_matrix

        total = csr_matrix((len(choices), self.n_items), dtype=np.float64)
        for at, matrix in self.each(choices).items():
            scaled = matrix.copy()
            scaled.data = matrix.data * np.repeat(weights[:, at], np.diff(matrix.indptr))
            total = total + scaled
        total.sort_indices()
        return total

    def each(self, choices: Choices, some: Sequence[int] | None = None) -> dict[int, Any]:
        """The own levels of some rows, by position: csr (n, n_items) each; computed once."""
        held = choices.kept.get("own")
        if held is None or held[0] is not self:
            held = choices.kept["own"] = (self, {})
        made: dict[int, Any] = held[1]
        wanted = self.fitted if some is None else some
        for at in wanted:
            if at not in made:
                shape = (len(choices), self.n_items)
                made[at] = checked_own(self.names[at], self.fitted[at].own(choices), shape)
        return {at: made[at] for at in wanted}

    def passed_down(self, choices: Choices, weights: Floats) -> Floats:
        """The weights (n, levels) of the shared levels, with what own levels pass down."""
        held = weights.copy()
        for at, matrix in self.each(choices).items():
            empty = np.diff(matrix.indptr) == 0
            held[empty, self.everyone] += held[empty, at]
            held[:, at] = 0.0
        return held

    def groups_of(self, choices: Choices) -> list[tuple[int, ...]]:
        """For each row the row of each shared level's table that is its own."""
        return [tuple(row) for row in np.stack(self.group_columns(choices), axis=1).tolist()]

    def group_columns(self, choices: Choices) -> list[Ints]:
        """The same, by shared level: (n,) each."""
        columns = []
        for by, names, _ in self.shared.values():
            codes = choices.groups.get(by)
            if codes is None:
                columns.append(np.full(len(choices), len(names)))
            else:
                columns.append(np.where(codes < 0, len(names), codes))
        return columns

    def bases(
        self, choices: Choices, weights: Floats, allowed: Bools | None, kept: dict[Any, Any]
    ) -> list[Base]:
        """The shared part of each row, as `passed_down` weighs it; rows of one kind share one."""
        keys = [
            (*groups, row.tobytes())
            for groups, row in zip(self.groups_of(choices), weights, strict=True)
        ]
        if len(kept) > 256:
            kept.clear()
        found: dict[Any, Base] = {}  # whatever other threads do to what is kept
        for key, row in zip(keys, weights, strict=True):
            if key not in found:
                held = kept.get(key)
                found[key] = Base(self.base(key[:-1], row), allowed) if held is None else held
                kept[key] = found[key]
        return [found[key] for key in keys]

    def base(self, groups: Sequence[int], weights: Floats) -> Floats:
        """The shared part (n_items,) of rows in these groups, with these weights."""
        total = np.zeros(self.n_items)
        for (at, (_, _, table)), group in zip(self.shared.items(), groups, strict=True):
            if weights[at]:
                total += weights[at] * table[group]
        return total


def fit_groups(profiles: Profiles, settings: Any, rng: np.random.Generator) -> Groups:
    """Segments and personas as of the profiles' own moment."""
    if settings.segments is None:
        return Groups(None, (), None)
    try:
        made = segment(profiles, settings.segments, rng=rng)
    except ArgumentError as error:
        raise ArgumentError(
            f"{error} In a scorer that is segments=; Scorer(segments=None) does without."
        ) from error
    names = tuple(str(name) for name in made.assignment.names)
    cards = portray(made, minimum=settings.minimum)
    return Groups(made.fitted, names, cards if len(cards) else None)


def fit_levels(
    profiles: Profiles, items: Vocab, settings: Any, groups: Groups, rng: np.random.Generator
) -> Views:
    """Each level fitted on everything before the profiles' moment."""
    history = groups.choices(profiles.table, items, settings.target)
    shared: dict[int, tuple[str, tuple[str, ...], Floats]] = {}
    fitted: dict[int, Any] = {}
    for at, level in enumerate(settings.levels):
        made = level.fit(history, as_of=profiles.as_of, rng=rng)
        if callable(getattr(made, "shared", None)):
            shared[at] = _shared(level, made, history)
        elif callable(getattr(made, "own", None)):
            fitted[at] = made
        else:
            raise ContractError(
                f"level {level.name!r}: fit returned a {type(made).__name__} with neither "
                "shared(group) nor own(rows); it must have one of them."
            )
    everyone = [at for at, (by, _, _) in shared.items() if by == "everyone"]
    if not everyone:
        raise ArgumentError(
            f"Scorer: levels holds {quoted(level.name for level in settings.levels)}, none of them "
            "for everyone. Add onefold.levels.Everyone(): others pass their weight down to it."
        )
    names = tuple(level.name for level in settings.levels)
    return Views(names, len(items), shared, fitted, everyone[0])


def foresight(views: Views, choices: Choices, rows: Ints, items: Codes) -> Floats:
    """What each level foresaw (pairs, levels) of choices of `items` by `rows`."""
    out = np.zeros((len(rows), len(views.names)))
    groups = np.array(views.groups_of(choices), dtype=np.int64).reshape(len(choices), -1)
    for column, (at, (_, _, table)) in enumerate(views.shared.items()):
        out[:, at] = table[groups[rows, column], items]
    everyone = out[:, views.everyone]
    for at, matrix in views.each(choices).items():
        empty = np.diff(matrix.indptr)[rows] == 0
        found = np.asarray(matrix[rows, items]).ravel() if len(rows) else np.zeros(0)
        out[:, at] = np.where(empty, everyone, found)
    return out


def _shared(level: Any, made: Any, history: Choices) -> tuple[str, tuple[str, ...], Floats]:
    by = getattr(made, "by", getattr(level, "by", "everyone"))
    if by not in GROUPINGS:
        raise ContractError(
            f"level {level.name!r}: by is {by!r}; a shared level is by {quoted(GROUPINGS)}."
        )
    names = history.names.get(by, ()) if by != "everyone" else ()
    rows = [checked_shared(level.name, made.shared(name), history.n_items) for name in names]
    rows.append(checked_shared(level.name, made.shared(None), history.n_items))
    return by, names, np.array(rows)


def _coded(segments: Any, table: TraitTable, names: tuple[str, ...]) -> Codes:
    """Position (n,) of each row's segment in `names`; -1 unknown, or not there when fitted."""
    by = f"Scorer: segments {type(segments).__name__}"
    made = assigned(table.ids, segments.assign(table), names=names, by=by)
    place = {name: at for at, name in enumerate(names)}
    return np.array([*(place.get(name, -1) for name in made.names), -1], dtype=np.int32)[made.codes]
