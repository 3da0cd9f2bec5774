"""What redis-py's errors mean to an operator."""

import re
from collections.abc import Mapping

import redis

# What an error means to an operator.
_WORDS: Mapping[type[redis.RedisError], str] = {
    redis.OutOfMemoryError: "its memory is full (maxmemory): give it more, or shorten RETENTION",
    redis.ReadOnlyError: "it is a replica, which can't be written: name its master in LOG",
    redis.exceptions.ClusterDownError: "its cluster is down, or has a part that no node serves",
    redis.exceptions.TryAgainError: "its cluster is moving the log's keys to another node",
    redis.BusyLoadingError: "it is still loading its data",
    redis.TimeoutError: "it does not answer",
}
# The same by how its answer begins.
_ANSWERS: Mapping[str, str] = {
    "No connection available": "all connections to it are in use",
    "Authentication required": "it wants a password, and LOG has none",
    "WRONGPASS": "the user or the password in LOG is wrong",
    "invalid username-password pair": "the user or the password in LOG is wrong",
    "AUTH <password> called without any password": "LOG has a password, and the server has none",
    "MISCONF": "it refuses to be written because it can't save to its disk",
    "SELECT is not allowed in cluster mode": "a cluster has no databases: leave /N out of LOG",
    "WRONGTYPE": "its keys of this name are of another program: set another ?prefix= in LOG",
}


def explain_error(error: redis.RedisError) -> str:
    """What an operator has to know, without the server's name and with no password."""
    text = str(error).strip()
    if isinstance(error, redis.exceptions.AskError):  # MOVED is one, too
        host, port = error.node_addr
        place = f"{host}:{port}" if host else f"its port {port}"
        return (
            f"it is a node of a cluster in which {place} holds the log's keys: name that one in "
            "LOG, or a proxy of the cluster"
        )
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    for start, words in _ANSWERS.items():
        if text.startswith(start):
            return words
    if isinstance(error, redis.exceptions.NoPermissionError):
        return f"its user lacks a right that docs/redis.md names ({text})"
    connecting = re.fullmatch(r"Error -?\d+ (?:connecting to|while) .*?\. (.+?)\.?", text, re.S)
    return (connecting[1] if connecting else text) or type(error).__name__
