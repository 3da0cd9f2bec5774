"""Write and read Server-Sent Events, with the standard library alone.

`encode(ServerSentEvent(...))` gives the bytes of one event; `Parser` turns bytes into messages.
"""

from dashboard.client.sse_parser import EventTooLong, Message, Parser
from dashboard.events.sse import ServerSentEvent, encode

__all__ = ["EventTooLong", "Message", "Parser", "ServerSentEvent", "encode"]
