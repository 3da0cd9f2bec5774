"""gunicorn's worker as Vitals runs it: connections, limits, start and stop of the runtime."""
