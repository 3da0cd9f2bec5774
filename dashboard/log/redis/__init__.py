"""The log in Redis Streams: many machines share one, and any number of dashboards reads it."""
