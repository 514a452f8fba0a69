import numpy as np
import pandas as pd
import pytest

from onefold import Event, EventLog, fold
from onefold.errors import ArgumentError, UnknownName
from onefold.segments import By, segment
from onefold.traits import Count, Latest, Share


@pytest.fixture
def people():
    """Customer i of nine bought i times; some have facts."""
    log = EventLog.from_events(
        [
            Event(f"c{i}", "purchase", f"2024-01-{day:02}", item="tea" if i < 6 else f"item {i}")
            for i in range(1, 10)
            for day in range(1, i + 1)
        ]
    )
    facts = pd.DataFrame(
        {
            "who": [f"c{i}" for i in range(1, 10)],
            "region": ["north", "south", "south", "unknown", "rest", None, "west", "west", "west"],
            "same": [7.0] * 8 + [np.nan],
        }
    )
    told = EventLog.from_facts(facts, customer="who", time="2024-01-01", facts=["region", "same"])
    return fold(log + told)


def sizes(made):
    table = made.assignment.sizes()
    return dict(zip(table["name"], table["customers"], strict=True))


def test_text(people):
    made = segment(people, By("region"))
    assert made.fitted.names == ("west", "south", "north")
    assert sizes(made) == {"west": 3, "south": 2, "north": 1, "rest": 1, "unknown": 2}
    made = segment(people, By("region", most=2))
    assert sizes(made) == {"west": 3, "south": 2, "rest": 2, "unknown": 2}


def test_quarters_and_quantiles(people):
    made = segment(people, By("frequency"))
    assert made.fitted.cuts == (3, 5, 7)
    assert made.fitted.names == (
        "frequency up to 3",
        "frequency 3 to 5",
        "frequency 5 to 7",
        "frequency above 7",
    )
    assert [sizes(made)[name] for name in made.fitted.names] == [3, 2, 2, 2]
    assert segment(people, By("frequency", bins=3)).fitted.cuts == (3, 6)


def test_more_ranges_than_customers(people):
    made = segment(people, By("frequency", bins=50))
    assert made.fitted.cuts == tuple(range(1, 9))
    assert set(sizes(made).values()) == {1}


def test_edges_hold_what_is_up_to_them(people):
    made = segment(people, By("frequency", bins=[2, 4.5]))
    assert sizes(made) == {
        "frequency up to 2": 2,
        "frequency 2 to 4.5": 2,
        "frequency above 4.5": 5,
    }
    assert By("frequency", bins=np.array([2, 4.5])) == By("frequency", bins=[2, 4.5])


def test_names_of_ranges_are_told_apart(people):
    names = segment(people, By("frequency", bins=[1.00001, 1.00002])).fitted.names
    assert names[1] == "frequency 1.00001 to 1.00002"


def test_a_constant_is_one_range(people):
    assert sizes(segment(people, By("same"))) == {"any same": 8, "unknown": 1}


class Size:
    """A trait that says numbers of some and text of others."""

    name = "size"

    def read(self, history, *, as_of):
        said = {1: 1.0, 2: 2.5, 3: 3.0, 5: 1.0, 9: "large"}  # by number of events
        return np.array([said.get(n) for n in history.counts.tolist()], dtype=object)


def test_numbers_among_texts(people):
    made = segment(people, By(Size()))
    assert sizes(made) == {"1": 2, "2.5": 1, "3": 1, "large": 1, "unknown": 4}


def test_labels_and_trait_objects(people):
    assert sizes(segment(people, By(Latest(name="last"), most=1))) == {"tea": 5, "rest": 4}
    assert sizes(segment(people, By(Count("purchase", name="lines"), bins=[5]))) == {
        "lines up to 5": 5,
        "lines above 5": 4,
    }
    assert sizes(segment(people, By(Share("item", name="mix"), "tea", bins=[0.5]))) == {
        "mix: tea up to 0.5": 4,
        "mix: tea above 0.5": 5,
    }


def test_what_is_refused(people):
    with pytest.raises(ArgumentError, match="holds text such as 'north'"):
        segment(people, By("region", bins=3))
    with pytest.raises(UnknownName, match="Did you mean 'region'"):
        segment(people, By("regio"))
    with pytest.raises(ArgumentError, match="nobody of 9 customers has 'monetary'"):
        segment(people, By("monetary"))
    with pytest.raises(ArgumentError, match="name one"):
        segment(people, By("channels"))
    with pytest.raises(ArgumentError, match="leave out label"):
        segment(people, By("recency", "web"))
    with pytest.raises(ArgumentError, match="leave out label"):
        segment(people, By(Count(), "web"))
    for bins in (1, 2.5, "3", [], [2, 1], [1, 1], [0, np.inf], True):
        with pytest.raises(ArgumentError, match="By: bins"):
            By("recency", bins=bins)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="By: most"):
        By("region", most=0)
    with pytest.raises(ArgumentError, match="By: label"):
        By("channels", 3)  # type: ignore[arg-type]
