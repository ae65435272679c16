"""Commands that measure the workbench. Each prints what it measured, on which machine, and how."""
