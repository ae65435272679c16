"""Documentation made from the code: `python -m workbench.docs` writes it, `--check` compares."""

from __future__ import annotations

import sys
from collections.abc import Callable

from workbench.settings import ROOT, settings_table

SETTINGS_PAGE = """# Settings

Every setting is an environment variable, read once when the server starts. A value that cannot be
used, and a `WORKBENCH_` name that is not listed here, stops the start with a sentence that says so.

{table}

Streamlit's own settings (port, address, theme) stand in `.streamlit/config.toml` or are given as
options: `streamlit run Home.py --server.port 9000`, or `python -m workbench serve --port 9000`.
"""


def _columns_page() -> str:
    from workbench.evals.reference import columns_page

    return columns_page()


PAGES: dict[str, Callable[[], str]] = {
    "docs/settings.md": lambda: SETTINGS_PAGE.format(table=settings_table()),
    "docs/evaluation-columns.md": _columns_page,
}


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in PAGES.items():
        path = ROOT / name
        wanted = make()
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            stale.append(name)
            if not check:
                path.write_text(wanted, encoding="utf-8")
    if check and stale:
        print(f"Not current: {', '.join(stale)}. Run python -m workbench.docs", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
