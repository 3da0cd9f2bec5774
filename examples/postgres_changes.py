"""A database's changes as events: each PostgreSQL notification, named after its channel.

    pip install 'psycopg[binary]'
    psql shop -f examples/postgres_changes.sql
    export DASHBOARD_PUBLISH_TOKEN=...      # and VITALS=https://..., for a server elsewhere
    python -m examples.postgres_changes postgresql:///shop orders

Pages then listen with addEventListener("orders", ...) on /stream?events=orders. PostgreSQL keeps
nothing for a listener that is away: {"change": "listening"} comes whenever it begins to listen, and
is the moment to load the table anew.
"""

import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
from psycopg.sql import SQL, Identifier

PAUSE = 1.0  # seconds before another attempt


def publish(name: str, data: dict[str, Any]) -> None:
    """Publish an event once, however often that has to be tried."""
    request = Request(
        os.environ.get("VITALS", "http://127.0.0.1:8000") + "/events",
        json.dumps({"event": name, "data": data}).encode(),
        {
            "Authorization": f"Bearer {os.environ['DASHBOARD_PUBLISH_TOKEN']}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        },
    )
    while True:
        try:
            urlopen(request, timeout=30).close()
            return
        except HTTPError as error:
            with error:
                print(f"{name}: {error.read().decode()}", file=sys.stderr)
            if error.code < 500:
                return  # refused: it won't be taken the next time either
        except (OSError, HTTPException) as error:
            print(f"{name}: {error}; trying again", file=sys.stderr)
        time.sleep(PAUSE)


def changes(database: str, channel: str) -> Iterator[dict[str, Any]]:
    """What is told on a channel; what is no JSON object comes as the field `text`."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
        yield {"change": "listening"}
        for notification in connection.notifies():
            try:
                data = json.loads(notification.payload)
            except ValueError:
                data = None
            yield data if isinstance(data, dict) else {"text": notification.payload}


if __name__ == "__main__":
    database, channel = sys.argv[1:]
    while True:
        try:
            for change in changes(database, channel):
                publish(channel, change)
        except psycopg.OperationalError as error:
            print(f"{error}; trying again", file=sys.stderr)
            time.sleep(PAUSE)
