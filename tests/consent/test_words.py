"""What many texts say at once is what each of them says."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from onefold.consent.words import Said, _read_all, read

WORDS = st.sampled_from(["yes", "no", "Yes", "opt-in", "", "yesno", " yes"])
ENDS = st.sampled_from(
    [
        *("", " until 2027-01-01T00:00:00.000000Z", " until 2027-02-30T00:00:00.000000Z"),
        *(" until 1600-01-01T00:00:00.000000Z", " until 2200-01-01T00:00:00.000000Z"),
        *(" until 2027-01-01", " until 2026-05-04T03:02:01.000009Z", " until never"),
        " until 2026-05-04T03:02:60.000000Z",
    ]
)
SOURCES = st.sampled_from(
    ["", " [source: form]", " [source: a] [source: b]]", " [source: ]", " [source: a\nb]", "]"]
)
TEXTS = st.one_of(st.none(), st.text(max_size=5), st.builds("{}{}{}".format, WORDS, ENDS, SOURCES))


@given(st.lists(TEXTS, max_size=8))
@example(["yes until 2027-02-30T00:00:00.000000Z", "yes until 2027-01-01T00:00:00.000000Z"])
@example(["no until 2027-01-01T00:00:00.000000Z [source: form]"])
def test_many_texts_are_read_as_each(texts: list[str | None]) -> None:
    texts = [t for t in texts if t is None or t.isprintable() or t.isascii()]
    granted, until, sources = _read_all(np.array([*texts, None], dtype=object)[:-1])
    made = [Said(*one) for one in zip(granted.tolist(), until.tolist(), sources, strict=True)]
    nothing = Said(False, np.iinfo(np.int64).max, None)
    assert made == [nothing if text is None else read(text) for text in texts]
