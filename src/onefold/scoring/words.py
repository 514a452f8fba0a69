"""Reasons in words: what the levels say of an item, as a marketer can send it.

    because you bought X twice, last 12 days ago (61 %); people who bought Y next choose this
    (22 %); popular with loyal customers this week (17 %)

Levels that tell the same story are joined: all that read the customer's own choices of the item;
everyone at any half-life; a segment where it chooses the item more than everybody does, a persona
where its card speaks for it, and else everyone's. A level with nothing to say is everyone's.

    share of a story = sum of the shares of its levels
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from onefold._display import printable
from onefold._types import Bools, Codes, Floats, Ints
from onefold.catalog import Catalog
from onefold.errors import ContractError
from onefold.levels.due import FittedDue
from onefold.levels.individual import Individual
from onefold.levels.persona import Persona
from onefold.levels.protocol import Choices
from onefold.scoring.phrases import Story, members, named, often, popularity, spoken, verb_of
from onefold.scoring.views import Views, foresight

OWN, NEXT, SEGMENT, PERSONA, EVERYONE = range(5)  # of equal shares, the first is told first
KNOWN = 5  # those of plug-ins come after them, one for each level
DAY = 86_400_000_000  # microseconds
WEEK = np.timedelta64(7 * DAY, "us")
NEAR_A_WEEK = (5 * DAY, 9 * DAY)  # half-lives of what may be called "this week"


@attrs.frozen(eq=False)
class Told:
    """Pairs (p,) of a row and an item: each level's part, whose story it is, and the shares."""

    choices: Choices
    rows: Ints
    items: Codes
    groups: Ints  # (p, shared levels) row of its table
    parts: Floats  # (p, levels)
    story: Ints  # (p, levels)
    shares: Floats  # (p, stories)

    def take(self, at: Ints) -> "Told":
        """Some of the pairs."""
        names = ("rows", "items", "groups", "parts", "story", "shares")
        return attrs.evolve(self, **{name: getattr(self, name)[at] for name in names})

    def strongest(self, levels: Sequence[int], story: int) -> Ints:
        """Which of some levels (p,) has the largest part in a story."""
        held = list(levels)
        mine = np.where(self.story[:, held] == story, self.parts[:, held], -1.0)
        out: Ints = np.array(held)[mine.argmax(axis=1)]
        return out


