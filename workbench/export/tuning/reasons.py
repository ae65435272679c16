"""Why a request is not in a pack. The words are what the manifest, the page and the list say."""

from __future__ import annotations

ERROR = "error"
OTHER_SPLIT = "other split"
MISSING = "missing value"
ILL_FORMED = "ill-formed value"
EMPTY = "empty"
NO_RATING = "no rating"
TRUNCATED = "truncated"
REFUSAL = "refusal"
UNSUPPORTED = "unsupported content"
INVALID = "failed schema"
TOO_LONG = "too long"
DUPLICATE = "duplicate"
NEAR_DUPLICATE = "near duplicate"
BALANCED = "over the class limit"
NO_SCORE = "no score"
NO_VOTE = "no vote"
NO_PAIR = "no pair"
#: In the order in which they are found.
REASONS = {
    ERROR: "The call failed.",
    NO_RATING: "Nobody has filled in the chosen human column for it.",
    OTHER_SPLIT: "It is in a split of the dataset that was not chosen.",
    MISSING: "One of the chosen columns holds nothing.",
    ILL_FORMED: "One of the chosen columns holds something else than is read there.",
    EMPTY: "Nothing was asked or nothing answered.",
    TRUNCATED: "The answer was cut off at the token limit.",
    REFUSAL: "The model declined, or a filter stopped it.",
    UNSUPPORTED: "It holds something that the format cannot carry.",
    INVALID: "It breaks a published rule of the format.",
    TOO_LONG: "It has more tokens than an example may have.",
    DUPLICATE: "The same example is in the pack already.",
    NEAR_DUPLICATE: "Nearly the same example is in the pack already.",
    BALANCED: "Its class has enough examples.",
    NO_SCORE: "It has no score of the chosen name.",
    NO_VOTE: "No vote of the playground prefers it to another answer, or another one to it.",
    NO_PAIR: "No other answer to the same input makes a pair with it.",
}


class Unfit(Exception):
    """A request cannot become an example. detail: a clause for the list of those left out."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.detail = detail
