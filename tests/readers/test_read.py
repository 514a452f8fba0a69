"""What a reader gives back, as people see it."""

import pickle

import pandas as pd

from onefold import readers
from onefold.events import EventLog


def test_counts_by_reason() -> None:
    read = readers.segment(readers.example("segment"))
    text = repr(read)
    assert text.startswith(
        "Read(segment: 14 records: 9 accepted, 1 skipped, 4 rejected)\nEventLog("
    )
    for reason in [*read.reasons, *read.skipped]:
        assert reason in text and reason.replace("'", "&#x27;") in read._repr_html_()


def test_a_clean_file_says_so_in_a_line_or_two() -> None:
    read = readers.segment(readers.example("segment").read_text().splitlines()[:5])
    assert len(repr(read).splitlines()) == 2
    assert "not in the log" not in read._repr_html_()


def test_many_reasons_are_summed_up() -> None:
    skipped = {f"reason {i}": 1 for i in range(30)}
    none = pd.DataFrame({"file": [], "row": [], "reason": [], "text": []})
    read = readers.Read("x", EventLog.from_events([]), 0, skipped, none, {})
    assert "18 more reasons" in repr(read) and len(read) == 30


def test_markup_is_escaped() -> None:
    line = '{"type":"track","event":"<b>","userId":"u","timestamp":"2024-03-01T00:00Z"}'
    read = readers.segment([line], kinds={"<b>": None})
    assert "<b>" not in read._repr_html_() and "&lt;b&gt;" in read._repr_html_()


def test_it_can_be_pickled() -> None:
    read = readers.segment(readers.example("segment"))
    again = pickle.loads(pickle.dumps(read))
    assert again.log == read.log and again.skipped == read.skipped
