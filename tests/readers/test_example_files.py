"""The example files: there, small, invented, and with bad rows on purpose."""

import pytest

from onefold import readers
from onefold.errors import ArgumentError
from onefold.readers.example_files import FILES


@pytest.mark.parametrize("name", sorted(FILES))
def test_examples(name: str) -> None:
    path = readers.example(name)
    assert path.is_file() and path.stat().st_size < 10_000


def test_every_file_has_a_name() -> None:
    folder = readers.example("csv").parent
    assert {path.name for path in folder.iterdir() if path.suffix != ".py"} == set(FILES.values())


def test_no_such_example() -> None:
    with pytest.raises(ArgumentError, match=r"readers.example: of is 'segmant'.*'segment'"):
        readers.example("segmant")