@attrs.frozen(eq=False)
class Teller:
    """Who tells: the fitted levels, their settings, and what is needed to put them in words."""

    views: Views
    levels: Sequence[Any]
    target: str
    catalog: Catalog | None
    as_of: np.datetime64
    kept: dict[Any, Any] = attrs.field(factory=dict)  # a cache

    def stories(self, choices: Choices, item: int, weights: Floats) -> tuple[Story, ...]:
        """All stories of one row and one item, the strongest first.

        Args:
            choices: The row.
            item: Code of the item.
            weights: (1, levels) weights of the levels for the row.
        """
        told = self._told(choices, np.zeros(1, dtype=np.int64), np.array([item]), weights)
        shares = told.shares[0]
        order = [s for s in np.argsort(-shares, kind="stable").tolist() if shares[s] > 0]
        return tuple(self._story(told, s) for s in order)

    def strongest(self, choices: Choices, rows: Ints, items: Codes, weights: Floats) -> list[str]:
        """The strongest story (p,), in short, of each pair of a row and an item.

        Args:
            choices: The rows (n,).
            rows: (p,) positions of rows.
            items: (p,) codes of items.
            weights: (n, levels) weights of the levels for each row.
        """
        told = self._told(choices, rows, items, weights)
        first = np.where(told.shares.any(axis=1), told.shares.argmax(axis=1), -1)
        out = np.full(len(rows), "", dtype=object)
        for story in np.unique(first[first >= 0]).tolist():
            at = np.flatnonzero(first == story)
            out[at] = self._short(told.take(at), story)
        said: list[str] = out.tolist()
        return said

    def _told(self, choices: Choices, rows: Ints, items: Codes, weights: Floats) -> Told:
        views = self.views
        parts = foresight(views, choices, rows, items) * weights[rows]
        groups = np.array(views.groups_of(choices), dtype=np.int64).reshape(len(choices), -1)[rows]
        story = np.full(parts.shape, EVERYONE)
        for column, (at, (by, names, table)) in enumerate(views.shared.items()):
            group = groups[:, column]
            if by != "everyone":
                more = (group < len(names)) & (table[group, items] > table[-1, items])
                story[:, at] = np.where(more, SEGMENT if by == "segment" else PERSONA, EVERYONE)
            if isinstance(self.levels[at], Persona):
                told_of = self._lifts(choices)[group, items] > 1  # else only what others lack
                story[:, at] = np.where(told_of, story[:, at], EVERYONE)
        self._join(groups, story, parts)
        for at, matrix in views.each(choices).items():
            heard = np.diff(matrix.indptr)[rows] > 0
            story[:, at] = np.where(heard, self._own_story(at), EVERYONE)
        width = KNOWN + len(views.names)
        place = np.arange(len(rows))[:, None] * width + story
        sums = np.bincount(place.ravel(), weights=parts.ravel(), minlength=len(rows) * width)
        shares = sums.reshape(len(rows), width) / np.maximum(parts.sum(axis=1), 1e-300)[:, None]
        return Told(choices, rows, items, groups, parts, story, shares)

    def _lifts(self, choices: Choices) -> Floats:
        """What each persona's card says of each item (g + 1, n_items); 1 is nothing."""
        if "lifts" not in self.kept:
            cards = choices.cards or ()
            rows = [card.lifts(choices.items, choices.catalog) for card in cards]
            self.kept["lifts"] = np.array([*rows, np.ones(choices.n_items)])
        held: Floats = self.kept["lifts"]
        return held

    def _join(self, groups: Ints, story: Ints, parts: Floats) -> None:
        """A persona and a segment of one name tell one story, where both do: the segment's."""
        columns = {at: column for column, at in enumerate(self.views.shared)}
        kinds = {at: held[:2] for at, held in self.views.shared.items()}
        for at in (k for k, (by, _) in kinds.items() if by == "segment"):
            place = {name: i for i, name in enumerate(kinds[at][1])}
            for other in (k for k, (by, _) in kinds.items() if by == "persona"):
                same = np.array([*(place.get(name, -1) for name in kinds[other][1]), -1])
                one = same[groups[:, columns[other]]] == groups[:, columns[at]]
                one &= (story[:, at] == SEGMENT) & (story[:, other] == PERSONA) & (parts[:, at] > 0)
                story[one, other] = SEGMENT

    def _own_story(self, at: int) -> int:
        level = self.views.fitted[at]
        if isinstance(level, (Individual, FittedDue)):
            return OWN
        asks = callable(getattr(level, "asked", None)) and hasattr(level, "table")
        return NEXT if asks and not hasattr(level, "because") else KNOWN + at

    @property
    def _done(self) -> str:
        return verb_of(self.target)[1]

    def _story(self, told: Told, story: int) -> Story:
        share, short = float(told.shares[0, story]), self._short(told, story)[0]
        if story == OWN:
            verb = verb_of(self.target)[0]
            item = named(self.catalog, told.choices.items, told.items)[0]
            return Story(
                share, short, f"{verb} {item}{self._own(told, verb)[0][len(verb) :]}", "who"
            )
        lead = {SEGMENT: "it is", PERSONA: "it", EVERYONE: "it is"}.get(story, "")
        return Story(share, short, short, lead)

    def _short(self, told: Told, story: int) -> list[str]:
        if story == OWN:
            return self._own(told, self._done)
        if story == NEXT:
            return self._next(told)
        if story == EVERYONE:
            return self._everyone(told)
        return self._group(told, story) if story < KNOWN else self._plugin(told, story - KNOWN)

    def _own(self, told: Told, verb: str) -> list[str]:
        """How often and how long ago; the rhythm too where the level `due` has a part in it."""
        count, first, last = _visits_with(told)
        moments = told.choices.moments[told.rows].astype(np.int64)
        days = np.maximum(moments - last, 0) // DAY
        gap = np.rint((last - first) / np.maximum(count - 1, 1) / DAY).astype(np.int64)
        due = [at for at, level in self.views.fitted.items() if isinstance(level, FittedDue)]
        timed = (told.parts[:, due].sum(axis=1) > 0) & (count >= 3)
        every = np.where(timed, gap, 0)
        figures = zip(count.tolist(), days.tolist(), every.tolist(), strict=True)
        return [often(verb, n, ago, gap) for n, ago, gap in figures]

    def _next(self, told: Told) -> list[str]:
        """The own item from which the strongest level of neighbours reads it."""
        levels = [at for at in self.views.fitted if self._own_story(at) == NEXT]
        out = np.empty(len(told.rows), dtype=object)
        strongest, verb = told.strongest(levels, NEXT), verb_of(self.target)[0]
        for at in np.unique(strongest).tolist():
            here = np.flatnonzero(strongest == at)
            source = _source(self.views.fitted[at], told.take(here))
            again = (source == told.items[here]).tolist()
            word = "next" if _ahead(self.levels[at]) else "also"
            names = named(self.catalog, told.choices.items, source.astype(np.int32))
            out[here] = [
                f"people who {verb} it choose it again"
                if same
                else f"people who {verb} {name} {word} choose this"
                for name, same in zip(names, again, strict=True)
            ]
        said: list[str] = out.tolist()
        return said

    def _group(self, told: Told, story: int) -> list[str]:
        """A segment or a persona, by name: that of the strongest level in the story."""
        columns = {at: column for column, at in enumerate(self.views.shared)}
        by = "segment" if story == SEGMENT else "persona"
        levels = [at for at in columns if self.views.shared[at][0] == by]
        strongest, out = told.strongest(levels, story), np.empty(len(told.rows), dtype=object)
        for at in np.unique(strongest).tolist():
            here = np.flatnonzero(strongest == at)
            _, names, table = self.views.shared[at]
            group = told.groups[here, columns[at]]
            popular = table[group, told.items[here]] * self.views.n_items >= 1
            now = self._now(told, here) & _weekly(self.levels[at])
            who = [members(by, name) for name in names]
            out[here] = [
                popularity(who[g], self._done, popular=p, week=w)
                if story == SEGMENT
                else f"suits {who[g]}"
                for g, p, w in zip(group.tolist(), popular.tolist(), now.tolist(), strict=True)
            ]
        words: list[str] = out.tolist()
        return words

    def _everyone(self, told: Told) -> list[str]:
        """Popular, where more so than the mean item; this week, where that says most of it."""
        tables = {at: held[2][-1] for at, held in self.views.shared.items()}
        weekly = np.array([_weekly(level) for level in self.levels])
        mine = np.where(told.story == EVERYONE, told.parts, 0.0)
        now = 2 * (mine * weekly).sum(axis=1) > mine.sum(axis=1)
        now &= self._now(told, np.arange(len(now)))
        p = tables[self.views.everyone][told.items]
        late = [tables[at][told.items] for at in tables if weekly[at]]
        p = np.where(now, np.max([np.zeros(len(now)), *late], axis=0), p)
        popular = (p * self.views.n_items >= 1).tolist()
        pairs = zip(popular, now.tolist(), strict=True)
        return [popularity("everyone", self._done, popular=p, week=w) for p, w in pairs]

    def _plugin(self, told: Told, at: int) -> list[str]:
        """What a level says itself, if it can."""
        because = getattr(self.views.fitted[at], "because", None)
        if not callable(because):
            return [spoken(self.views.names[at])] * len(told.rows)
        said = list(because(told.choices, told.rows, told.items))
        if len(said) != len(told.rows):
            raise ContractError(
                f"level {self.views.names[at]!r}: because returned {len(said):,} texts for "
                f"{len(told.rows):,} pairs of a row and an item; it takes one for each."
            )
        return [printable(str(text)) for text in said]

    def _now(self, told: Told, at: Ints) -> Bools:
        """Whether the levels were fitted within the week before a row's moment."""
        out: Bools = told.choices.moments[told.rows[at]] < self.as_of + WEEK
        return out


