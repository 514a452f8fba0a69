"""Whose: the customer of one event, as `attribution` has it, by what is near it in time.

Of a shared identifier the instants at which it was seen are kept in order, from when it is first
asked about, so that one looks only a few steps back:

    tablet: login of ann 9:00, view 9:05        back from 9:05 to 9:00: ann
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import final

import numpy as np

from onefold.identity.live import Graph
from onefold.identity.parts import Bundle
from onefold.identity.people import SHARED, named


@final
class Timelines:
    """When each shared identifier that was asked about was seen, and with what."""

    __slots__ = ("_graph", "_held", "_pause", "_rule", "_times")

    def __init__(self, graph: Graph, times: Callable[[Bundle], Iterable[int]]) -> None:
        self._graph, self._times = graph, times
        self._held: dict[int, tuple[list[int], list[Bundle]]] = {}
        self._rule = graph.policy.attribution
        self._pause = int(graph.policy.session / np.timedelta64(1, "us"))

    def add(self, bundle: Bundle, time: int) -> None:
        """Take in that a bundle was seen at an instant."""
        for node in bundle.nodes:
            if node in self._held:
                times, bundles = self._held[node]
                at = bisect_right(times, time)
                times.insert(at, time)
                bundles.insert(at, bundle)

    def whose(self, bundle: Bundle, time: int) -> str:
        """The id of the customer of an event."""
        graph = self._graph
        best = self._best(bundle)
        if best is not None:
            return graph.id(best)
        node, found = bundle.nodes[0], None
        if self._rule == "last_login":
            found = self._before(node, time)
        elif self._rule == "session":
            found = self._in_session(node, time)
        if found is not None:
            return graph.id(found)
        kind, value = graph.identifier(node)
        return named(kind, [value], key=graph.policy.key, kind=SHARED)[0]

    def _best(self, bundle: Bundle) -> int | None:
        """The strongest identifier that is nobody else's."""
        contested = self._graph.contested
        for node in bundle.nodes:
            if not contested[node]:
                return node
        return None

    def _claim(self, bundle: Bundle, node: int) -> int | None:
        """Who is there with a shared identifier, as a bundle says."""
        best = self._best(bundle)
        kind = self._graph.type
        if best is None or not bundle.tells or bundle.logout or kind[best] >= kind[node]:
            return None
        return best

    def _ends(self, bundle: Bundle, node: int) -> bool:
        """Whether nobody is there any more."""
        return bundle.logout and not (bundle.nodes[0] == node and self._best(bundle) is None)

    def _line(self, node: int) -> tuple[list[int], list[Bundle]]:
        if node not in self._held:
            held = [(t, b) for b in self._graph.bundles[node] for t in self._times(b)]
            held.sort(key=lambda pair: pair[0])
            self._held[node] = [t for t, _ in held], [b for _, b in held]
        return self._held[node]

    def _before(self, node: int, time: int) -> int | None:
        """Who was seen last at or before an instant."""
        times, bundles = self._line(node)
        at = bisect_right(times, time)
        while at > 0:
            start = at
            while start > 0 and times[start - 1] == times[at - 1]:
                start -= 1
            if any(self._ends(b, node) for b in bundles[start:at]):
                return None
            claims = self._claims(bundles[start:at], node)
            if claims:
                return claims[0]
            at = start
        return None

    def _in_session(self, node: int, time: int) -> int | None:
        """Who was seen last in the session of an instant, or else is seen next in it."""
        times, bundles = self._line(node)
        at = stop = bisect_right(times, time)
        later = time
        while at > 0 and later - times[at - 1] < self._pause:
            later = times[at - 1]
            start = at
            while start > 0 and times[start - 1] == later:
                start -= 1
            if any(self._ends(b, node) for b in bundles[start:at]):
                break
            claims = self._claims(bundles[start:at], node)
            if claims:
                return claims[0]
            at = start
        earlier, at = time, stop
        while at < len(times) and times[at] - earlier < self._pause:
            earlier = times[at]
            end = bisect_right(times, earlier, at)
            claims = self._claims(bundles[at:end], node)
            if claims:
                return claims[-1]
            if any(self._ends(b, node) for b in bundles[at:end]):
                break
            at = end
        return None

    def _claims(self, bundles: Iterable[Bundle], node: int) -> list[int]:
        """Who is there by some bundles of one instant, the strongest first."""
        held = {self._claim(b, node) for b in bundles} - {None}
        return sorted((n for n in held if n is not None), key=self._graph.key.__getitem__)
