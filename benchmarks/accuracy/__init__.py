"""How well onefold's scorer foresees what customers choose next, beside tuned peers.

    data       real sets: events, a moment of the split, a horizon     past      what a method sees
    protocol   who is asked, what is true, how lists are measured      peers     one file each
    ours       onefold, in one configuration for all sets              run       the command

Everything before the split is known, nothing from it on. A method gives each customer a list of
20 items; what the customer then chose within the horizon is the truth.
"""
