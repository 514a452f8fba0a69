"""Values that programs write where an id is missing: they name nobody.

A default, a failed join or a test form leaves the same few words in every system, and whoever
takes them for ids makes one huge customer of everybody they were written for:

    "null", "undefined", "00000000-0000-0000-0000-000000000000", "(not set)", "[object Object]"

Patterns of Python's `re`, for the whole value in any case. The words are those that others
refuse by default too: Segment (`^[0-]*$`), Mixpanel (its list of invalid ids), PostHog (its
list of illegal ones), AWS HealthLake (its filter of placeholders), Google Analytics
("(not set)").
"""

PLACEHOLDERS = (
    r"[0\-_.:{}\s]*",  # zeros, dashes, nothing; the UUID of zeros, as Apple's advertising id
    r"-1",
    r"(ffffffff-ffff-ffff-ffff-ffffffffffff|f{32})",  # the last UUID, with dashes or without
    r"(null|none|nil|nan|na|n/a|#n/a|<na>|nat|nul|\\n|\(null\)|<null>|\[null\])",
    r"(undefined|undef|unknown|unspecified|undetermined|unassigned|missing|empty|blank)",
    r"(anon|(anonymous|guest)([ _-]?user)?|visitor|nobody|no user|not[ _-]?logged[ _-]?in)",
    r"(not[ _-]?authenticated|unauthenticated|\(not set\)|not[ _-]?set|\(none\)|\(other\))",
    r"(not available|not applicable|not provided|\(not provided\)|no value|default|placeholder)",
    r"(test|testing|test[ _-]?user|dummy|sample|temp|tmp|foo|asdf|qwerty|x{2,8})",
    r"(deleted|deleted user|removed|redacted|\[redacted\]|\[removed\]|\[deleted\]|pending|tbd)",
    r"(true|false|inf|-inf|infinity)",
    r"(\[object [a-z]{1,20}\]|\[\]|\{\}|\"\"|''|\[\"\"\])",
    r"(id|uuid|user[_-]?id|distinct[_-]?id|anonymous[_-]?id|customer[_-]?id|email|e-mail|phone)",
    r"[?*#.\-/_]{1,8}",
)
