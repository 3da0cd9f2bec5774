"""Which routes are open, which publish, and which answer a browser with a page.

Every other route reads.
"""

OPEN = frozenset(
    {
        *("static", "ops.healthz", "ops.readyz", "openapi.openapi"),
        *("sign_in.sign_in", "sign_in.sign_out"),
        "machines.join",  # by a code
    }
)
EMBED = "embed.frame"
PAGES = frozenset(
    {
        *("pages.wall", "pages.host", "pages.named", "pages.compare"),
        *("screens.listing", "links.listing", "machines.listing", EMBED),
    }
)
PUBLISHING = frozenset(
    {
        *("publish.publish", "progress.report", "silences.ack", "silences.silence", "screens.show"),
        *("machines.invite", "machines.remove"),
    }
)
