"""What the daemon's API says and accepts: one struct per answer and request."""
