"""The peers, one file each: a name, a grid of settings, and `lists`.

All see the same columns. None is a straw man: each follows its paper or package, with a grid of
8 to 75 points around what its authors use; the best on an earlier split is taken.
"""

from types import ModuleType

from accuracy.peers import (
    als,
    ease,
    item_item,
    personal,
    popularity,
    tifu_knn,
    transitions,
    up_cf,
)

PEERS: dict[str, ModuleType] = {
    "popularity": popularity,
    "personal": personal,
    "tifu_knn": tifu_knn,
    "up_cf": up_cf,
    "ease": ease,
    "transitions": transitions,
    "item_item": item_item,
    "als": als,
}
