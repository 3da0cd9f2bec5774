"""A client of Server-Sent Events over HTTP, of any server; standard library only.

`Parser` turns bytes into messages. `EventSource` reads a URL, and comes back by itself.
"""

from dashboard.client.event_source import EventSource, StreamRefused
from dashboard.client.sse_parser import EventTooLong, Message, Parser

__all__ = ["EventSource", "EventTooLong", "Message", "Parser", "StreamRefused"]
