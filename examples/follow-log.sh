#!/bin/sh
# A file's new lines as log events; logrotate may rename the file or empty it.
#
#     examples/follow-log.sh /var/log/nginx/access.log nginx      in Vitals' folder, its .venv active
#
# For a unit's log:
#
#     journalctl -f -n 0 -o cat -u nginx | flask log --name nginx
set -eu

# -F looks for the name again, where -f would stay with the renamed file. With inotify GNU tail lets
# go of that at once, and loses what its program still writes there until it opens the new one; by
# polling it reads on until nothing has come for five times the -s. (It documents no option for it.)
tail -n 0 -F ---disable-inotify -s 0.5 "$1" | flask log --name "$2"
