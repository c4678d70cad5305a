"""The worker process and the command line: everything that writes."""
