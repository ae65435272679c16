"""The playground: one prompt, several models or versions side by side.

`session` is what stands on the page, `calls` makes calls of it, `running` starts and shows them,
`opening` makes sessions from elsewhere, `sessions` keeps, lists and forks them.
"""
