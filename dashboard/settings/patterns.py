"""What names look like in settings: patterns for whole texts."""

# What is neither a letter nor a digit of any script, nor a mark on one: ASCII's punctuation but for
# `.`, `_` and `-`, and controls, blanks, punctuation and symbols beyond it, also those not seen.
# Also what NFC makes one of these. Beyond \uffff there are no escapes that JSON Schema knows.
_BUT_STARS = (
    r"\x00-)+,/:-@\[-^`{-\xbf\xd7\xf7\u037e\u0387\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u1680\u180b-\u180f\u1fef\u1ffd\u2000-\u2bff\u2e00-\u2e7f\u2ff0-\u3004\u3008-\u3020\u3164\ue000-\uf8ff"
    r"\ufe00-\ufe1f\ufe30-\ufe6f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e01ef"
)
_NONE = rf"*{_BUT_STARS}"
_ENDS = rf"[^{_NONE}._\-]"
HOST_PATTERN = rf"{_ENDS}(?:[^{_NONE}]{{0,251}}{_ENDS})?"
HOST_ALLOWED = "letters, digits, '.', '_' and '-', at most 253"
DNS_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
TAG_PATTERN = rf"{_ENDS}[^{_NONE}]{{0,62}}"
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"  # of a rule, or of who publishes
NAME_ALLOWED = "letters, digits, '.', '_' and '-', at most 64"
SECRET_PATTERN = r"[!-~]{16,512}"

# A run of any characters is `*`: what a right is limited to, of hosts and of events' names.
HOSTS_PATTERN = rf"[^{_BUT_STARS}._\-](?:[^{_BUT_STARS}]{{0,251}}[^{_BUT_STARS}._\-])?"
EVENTS_PATTERN = r"[a-z*][a-z0-9_.*-]{0,63}"
