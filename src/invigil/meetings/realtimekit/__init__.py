"""Cloudflare RealtimeKit, the successor of Dyte."""

from invigil.meetings.realtimekit.access import Access, Basic, Bearer
from invigil.meetings.realtimekit.provider import RealtimeKitMeetings

__all__ = ["Access", "Basic", "Bearer", "RealtimeKitMeetings"]
