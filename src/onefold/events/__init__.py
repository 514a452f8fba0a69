"""Events: what happened, and the log that holds it."""

from onefold.events.event import Event
from onefold.events.log import EventLog
from onefold.events.quality import Quality

__all__ = ["Event", "EventLog", "Quality"]
