"""Values that programs write where an id is missing: they name nobody.

A default, a failed join or a test form leaves the same few words in every system, and whoever
takes them for ids makes one huge customer of everybody they were written for:

    "null", "undefined", "00000000-0000-0000-0000-000000000000", "(not set)", "[object Object]"

The words are those that others refuse by default too: Segment (`^[0-]*$`), Mixpanel (its list
of invalid ids), PostHog (its list of illegal ones), AWS HealthLake (its filter of placeholders),
Google Analytics ("(not set)", "(other)"), and what pandas, SQL and JavaScript print for nothing.
"""

import re

# In small letters; they stand for themselves in any case.
WORDS = (
    # what languages print for nothing
    *("null", "none", "nil", "nan", "nat", "na", "n/a", "#n/a", "<na>", "\\n", "undefined"),
    *("(null)", "<null>", "[null]", "[]", '""', "''", "true", "false", "inf", "-inf", "-1"),
    *("unknown", "unspecified", "undetermined", "unassigned", "missing", "empty", "blank"),
    *("not set", "not_set", "(not set)", "(none)", "(other)", "not provided", "(not provided)"),
    *("not available", "not applicable", "no value", "default", "placeholder", "pending", "tbd"),
    # nobody in particular
    *("anon", "anonymous", "anonymous user", "anonymous_user", "guest", "guest user", "guest_user"),
    *("visitor", "nobody", "not authenticated", "not_authenticated", "unauthenticated"),
    *("not logged in", "not_logged_in", "deleted", "[deleted]", "deleted user", "deleted_user"),
    *("removed", "[removed]", "redacted", "[redacted]"),
    # somebody trying things out
    *("test", "testing", "test user", "test_user", "testuser", "dummy", "sample", "temp", "tmp"),
    *("asdf", "qwerty"),
    # the name of the field in place of its value
    *("id", "uuid", "user_id", "userid", "user id", "customer_id", "customerid", "distinct_id"),
    *("distinctid", "anonymous_id", "anonymousid", "email", "e-mail", "phone"),
)
# Patterns of Python's `re`, for the whole value in any case.
SHAPES = (
    r"[0\-_.:{}\s]*",  # zeros, dashes, nothing; the UUID of zeros, as Apple's advertising id
    r"f{8}-?f{4}-?f{4}-?f{4}-?f{12}",  # the last UUID
    r"\[object [a-z]{1,20}\]",
    r"x{3,8}|[?*#.\-/_]{1,8}",
)
PLACEHOLDERS = (*map(re.escape, WORDS), *SHAPES)
