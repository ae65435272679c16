"""What differs between two texts, word by word, and between two JSON values, path by path. Pure."""

from workbench.diff.text import Piece, is_same, text_diff
from workbench.diff.values import Change, Path, json_diff, path_text, same_json

__all__ = [
    "Change",
    "Path",
    "Piece",
    "is_same",
    "json_diff",
    "path_text",
    "same_json",
    "text_diff",
]
