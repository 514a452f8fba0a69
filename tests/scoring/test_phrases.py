import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import onefold as of
from onefold._vocab import Vocab
from onefold.scoring.phrases import LONG, Story, members, named, often, sentence, whole_percents


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(lambda x: sum(x) > 1e-3))
def test_percents_are_whole_and_add_up(shares: list) -> None:
    held = np.array(shares) / sum(shares)
    found = whole_percents(held)
    assert found.sum() == 100
    assert (np.abs(found - 100 * held) < 1 + 1e-6).all()


def test_the_largest_remainder_is_rounded_up() -> None:
    assert whole_percents(np.array([0.604, 0.236, 0.16])).tolist() == [60, 24, 16]
    assert whole_percents(np.array([1, 1, 1]) / 3).tolist() == [34, 33, 33]


def test_a_sentence_of_shares() -> None:
    stories = [
        Story(0.61, "bought twice", "bought X twice", "who"),
        Story(0.34, "popular with everyone", "popular with everyone", "it is"),
        Story(0.03, "suits champions", "suits champions", "it"),
        Story(0.02, "other", "other"),
    ]
    assert sentence(stories, "you") == (
        "because you bought X twice (61 %); popular with everyone (34 %); and other reasons (5 %)"
    )
    assert sentence(stories[1:2], "they") == "because it is popular with everyone (100 %)"
    assert sentence([stories[1], stories[0]], "they").endswith("; they bought X twice (64 %)")
    assert sentence([], "you") == "nothing speaks for it: its probability is 0"


def test_the_strongest_is_told_however_small() -> None:
    many = [Story(1 / 30, f"r{i}", f"r{i}") for i in range(30)]
    assert sentence(many, "you") == "because r0 (3 %); and other reasons (97 %)"


def test_other_reasons_of_nothing_are_not_told() -> None:
    two = [Story(0.998, "a", "a"), Story(0.002, "b", "b")]
    assert sentence(two, "you") == "because a (100 %)"


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ((1, 12, 0), "bought once, 12 days ago"),
        ((2, 1, 0), "bought twice, last 1 day ago"),
        ((1234, 0, 1), "bought 1,234 times, last less than a day ago, about daily"),
        ((3, 1000, 14), "bought 3 times, last 1,000 days ago, about every 14 days"),
    ],
)
def test_how_often_and_how_long_ago(figures: tuple, said: str) -> None:
    assert often("bought", *figures) == said


def test_groups_by_name() -> None:
    assert members("segment", "loyal customers") == "loyal customers"
    assert members("segment", "at risk") == "the segment “at risk”"
    assert members("persona", "10 to 50s") == "the persona “10 to 50s”"
    assert members("segment", "a\x1bss") == "the segment “a\\x1bss”"


def test_items_have_the_catalogues_names() -> None:
    items = Vocab.of(["a", "b", "c", "d"])
    frame = pd.DataFrame(
        {"sku": ["a", "b", "z"], "text": ["Tea\n1", None, "zed"], "name": ["T", None, "Z"]}
    )
    codes = np.array([3, 0, 1, 0])
    assert named(None, items, codes) == ["d", "a", "b", "a"]
    plain = of.Catalog.from_frame(frame, item="sku")
    assert named(plain, items, codes) == ["d", "a", "b", "a"]
    text = of.Catalog.from_frame(frame, item="sku", text="text")
    assert named(text, items, codes) == ["d", "Tea\\n1", "b", "Tea\\n1"]
    both = of.Catalog.from_frame(frame, item="sku", text="text", attributes=["name"])
    assert named(both, items, codes) == ["d", "T", "b", "T"]
    long = of.Catalog.from_frame(
        pd.DataFrame({"sku": ["a"], "text": ["x" * 99]}), item="sku", text="text"
    )
    assert len(named(long, items, np.array([0]))[0]) == LONG
