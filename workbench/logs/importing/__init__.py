"""Importing files of logged requests. docs/import.md says what can be read and how.

A container cuts a file into blocks (`lines`, `csvrows`, `jsonarray`, `parquetrows`); a format
(`formats` lists them) makes a row into a body of the API; `taking` makes that into a row of the
store through `workbench.logs.intake`; `job` runs it all, and `preview` shows what it would do.
"""
