"""Masking: personal data and secrets leave as marks such as [EMAIL]."""
