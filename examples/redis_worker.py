"""A background worker: takes jobs off a Redis list, and each has its bar on the wall.

    pip install redis
    python -m examples.redis_worker redis://127.0.0.1:6379
    redis-cli LPUSH jobs '{"id": "sums", "files": ["/boot/vmlinuz", "/boot/initrd.img"]}'

Run it where Vitals runs: its steps go straight into the log (docs/sources.md). A job stays in a
second list while it is worked on, so that one whose worker was killed is done again.
"""

import hashlib
import json
import logging
import sys
import time

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from vitals import progress

WAITING = "jobs"
WORKING = "jobs:working"  # the job that is worked on; several workers need a list each


def work(text: bytes | str) -> None:
    """Do one job: the SHA-256 of each of its files. What goes wrong is reported as its end."""
    job = json.loads(text)
    with progress(job["id"], total=len(job["files"])) as bar:
        for name in job["files"]:
            with open(name, "rb") as file:  # noqa: PTH123
                bar.step(f"{hashlib.file_digest(file, 'sha256').hexdigest()} {name}")


def serve(redis: Redis) -> None:
    """Work off the list, for as long as Redis is there."""
    while redis.lmove(WORKING, WAITING, "LEFT", "RIGHT"):
        pass  # a killed worker's job, which is the next one now
    while True:
        # Seconds; the client gives up a wait of more than 5.
        text = redis.blmove(WAITING, WORKING, 2, "RIGHT", "LEFT")
        if text is None:
            continue
        try:
            work(text)
        except Exception:
            logging.exception("this job failed: %s", text)
        redis.delete(WORKING)


if __name__ == "__main__":
    # If BLMOVE were tried again by itself, a job whose answer got lost would stay in WORKING.
    once = Retry(NoBackoff(), 0)
    while True:
        try:
            serve(Redis.from_url(sys.argv[1], retry=once))
        except RedisError as error:
            logging.warning("%s; trying again", error)
            time.sleep(1)
