"""Sessions: what requests share, each as one conversation in time."""

from datetime import UTC, datetime

from workbench.store import search
from workbench.store.store import open_store
from workbench.ui.empty import draw_empty_store
from workbench.ui.session_view import draw_session
from workbench.ui.sessions import draw_sessions, open_session

session = open_session()
if session is not None:
    draw_session(session)
elif search.newest_id(open_store().connection) == 0:
    draw_empty_store()
else:
    draw_sessions(datetime.now(UTC))
