"""onefold: fold everything a customer does, on every channel, into one profile.

Segments, personas and profiles as levels of one model, and a measure of what each is worth:

    import onefold as of
    profiles = of.fold(of.EventLog.from_frame(frame, customer="who", time="at", event="what"))
"""


from onefold.catalog import Catalog
from onefold.events import Event, EventLog
from onefold.profiles import Profile, Profiles, fold

__all__ = ["Catalog", "Event", "EventLog", "Profile", "Profiles", "fold"]
