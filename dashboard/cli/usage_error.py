"""The error of a command that is used wrongly."""

import click


class UsageError(click.ClickException):
    """A mistake of the user in one line; the command ends with status 2."""

    exit_code = 2
