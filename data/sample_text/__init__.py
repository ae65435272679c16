"""Larkfield, the made-up outdoor shop whose month of requests is the sample."""
