"""The log in a SQLite file: one machine's, shared by its processes."""
