"""Models of every provider behind one interface.

| module | what it is for |
|---|---|
| `call`, `events`, `errors` | values: what is asked, what a stream says, what can go wrong |
| `host`, `run` | running calls: start one, look at it, stop it, wait for its answer |
| `about`, `models`, `reach`, `keys` | which providers are ready, which models they have |
| `parameters` | settings under the vendors' own names, read as ours |
| `table`, `adapter` | the providers by name, and what an adapter is |

One module an adapter; each imports its vendor's package at the first call.
"""
