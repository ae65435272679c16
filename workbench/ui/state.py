"""Names in session state and in links, all in one place. State holds ids and drafts, never data."""

LOGGED_IN = "logged_in"

# Parameters of a link.
FILTER = "f"
POSITION = "from"
REQUEST = "request"
LIVE = "live"
VIEW = "view"

# Session state.
AS_OF = "as_of"
FILTER_PROBLEM = "filter_problem"
