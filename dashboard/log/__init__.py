"""One ordered log of events: a contract, and engines for SQLite, Redis and HTTP."""
