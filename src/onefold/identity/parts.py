"""Parts: what the live graph of identifiers consists of.

A *lump* is a component, a *group* a customer, and a *bundle* what came together:

    {ann, c1, c2} seen together, {ben, c2} too    one lump of ann, ben, c1, c2; at least two groups
"""

from typing import TypeAlias, final

from onefold.identity.graph import LATE
from onefold.identity.settle import Crowd

Order: TypeAlias = tuple[bool, int, int, bool, int, int, tuple[int, str], tuple[int, str], int, int]


@final
class Edge:
    """Two nodes that were seen together; `a` is the stronger one."""

    __slots__ = ("a", "b", "first", "key", "last", "login", "sure")

    def __init__(self, a: int, b: int, sure: bool) -> None:
        self.a, self.b, self.sure = a, b, sure
        self.key: Order | None = None  # its place among those of its component, if that is known
        self.first, self.last, self.login = LATE, -LATE, False


@final
class Group:
    """The nodes of one customer."""

    __slots__ = ("anchor", "count", "crowds", "foes", "members", "name", "once")

    def __init__(self, members: list[int], count: int, anchor: int) -> None:
        self.members, self.count, self.anchor = members, count, anchor
        self.once = 0  # of how many cores each type is that counts once for a core
        self.foes: list[int] = []
        self.crowds: dict[int, Crowd] = {}
        self.name: str | None = None


@final
class Lump:
    """The nodes of one component, and whether weak links have a part in it.

    `order` are its edges, the most credible first, once they were settled one by one.
    """

    __slots__ = ("members", "order", "weak")

    def __init__(self, members: list[int], weak: bool = False) -> None:
        self.members, self.weak = members, weak
        self.order: list[Order] | None = None


@final
class Bundle:
    """Identifiers that came together at events of one kind, the strongest first."""

    __slots__ = ("edges", "first", "last", "login", "logout", "nodes", "tells")

    def __init__(self, nodes: tuple[int, ...], tells: bool, login: bool, logout: bool) -> None:
        self.nodes, self.tells, self.login, self.logout = nodes, tells, login, logout
        self.first, self.last = LATE, -LATE
        self.edges: list[Edge] | None = None
