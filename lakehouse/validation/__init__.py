"""What data looks like, what it should look like, and what is wrong with it."""
