"""Prompt templates as files: written so that they live well in git, read back, kept in step."""
