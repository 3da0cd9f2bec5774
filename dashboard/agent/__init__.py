"""The agent: a process that samples this machine for a log elsewhere and serves nothing."""
