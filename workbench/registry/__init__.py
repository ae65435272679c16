"""The prompt registry: templates, versions, release labels, and what becomes of them in use.

| module | what it is for |
|---|---|
| `publishing` | save a version; an old one again |
| `patching` | a version made of another by changing some of it |
| `templates` | rename, tag, delete and restore a template; its versions |
| `finding` | from a name or id to a template, a version, a label |
| `fetching` | a prompt filled in, with `llm_kwargs` |
| `labels` | set, move, remove, protect; approvals; the history |
| `preflight` | try logged inputs on a version before a label moves |
| `ab` | labels that serve several versions |
| `moving` | moves of labels as JSON, for the API and the command line |
| `compare` | what differs between two versions |
| `listing`, `folders` | lists, search, folders |
| `snippets` | who takes a snippet in |
| `editing`, `tool_form` | what stands in the editor; tools as a form shows them |
| `variable_sets`, `base_urls` | values to try with; addresses of providers |
| `usage` | what the logs know of a template |
| `links` | logged requests and the templates that made them |

Functions that change something take the store and the actor, and return when it is on disk. What
cannot be kept raises `FieldError` (workbench.jsontext), what cannot be done as asked `Refused`,
what is not there `NotFound` (workbench.store.errors); each text is a sentence for its reader.
"""
