"""Live: one customer on a site, click by click.

A `Live` holds what the scorer has to know of one customer, some kilobytes, and takes the next
event in a microsecond or two. Its list is that of the whole profile, save that segment and
persona stay those of the profile it began with:

    scorer.live(profile).after(event).rank(10)  ==  scorer.rank(profile.after(event), 10)
                                                    with the groups of `profile`
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, final

import attrs
import numpy as np

from onefold import _time
from onefold._check import whole
from onefold._random import hash64, mix64
from onefold._types import Array, Codes, Ints, Strings
from onefold.errors import ArgumentError
from onefold.events.event import Event
from onefold.levels.protocol import Choices
from onefold.profiles import Profile
from onefold.scoring.plan import compiled
from onefold.scoring.rank import Ranking, ranking, why_short
from onefold.scoring.wanted import refuse_conditions

if TYPE_CHECKING:
    from onefold.scoring.fitted import FittedScorer

NOBODY = np.zeros(0, dtype=np.int32)  # no item is left out


@final
class Live:
    """One customer as the scorer sees them now; made by `FittedScorer.live`.

    A value: `after` returns another one, and what it was made of stays as it was.
    """

    __slots__ = ("_before", "_event", "_root", "_state", "_whole")

    def __init__(
        self, root: "_Root", before: "Live | None", event: Event | None, state: "_State | None"
    ) -> None:
        self._root, self._before, self._event, self._state = root, before, event, state
        self._whole = root.profile if before is None else None

    @classmethod
    def of(cls, scorer: "FittedScorer", profile: Profile) -> "Live":
        """The customer of a profile, as a scorer sees them."""
        choices = scorer.groups.choices(profile.table, scorer.items, scorer.settings.target)
        columns = tuple(int(column[0]) for column in scorer.views.group_columns(choices))
        customer = np.array([profile.id], dtype=object)
        root = _Root(scorer, profile, choices.groups, columns, customer, _keys(profile))
        return cls(root, None, None, _State.of(choices))

    @property
    def customer(self) -> str:
        """The customer's id."""
        return self._root.profile.id

    def after(self, event: Event) -> "Live":
        """The same customer, one event later.

        Args:
            event: An event of this customer. One that came before, by its id, changes nothing; a
                late one finds its place.

        Raises:
            ArgumentError: If it is no event, or another customer's.
        """
        if not isinstance(event, Event):
            raise ArgumentError(
                f"Live.after: event is a {type(event).__name__}; make one: "
                f"onefold.Event({self.customer!r}, kind, time, item=...)."
            )
        if event.customer != self._root.profile.id:
            raise ArgumentError(
                f"Live.after: the event is of customer {event.customer!r}, and this is "
                f"{self.customer!r}. Take scorer.live(profiles[{event.customer!r}])."
            )
        return Live(self._root, self, event, None)

    def rank(
        self,
        n: int = 10,
        *,
        among: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        repeats: bool = True,
    ) -> Ranking:
        """The n most probable next choices, best first, as `FittedScorer.rank`.

        Args:
            n: Length of the list.
            among: Ids to choose from; others are left out. Unknown ones are passed over.
            exclude: Ids that may not be chosen.
            repeats: Whether items that the customer has chosen before may be.

        Raises:
            ArgumentError: If an argument is wrong.
        """
        root, scorer = self._root, self._root.scorer
        n = whole(n, "Live.rank: n")
        refuse_conditions("Live.rank", among=among, exclude=exclude)
        if not isinstance(repeats, (bool, np.bool_)):
            raise ArgumentError(f"Live.rank: repeats is {repeats!r}; True or False.")
        if compiled() is None or scorer._plan.others or scorer.groups.turning is not None:
            return self._slowly(n, among, exclude, bool(repeats))
        state = self._known()
        moment = np.int64(state.moment).view("datetime64[us]")
        out, left = NOBODY, exclude
        if among is None and exclude is not None:  # left out of a longer list: no mask is made
            out, left = scorer._known(exclude, "exclude"), None
        allowed = scorer._allowed_at(moment, among, left)
        codes, scores, count = scorer._plan.one(
            state.cells(),
            root.columns,
            min(n + len(out), len(scorer.items)),
            allowed=allowed,
            repeats=bool(repeats),
        )
        kept = slice(count) if not len(out) else np.flatnonzero(~np.isin(codes[0, :count], out))[:n]
        found = codes[0, kept]
        return Ranking(
            root.customers,
            np.array([0, len(found)]),
            found.copy(),
            scores[0, kept].copy(),
            scorer.items,
            n,
            why_short(among, exclude, bool(repeats)),
        )

    def _slowly(
        self, n: int, among: Iterable[str] | None, exclude: Iterable[str] | None, repeats: bool
    ) -> Ranking:
        """The same list from the whole profile: without the kernel, or for levels it lacks."""
        root, scorer = self._root, self._root.scorer
        profile = self._profile()
        groups = scorer.groups
        if groups.turning is None:  # who is in which group is not asked again
            found = groups.plain(profile.table, scorer.items, scorer.settings.target)
        else:
            found = groups.choices(profile.table, scorer.items, scorer.settings.target)
        choices = attrs.evolve(found, groups=root.groups, names=groups.named)
        allowed = scorer._allowed_at(profile.as_of, among, exclude)
        lists = scorer._lists(choices, n, allowed=allowed, repeats=repeats)
        reason = why_short(among, exclude, repeats)
        return ranking(root.customers, lists, scorer.items, n, reason)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that are held of this customer."""
        return self._known().nbytes

    def __repr__(self) -> str:
        state = self._known()
        moment = _time.show(np.int64(state.moment).view("datetime64[us]"))
        return f"Live({self.customer!r}, {state.visits:,} visits, as of {moment} UTC)"

    def _pending(self) -> tuple["Live", list[Event]]:
        """The last one whose state is known, and the events since."""
        events: list[Event] = []
        at = self
        while at._state is None:  # single events, that came one by one
            assert at._before is not None
            assert at._event is not None
            events.append(at._event)
            at = at._before
        return at, events[::-1]

    def _known(self) -> "_State":
        if self._state is None:
            at, events = self._pending()
            assert at._state is not None
            state: _State | None = at._state
            for event in events:
                state = None if state is None else state.after(event, self._root)
            self._state = self._anew() if state is None else state
        return self._state

    def _anew(self) -> "_State":
        """The state told from the whole: after late events, or the basket of an earlier visit."""
        scorer, profile = self._root.scorer, self._profile()
        found = _State.of(scorer.groups.plain(profile.table, scorer.items, scorer.settings.target))
        ids = frozenset((e.source, e.id) for e in self._events() if e.id is not None)
        return attrs.evolve(found, ids=ids)

    def _events(self) -> list[Event]:
        """All events since the beginning."""
        events: list[Event] = []
        at: Live | None = self
        while at is not None and at._event is not None:
            events.append(at._event)
            at = at._before
        return events[::-1]

    def _profile(self) -> Profile:
        """The whole profile, with the events since; kept, for the next click stands on it."""
        waiting: list[Live] = []
        at = self
        while at._whole is None:  # single events, that came one by one
            assert at._before is not None
            waiting.append(at)
            at = at._before
        profile = at._whole
        for live in waiting[::-1]:
            assert live._event is not None
            profile = live._whole = profile.after(live._event)
        return profile


@attrs.frozen(eq=False)
class _Root:
    """What stays of a customer, whatever happens."""

    scorer: "FittedScorer"
    profile: Profile
    groups: Mapping[str, Codes]
    columns: tuple[int, ...]  # the same, by shared level
    customers: Strings
    keys: Any  # sorted keys of the events with an id


@attrs.frozen(eq=False)
class _State:
    """The choices of one customer: items, visits and their start, oldest first."""

    item: Array
    visit: Array
    time: Array
    visits: int
    moment: int
    last: int | None  # instant of the latest choice, None for none
    basket: str | None  # of the latest choice
    baskets: frozenset[str]  # of all choices
    now: frozenset[int]  # items of the last visit
    opened: int | None  # when that began; None for a visit without a known item
    ids: frozenset[tuple[str | None, str]]  # of the events since

    @classmethod
    def of(cls, choices: Choices) -> "_State":
        """The state of a single row."""
        h = choices.history.where(choices.target)
        baskets = [h.baskets[int(code)] for code in np.unique(h.basket[h.basket >= 0])]
        latest = int(h.basket[-1]) if len(h.basket) else -1
        time = choices.time.view(np.int64)
        here = choices.age == 0
        return cls(
            item=choices.item,
            visit=(choices.visits[0] - 1 - choices.age).astype(np.int32),
            time=time,
            visits=int(choices.visits[0]),
            moment=int(choices.moments.view(np.int64)[0]),
            last=int(h.time[-1].astype(np.int64)) if len(h.time) else None,
            basket=h.baskets[latest] if latest >= 0 else None,
            baskets=frozenset(baskets),
            now=frozenset(choices.item[here].tolist()),
            opened=int(time[-1]) if here.any() else None,
            ids=frozenset(),
        )

    def after(self, event: Event, root: _Root) -> "_State | None":
        """The state after one more event; None if that can't be told from the state alone."""
        target = root.scorer.settings.target
        at = int(event.time.astype(np.int64))
        ids = self.ids
        if event.id is not None:
            name = (event.source, event.id)
            if name in ids or _is_known(name, root.keys):
                return None  # which of the deliveries stays is told from the whole
            ids = ids | {name}
        moment = max(self.moment, at + 1)
        if event.event != target:
            return attrs.evolve(self, moment=moment, ids=ids)
        if not self._is_next(event, at):
            return None
        same = at == self.last if event.basket is None else event.basket == self.basket
        visits, opened, now = (
            (self.visits, self.opened, self.now) if same else (self.visits + 1, at, frozenset())
        )
        if opened is None:
            return None  # a visit of which nothing is known but that it was
        code = -1 if event.item is None else root.scorer.items.code(event.item)
        new = code >= 0 and code not in now
        return _State(
            item=np.append(self.item, np.int32(code)) if new else self.item,
            visit=np.append(self.visit, np.int32(visits - 1)) if new else self.visit,
            time=np.append(self.time, np.int64(opened)) if new else self.time,
            visits=visits,
            moment=moment,
            last=at,
            basket=event.basket,
            baskets=self.baskets if event.basket is None else self.baskets | {event.basket},
            now=now | {code} if new else now,
            opened=opened,
            ids=ids,
        )

    def _is_next(self, event: Event, at: int) -> bool:
        """Whether a choice goes on with the last visit, or surely begins another one."""
        if self.last is None or at > self.last:
            return event.basket == self.basket or event.basket not in self.baskets
        return at == self.last and event.basket == self.basket

    def cells(self) -> tuple[Array, ...]:
        """The one row, as the kernel reads it."""
        return (
            np.array([0, len(self.item)]),
            self.item,
            (self.visits - 1 - self.visit).astype(np.int64),
            self.time,
            np.array([self.visits]),
            np.array([self.moment]),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return int(self.item.nbytes + self.visit.nbytes + self.time.nbytes)


def _keys(profile: Profile) -> Ints:
    events = profile.ledger.events
    keys: Ints = np.sort(events.array("key")[events.array("has_id")])
    return keys


def _is_known(name: tuple[str | None, str], keys: Any) -> bool:
    """Whether an event with this source and id is among those that were known at first."""
    if not len(keys):
        return False
    source, said = name
    held = np.zeros(1, dtype=np.uint64) if source is None else hash64([source])
    key = mix64(held, hash64([said]))[0]
    at = int(np.searchsorted(keys, key))
    return at < len(keys) and keys[at] == key
