"""A prompt and LLM-log workbench: one process, one DuckDB file."""

__version__ = "0.1.0"
