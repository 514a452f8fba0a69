"""Readers: the formats in which people really have their events.

Each takes a file, several, lines or dictionaries, and gives a `Read`: a log that can be folded
at once, and an account of every record that is not in it. Bad records are counted and returned,
never dropped in silence; a file that is not of the format at all is refused.

    read = readers.segment("calls.jsonl.gz")
    profiles = of.fold(read.log)
"""

from onefold.readers.access_lines import ACCESS_KINDS, access_log
from onefold.readers.chunks import chunks
from onefold.readers.cloud_events import CLOUDEVENTS_FIELDS, CLOUDEVENTS_KINDS, cloudevents
from onefold.readers.csv_table import csv
from onefold.readers.example_files import example
from onefold.readers.ga4_export import GA4_KINDS, ga4
from onefold.readers.read import Read
from onefold.readers.segment_calls import SEGMENT_KINDS, segment
from onefold.readers.snowplow_events import SNOWPLOW_KINDS, snowplow

__all__ = [
    "ACCESS_KINDS",
    "CLOUDEVENTS_FIELDS",
    "CLOUDEVENTS_KINDS",
    "GA4_KINDS",
    "SEGMENT_KINDS",
    "SNOWPLOW_KINDS",
    "Read",
    "access_log",
    "chunks",
    "cloudevents",
    "csv",
    "example",
    "ga4",
    "segment",
    "snowplow",
]
