"""Request: one request on its own, the whole width for it. The link names it."""

from datetime import UTC, datetime

from workbench.ui.request_page import draw_request

draw_request(datetime.now(UTC))
