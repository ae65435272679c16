"""Exports: requests leave as tables or as fine-tuning files, with a manifest that proves it."""
