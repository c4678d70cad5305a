"""The components' hands: each step reads tables, calls pure functions and writes what they give."""
