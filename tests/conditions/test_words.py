import pytest

from onefold.conditions import words


@pytest.mark.parametrize(
    ("op", "value", "english", "code"),
    [
        ("==", "a'b", 'x is "a\'b"', "trait('x') == \"a'b\""),
        ("!=", 0.1, "x is not 0.1", "trait('x') != 0.1"),
        ("<", 1e6, "x is below 1,000,000", "trait('x') < 1000000.0"),
        (">=", -2.0, "x is at least -2", "trait('x') >= -2.0"),
        ("in", (1, 2), "x is one of 1, 2", "trait('x').isin([1, 2])"),
        ("between", (1, 2.5), "x is between 1 and 2.5", "trait('x').between(1, 2.5)"),
        ("known", None, "x is known", "trait('x').known()"),
    ],
)
def test_words(op, value, english, code):
    assert words.english("x", None, op, value) == english
    assert words.code("x", None, op, value) == code
