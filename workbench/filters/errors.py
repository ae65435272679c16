"""What a reader says when it does not understand a filter."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter that cannot be used.

    sentence: what is wrong, for people, with what would be right.
    path: where, in the caller's own terms ("filter_group.filters[2].value", "column 14"); "" where
        the whole is meant.
    column: for the text syntax, the place counted from 1; else None.
    """

    def __init__(self, sentence: str, path: str = "", column: int | None = None) -> None:
        super().__init__(f"{path}: {sentence}" if path else sentence)
        self.sentence = sentence
        self.path = path
        self.column = column

    def at(self, path: str) -> FilterError:
        """The same complaint, placed at `path` (in front of the path that it has)."""
        inner = self.path if self.path.startswith("[") or not self.path else f".{self.path}"
        return FilterError(self.sentence, f"{path}{inner}", self.column)


def quoted(text: object) -> str:
    """A user's text inside a sentence: short, in quotes, on one line."""
    shown = str(text)
    shown = "".join(letter if letter.isprintable() else " " for letter in shown[:60])
    return f'"{shown}…"' if len(str(text)) > 60 else f'"{shown}"'
