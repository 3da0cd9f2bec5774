"""Every setting, declared once: key, default, what is allowed, meaning.

This is the only reader of the environment. A setting is the environment variable `DASHBOARD_<KEY>`
or the key `<key>` (either case) of the TOML file that `DASHBOARD_CONFIG` names; the environment
wins. A wrong or unknown one raises `SettingError`, whose text is one line for the operator.

Some keys are tables of the file rather than single values: `[[alert]]`, `[[expect]]`,
`[[silence]]`, `[alerts]`, `[notify]`, `[[figure]]`, `[[publish]]`, `[[group]]`, `[[scrape]]`,
`[[command]]` and `[traffic]`. As a variable each is the same as JSON.

It imports nothing else of the package, and its own modules relatively: gunicorn.conf.py loads this
folder alone, under another name, so that the master process stays free of the application's code
and a HUP brings in a new version whole.
"""

from .alerts import WILDCARD, AlertRule, Alerts, Comparison, alert_rule
from .checks import check_bound, check_serves, secrets
from .durations import format_duration, parse_duration
from .expectations import Expectation
from .fields import LEVELS, Level
from .figures import FigureRow
from .loader import SettingError, as_variables, load, without_prefix
from .notify import Notify
from .patterns import EVENTS_PATTERN, HOST_ALLOWED, HOST_PATTERN, HOSTS_PATTERN, SECRET_PATTERN
from .publishers import EventPatterns, Group, HostPatterns, Publisher
from .schema import Settings, table
from .silences import RULE_PATTERN, Window
from .sources import Command, Scrape
from .urls import APPEND_ONLY, server_url
from .validation import InvalidField, convert

__all__ = [
    "APPEND_ONLY",
    "EVENTS_PATTERN",
    "HOSTS_PATTERN",
    "HOST_ALLOWED",
    "HOST_PATTERN",
    "LEVELS",
    "RULE_PATTERN",
    "SECRET_PATTERN",
    "WILDCARD",
    "AlertRule",
    "Alerts",
    "Command",
    "Comparison",
    "EventPatterns",
    "Expectation",
    "FigureRow",
    "Group",
    "HostPatterns",
    "InvalidField",
    "Level",
    "Notify",
    "Publisher",
    "Scrape",
    "SettingError",
    "Settings",
    "Window",
    "alert_rule",
    "as_variables",
    "check_bound",
    "check_serves",
    "convert",
    "format_duration",
    "load",
    "parse_duration",
    "secrets",
    "server_url",
    "table",
    "without_prefix",
]
