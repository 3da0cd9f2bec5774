"""The wall page in real Chromium, over a real service."""
