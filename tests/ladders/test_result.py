import numpy as np
import pytest

import onefold as of
from onefold.errors import ArgumentError
from tests.scoring.shops import simulated


@pytest.fixture(scope="module")
def made() -> of.Ladder:
    return of.ladder(simulated(), as_of="2025-06-01", horizon="30D", rng=5)


def test_what_is_shown(made: of.Ladder) -> None:
    said, html = repr(made), made._repr_html_()
    for text in (said, html):
        assert f"{made.customers:,} customers who chose something from 2025-06-01" in text
        assert "not shown" in text
        assert "individual over segment" in text
        assert "percentile bootstrap over customers" in text
    row = made.table[(made.table["rung"] == "individual") & (made.table["items"] == "all")]
    ndcg = row[row["metric"] == "NDCG"].iloc[0]
    assert f"{ndcg['estimate']:.4f} [{ndcg['low']:.4f}, {ndcg['high']:.4f}]" in said


def test_the_frame_is_a_copy(made: of.Ladder) -> None:
    frame = made.to_pandas()
    frame.loc[:, "estimate"] = 0.0
    assert (made.table["estimate"] != 0).any()
    with pytest.raises(ValueError, match="read-only"):
        made.measures[0] = 0


def test_where_nothing_was_measured_it_says_no_data() -> None:
    events = [
        of.Event(f"c{c}", "purchase", f"2025-0{m}-01", item=item, value=1)
        for c in range(5)
        for m, item in ((1, "a"), (2, "b"), (3, "a"))
    ]
    profiles = of.fold(of.EventLog.from_events(events))
    later = profiles.update(of.EventLog.from_events([]), as_of="2025-03-09")
    made = of.ladder(later, as_of="2025-03-01", horizon="7D", rng=1, draws=100)
    assert "no data" in repr(made)  # nobody chose anything new
    assert len(made.by_evidence) == 0  # too few customers in each


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda m: m.step("everyone"), "Ladder.step: no step to 'everyone'"),
        (lambda m: m.step("segment", metric="auc"), "Ladder.step: no step"),
        (lambda m: m.step("segment", items="old"), "Ladder.step: no step"),
        (lambda m: m.compare("nobody", "segment"), "Ladder.compare: upper is 'nobody'"),
        (lambda m: m.compare("segment", "nobody"), "Ladder.compare: lower is 'nobody'"),
        (lambda m: m.compare("segment", "persona", metric="auc"), "Ladder.compare: metric"),
        (lambda m: m.compare("segment", "persona", items="old"), "Ladder.compare: items"),
        (lambda m: m.compare("segment", "persona", draws=3), "draws"),
        (lambda m: m.compare("segment", "persona", rng="x"), "rng"),
    ],
)
def test_bad_arguments_are_named(made: of.Ladder, call, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        call(made)


def test_the_picture_says_what_each_step_shows(made: of.Ladder) -> None:
    pytest.importorskip("matplotlib")
    axes = made.plot()
    texts = [t.get_text() for t in axes.texts]
    for rung in made.rungs[1:]:
        step = made.step(rung)
        assert f"{step['difference']:+.4f}  {step['shown']}" in texts
    assert [t.get_text() for t in axes.get_yticklabels()] == list(made.rungs)
    assert np.isclose(axes.patches[0].get_width(), made.table["estimate"][2])
    given = axes.figure.add_subplot()
    assert made.plot(given) is given
