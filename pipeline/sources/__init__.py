"""Where data comes from: files, landing folder, simulator, downloads; it writes no table."""
