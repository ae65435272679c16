"""Evaluations: column types, their order, their scores. Pure: no page, and no SQL."""
