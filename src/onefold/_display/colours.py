"""The colours of pictures: they read on white and on black, and tell kinds apart.

Everything else takes the colour of the page. The first of `KINDS` is that of bars.
"""

BAR = "#4a90c4"
PEAK = "#e08a2e"
LINE = "#888888"
KINDS = (BAR, PEAK, "#3aa57e", "#b97bb0", LINE)  # the last is for all others
