"""Uses of the operating system that several packages share: sockets, locks, atomic files."""
