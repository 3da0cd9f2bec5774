"""Ask /healthz all the time, from a process that does nothing else, until standard input ends.

Each time is a new connection. Prints JSON: the slowest answer in seconds, and what went wrong. What
this process itself was late, for want of a CPU, is `late`.
"""

import http.client
import json
import select
import sys
import time

PAUSE = 0.05  # seconds between two questions


def ask(port: int) -> str:
    """Return what is wrong with an answer; "" for nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    finally:
        connection.close()
    return "" if status == 200 else str(status)


def main(port: int) -> None:
    slowest = late = 0.0
    failures: list[str] = []
    while True:
        begun = time.monotonic()
        if select.select([sys.stdin], [], [], PAUSE)[0]:
            break
        asked = time.monotonic()
        failures += filter(None, [ask(port)])
        slowest = max(slowest, time.monotonic() - asked)
        late = max(late, asked - begun - PAUSE)
    print(json.dumps({"slowest": slowest, "late": late, "failures": failures}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
