from typing import Any

import numpy as np
import pytest

import onefold as of
from onefold.errors import ArgumentError
from onefold.ladders.curve import told
from onefold.levels import Everyone, Individual
from tests.scoring.shops import simulated


@pytest.fixture(scope="module")
def made() -> of.Recovery:
    levels = (Everyone(), Individual("180D", name="long"), Individual(decay=0.5, name="short"))
    scorers = {"as it is": of.Scorer(levels=levels), "ready": of.Scorer(levels=levels, changes=0.5)}
    return of.recovery(simulated(), as_of="2025-06-01", scorer=scorers, draws=200, rng=5)


def test_what_is_shown(made: of.Recovery) -> None:
    said, html = repr(made), made._repr_html_()
    row = made.table.query("scorer == 'ready' and visits == 3 and metric == 'NDCG'").iloc[0]
    cells = f"{100 * row['recovery']:.0f} % [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
    for text in (said, html):
        assert f"{made.customers:,} customers who chose something from 2025-06-01" in text
        assert "percentile bootstrap over customers, 200 draws" in text
        assert "Without a change" in text
        assert cells in text
        assert f"{row['own']:.4f}" in text
    assert row["recovery"] == pytest.approx(row["spliced"] / row["own"])
    assert row["low"] < row["recovery"] < row["high"]


def test_the_price_is_paired(made: of.Recovery) -> None:
    price = made.price.query("metric == 'NDCG'").set_index("scorer")
    found = made.compare("ready", "as it is", draws=200)
    assert price.loc["ready", "difference"] == pytest.approx(float(found.estimate))
    assert price.loc["ready", "whole"] - price.loc["as it is", "whole"] == pytest.approx(
        price.loc["ready", "difference"]
    )
    assert price.loc["as it is", ["difference", "low", "high"]].tolist() == [0, 0, 0]


def test_the_frame_is_a_copy(made: of.Recovery) -> None:
    frame = made.to_pandas()
    frame.loc[:, "recovery"] = 0.0
    assert (made.table["recovery"] != 0).any()
    with pytest.raises(ValueError, match="read-only"):
        made.changed[0] = 0


def test_it_comes_back(made: of.Recovery, tmp_path: Any) -> None:
    of.save(made, tmp_path / "found.onefold")
    back = of.load(tmp_path / "found.onefold")
    assert repr(back) == repr(made)
    again = back.compare("ready", "as it is", visits=1, rng=1)
    assert again == made.compare("ready", "as it is", visits=1, rng=1)


def test_where_nobody_has_so_many_visits_it_says_no_data() -> None:
    steady, changed = np.full((5, 1, 2, 2), 0.5), np.full((5, 1, 2, 2, 2), np.nan)
    changed[:, :, 0] = 0.25
    made = told(
        ["scorer"],
        [1, 9],
        steady,
        changed,
        as_of=np.datetime64("2025-01-01", "us"),
        until=np.datetime64("2025-02-01", "us"),
        n=10,
        items=7,
        draws=100,
        rng=np.random.default_rng(1),
    )
    assert made.table["customers"].tolist() == [5, 5, 0, 0]
    assert made.table["recovery"].tolist()[:2] == [1, 1]
    assert np.isnan(made.table["recovery"].tolist()[2:]).all()
    assert "no data" in repr(made)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"upper": "nobody"}, "Recovery.compare: upper is 'nobody'"),
        ({"lower": "nobody"}, "Recovery.compare: lower is 'nobody'"),
        ({"metric": "auc"}, "Recovery.compare: metric is 'auc'"),
        ({"visits": 4}, "Recovery.compare: visits is 4"),
        ({"draws": 3}, "draws"),
        ({"rng": "x"}, "rng"),
    ],
)
def test_bad_arguments_are_named(made: of.Recovery, how: dict, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        made.compare(**({"upper": "ready", "lower": "as it is"} | how))


def test_the_picture_names_each_line(made: of.Recovery) -> None:
    pytest.importorskip("matplotlib")
    axes = made.plot()
    texts = " ".join(t.get_text() for t in axes.texts)
    for name in made.scorers:
        assert name in texts
    held = made.table.query("scorer == 'as it is' and metric == 'NDCG'")
    drawn = [line.get_ydata() for line in axes.lines]
    assert any(np.allclose(y, 100 * held["recovery"]) for y in drawn if len(y) == len(held))
    given = axes.figure.add_subplot()
    assert made.plot(given) is given
