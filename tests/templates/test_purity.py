from __future__ import annotations

import subprocess
import sys


def test_the_package_brings_neither_page_nor_store_along() -> None:
    code = (
        "import sys, workbench.templates\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'streamlit', 'duckdb', 'pandas', 'pyarrow', 'click'}))\n"
        "print(sorted(name for name in sys.modules if name.startswith('workbench.')\n"
        "    and not name.startswith(('workbench.templates', 'workbench.messages'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