def _visits_with(told: Told) -> tuple[Ints, Ints, Ints]:
    """How many of a row's visits (p,) hold the item, and the start of the first and the last."""
    choices, width = told.choices, np.int64(max(told.choices.n_items, 1))
    asked, back = np.unique(told.rows * width + told.items, return_inverse=True)
    key = choices.row * width + choices.item
    place = np.minimum(np.searchsorted(asked, key), len(asked) - 1)
    hit = np.flatnonzero(asked[place] == key)
    place, time = place[hit], choices.time[hit].astype(np.int64)
    first, last = np.zeros(len(asked), np.int64), np.zeros(len(asked), np.int64)
    last[place] = time  # oldest first: the last one stays
    first[place[::-1]] = time[::-1]
    count = np.bincount(place, minlength=len(asked))
    return count[back], first[back], last[back]


def _source(level: Any, told: Told) -> Ints:
    """The own item (p,) from which a level of neighbours reads most of each item."""
    query, table = level.asked(told.choices).tocsr(), level.table.tocsr()
    starts, sizes = query.indptr[told.rows], np.diff(query.indptr)[told.rows]
    bounds = np.append(0, np.cumsum(sizes))
    at = np.repeat(starts - bounds[:-1], sizes) + np.arange(bounds[-1])
    own = query.indices[at]
    says = query.data[at] * np.asarray(table[own, np.repeat(told.items, sizes)]).ravel()
    most = np.repeat(np.maximum.reduceat(says, bounds[:-1]), sizes)
    first = np.flatnonzero(says == most)
    pair = np.repeat(np.arange(len(sizes)), sizes)[first]
    out: Ints = own[first[np.searchsorted(pair, np.arange(len(sizes)))]].astype(np.int64)
    return out


def _ahead(level: Any) -> bool:
    """Whether a level counts what comes after a choice most."""
    return max(getattr(level, "backward", 1.0), getattr(level, "together", 1.0)) < 1


def _weekly(level: Any) -> bool:
    """Whether a level's half-life is about a week."""
    half_life = getattr(
        level, "half_life", getattr(getattr(level, "base", None), "half_life", None)
    )
    if not isinstance(half_life, np.timedelta64):
        return False
    low, high = NEAR_A_WEEK
    return bool(low <= half_life.astype("timedelta64[us]").astype(np.int64) <= high)
