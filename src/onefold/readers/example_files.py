"""Example files, one for each format: small, invented, with some bad rows on purpose."""

from pathlib import Path

from onefold._check import one_of

FILES = {
    "access_log": "access.log",
    "cloudevents": "cloudevents.jsonl",
    "csv": "events.csv",
    "ga4": "ga4.jsonl",
    "segment": "segment.jsonl",
    "snowplow": "snowplow.tsv",
}


def example(of: str) -> Path:
    """The path of the example of a format; all of them tell of the same few customers.

    Args:
        of: Name of a reader, such as "segment".

    Returns:
        The path of a file that lies in this package.

    Raises:
        ArgumentError: If there is no such reader.

    Examples:
        >>> from onefold import readers
        >>> readers.example("segment").name
        'segment.jsonl'
    """
    one_of(of, tuple(FILES), "readers.example: of")
    return Path(__file__).parent / "examples" / FILES[of]
