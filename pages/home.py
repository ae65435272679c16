"""Home: three ways in while the store is empty, afterwards what happened lately."""

from datetime import UTC, datetime

from workbench.store import search
from workbench.store.store import open_store
from workbench.ui.connect import is_connected
from workbench.ui.overview import draw_attention, draw_periods, draw_recent
from workbench.ui.welcome import draw_still_unconnected, draw_welcome

if search.newest_id(open_store().connection) == 0:
    draw_welcome()
else:
    if not is_connected():
        draw_still_unconnected()
    now = datetime.now(UTC)
    draw_periods(now)
    draw_attention(now)
    draw_recent(now)
