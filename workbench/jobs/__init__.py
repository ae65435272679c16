"""Long work in the background that outlives its server: one list of jobs for all that is done so.

What stands in the store of a job is in workbench/store/jobs.py.
"""
