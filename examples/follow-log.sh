#!/bin/sh
# A file's new lines as log events; logrotate may rename the file or empty it.
#
#     examples/follow-log.sh /var/log/nginx/access.log nginx      in Vitals' folder, its .venv active
#
# For a unit's log:
#
#     journalctl -f -n 0 -o cat -u nginx | flask log --name nginx
set -eu

# -F: look for the name again, where -f would stay with the file that was renamed.
tail -n 0 -F "$1" | flask log --name "$2"
