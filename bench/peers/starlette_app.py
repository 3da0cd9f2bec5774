"""sse-starlette as its documentation has it: a queue for each client."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse  # type: ignore[import-not-found,unused-ignore]
from starlette.applications import Starlette  # type: ignore[import-not-found,unused-ignore]
from starlette.requests import Request  # type: ignore[import-not-found,unused-ignore]
from starlette.responses import Response  # type: ignore[import-not-found,unused-ignore]
from starlette.routing import Route  # type: ignore[import-not-found,unused-ignore]

clients: set[asyncio.Queue[str]] = set()


async def stream(request: Request) -> EventSourceResponse:
    """Subscribe until the client leaves."""

    async def events() -> AsyncIterator[dict[str, str]]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        clients.add(queue)
        try:
            while True:
                yield {"event": "bench", "data": await queue.get()}
        finally:
            clients.discard(queue)

    return EventSourceResponse(events(), ping=3600)


async def publish(request: Request) -> Response:
    """Give the body to every client."""
    data = (await request.body()).decode()
    for queue in clients:
        queue.put_nowait(data)
    return Response(status_code=201)


app = Starlette(routes=[Route("/stream", stream), Route("/publish", publish, methods=["POST"])])
