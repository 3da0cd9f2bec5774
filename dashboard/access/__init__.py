"""Who may read and publish: tokens, signed links, request origins, trusted proxies. Pure."""
