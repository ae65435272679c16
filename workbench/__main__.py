"""`python -m workbench …`: see `python -m workbench --help`."""

from workbench.cli.main import main

main()
