"""Streams: the hub tails the log, feeds make frames, and sockets are written to."""
