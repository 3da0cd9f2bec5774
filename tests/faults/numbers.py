"""Ids as numbers, for whoever compares many of them."""


def number(event_id: str) -> int:
    """An id's milliseconds shifted by 20 bits plus its sequence: 1-2 is (1 << 20) + 2."""
    ms, _, sequence = event_id.partition("-")
    return (int(ms) << 20) + int(sequence)
