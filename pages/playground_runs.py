"""All runs of the playground. The filters are in the link."""

from workbench.ui.playground_history import draw_history

draw_history()
