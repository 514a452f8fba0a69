"""What is written in two ways by one person is written in one way here."""

from typing import Any

import pandas as pd
import pytest

from onefold.errors import ArgumentError, ColumnError
from onefold.events import door
from onefold.identity.records import fields


def cleaned(role: str, values: Any) -> list[str | None]:
    (field,) = fields(door.opened(pd.DataFrame({"x": values}), "call"), {role: "x"})
    assert (field.role, field.column) == (role, "x")
    assert len(field.held) == len(values)
    return field.held.decode().tolist()


@pytest.mark.parametrize(
    ("role", "given", "plain"),
    [
        ("surname", ["  O'Brïen-Smith ", "o’brien smith", None, "", " ", "李", "--"], None),
        ("given_name", ["Ann  Marie", "ANN-MARIE"], ["ann marie"] * 2),
        ("email", [" Ann@X.org", "ann.b+c@x.org"], ["ann@x.org", "ann.b+c@x.org"]),
        ("phone", ["+44 20 7946 0958", "020 7946 0958", "none", "112"], None),
        ("date_of_birth", ["1956-04-09", "1956/04/09"], ["19560409"] * 2),
        ("date_of_birth", [19560409, 19560410], ["19560409", "19560410"]),
        ("date_of_birth", pd.to_datetime(["1956-04-09", None]), ["19560409", None]),
        ("numbers", ["AB 12-34", "ab1234"], ["ab1234"] * 2),
        ("postcode", [4011, 799], ["4011", "799"]),
    ],
)
def test_what_is_compared(role: str, given: Any, plain: list[str | None] | None) -> None:
    if role == "surname":
        plain = ["obrien smith", "obrien smith", None, None, None, "李", None]
    if role == "phone":
        plain = ["079460958", "079460958", None, "112"]
    assert cleaned(role, given) == plain


@pytest.mark.parametrize("role", ["surname", "email", "numbers", "address", "phone"])
def test_hostile_text_is_cut_and_kept_apart(role: str) -> None:
    given = [
        "1" * 1_000_000,
        "\x00a\x07\n",
        "'; DROP TABLE x; --",
        "<b>\U0001f600</b>",
        "\u202eabc",
    ]
    found = cleaned(role, given)
    assert len(found[0] or "") <= 200 and len(found) == 5


def test_roles_of_several_columns() -> None:
    frame = pd.DataFrame({"street": ["a"], "town": ["b"], "id": ["c"]})
    found = fields(door.opened(frame, "call"), {"address": ["street", "town"], "numbers": "id"})
    assert [f.name for f in found] == ["of_address_0", "of_address_1", "of_numbers_0"]
    assert [f.column for f in found] == ["street", "town", "id"]
    assert fields(door.opened(frame, "call"), {"surname": None, "other": ()}) == []


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        ({"surname": ["street"]}, ArgumentError, r"call: surname is \['street'\]"),
        ({"address": 7}, ArgumentError, "call: address is 7"),
        ({"address": ["street", 7]}, ArgumentError, "address= is 7"),
        ({"email": "stret"}, ColumnError, "Did you mean 'street'"),
        ({"numbers": "n"}, ColumnError, r"column 'n' \(numbers=\) holds decimals"),
        ({"other": "yes"}, ColumnError, r"column 'yes' \(other=\) is of type bool"),
    ],
)
def test_what_is_refused(columns: dict[str, Any], error: type[Exception], says: str) -> None:
    frame = pd.DataFrame({"street": ["a"], "n": [1.5], "yes": [True]})
    with pytest.raises(error, match=says):
        fields(door.opened(frame, "call"), columns)
