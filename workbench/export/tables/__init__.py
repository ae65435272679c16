"""Table formats: each a small class that takes Arrow tables and writes one file."""
