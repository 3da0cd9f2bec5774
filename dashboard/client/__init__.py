"""A client of Server-Sent Events over HTTP. Standard library only."""
