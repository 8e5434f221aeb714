"""Live-video providers behind one port."""

from invigil.meetings.builtin import BuiltinMeetings
from invigil.meetings.configured import Meetings
from invigil.meetings.port import JoinGrant, MediaProvider

__all__ = ["BuiltinMeetings", "JoinGrant", "MediaProvider", "Meetings"]
