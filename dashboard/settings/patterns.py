"""What names look like in settings: patterns for whole texts."""

HOST_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
HOST_ALLOWED = "letters, digits, '.', '_' and '-', at most 253"
TAG_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"  # of a rule, or of who publishes
NAME_ALLOWED = "letters, digits, '.', '_' and '-', at most 64"
SECRET_PATTERN = r"[!-~]{16,512}"

# A run of any characters is `*`: what a right is limited to, of hosts and of events' names.
HOSTS_PATTERN = r"[A-Za-z0-9*](?:[A-Za-z0-9._*-]{0,251}[A-Za-z0-9*])?"
EVENTS_PATTERN = r"[a-z*][a-z0-9_.*-]{0,63}"
