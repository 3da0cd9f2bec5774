"""Sampling: the leader of a host reads its metrics on a cadence and appends them to the log."""
