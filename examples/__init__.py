"""Programs to start from, each in one file."""
