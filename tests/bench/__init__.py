"""What `make bench NAME=…` runs, each with its peer beside it."""
