"""Compare: two requests beside each other. The link names both."""

from workbench.ui.compare import draw_compare

draw_compare()
