"""Records that are good, records that were tampered with, and plain rubbish."""

import contextlib
import json
from typing import Any

from hypothesis import strategies as st

from onefold import readers

AMOUNTS: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 19.99, -3, "4.90", "NaN", "inf", "1e400", 10**30, 1e308, True, None, "", "x", [], {}]
)
LONG = "x" * 1_000_000
ODD = st.one_of(
    AMOUNTS,
    st.sampled_from([LONG, "\ud800", "\x00", "  ", "\u202e", "2024-02-30T00:00:00Z", "9999-12-31"]),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
BOMB = "[" * 100_000
JSON_FORMATS = ("segment", "cloudevents", "ga4")


def examples(name: str) -> list[str]:
    """The lines of a format's example."""
    return readers.example(name).read_text(encoding="utf-8").splitlines()


def documents(name: str) -> list[Any]:
    """The documents of a format's example that can be read."""
    out = []
    for line in examples(name):
        with contextlib.suppress(ValueError):
            out.append(json.loads(line))
    return out


@st.composite
def tampered(draw: st.DrawFn, name: str) -> Any:
    """A good record in which some values, at any depth, are something odd, or gone."""
    held = json.loads(json.dumps(draw(st.sampled_from(documents(name)))))
    for _ in range(draw(st.integers(0, 3))):
        spot = held
        while True:
            keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(spot[key], (dict, list)) and draw(st.booleans()):
                spot = spot[key]
                continue
            if draw(st.booleans()):
                spot[key] = draw(ODD)
            else:
                del spot[key]
            break
    return held


@st.composite
def cut(draw: st.DrawFn, name: str) -> str | bytes:
    """A line with a piece of it replaced by something else."""
    line = draw(st.sampled_from(examples(name)))
    a, b = sorted(draw(st.tuples(*[st.integers(0, len(line))] * 2)))
    changed = line[:a] + draw(st.text(max_size=4)) + line[b:]
    if draw(st.booleans()):
        return changed
    raw = changed.encode("utf-8", "surrogatepass")
    return raw[:a] + draw(st.binary(max_size=4)) + raw[a:]


def lines(name: str) -> st.SearchStrategy[Any]:
    """Lines, or dictionaries where the format has such, of every sort."""
    some: list[st.SearchStrategy[Any]] = [
        st.sampled_from(examples(name)),
        cut(name),
        st.text(max_size=30),
        st.binary(max_size=30),
        JSON.map(json.dumps),
    ]
    if name in JSON_FORMATS:
        some += [
            tampered(name),
            tampered(name).map(lambda held: json.dumps(held, ensure_ascii=False)),
            st.just(BOMB),
            JSON,
        ]
    return st.one_of(some)
