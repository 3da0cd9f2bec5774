"""The page's modules that need no browser, under node."""
