"""What the service says about itself: log lines, counters, signs of life for systemd."""
