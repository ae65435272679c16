"""Datasets: rows brought in from logs and files, found by a line of conditions, made by hand.

What is kept and how versions work stands in workbench/store/dataset_*.py.
"""
