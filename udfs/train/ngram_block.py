"""A block of a recipe -> which n-grams of a page it means; nothing that only a training needs is imported here."""

from typing import Literal

from pydantic import Field, model_validator

from udfs.conf import Conf

MAX_N = 5


class NgramBlock(Conf):
    """One kind of n-gram; a page's block has length `weight`, whatever the page's length.

    view: raw is the token as it is written; folded forgets case, and of numbers all but their length; stem is the first
    characters; shape is the kind of token, marks as they are; style is shape, but common words stay themselves.
    part: url is the URL's characters, each a token; url_words the runs of letters and of digits in it.
    first, last: only n-grams inside the first or last so many tokens of the text.
    """

    view: Literal["raw", "folded", "stem", "shape", "style"]
    n: int = Field(default=1, ge=1, le=MAX_N)
    part: Literal["url", "url_words", "text"] = "text"
    first: int | None = Field(default=None, ge=MAX_N)
    last: int | None = Field(default=None, ge=MAX_N)
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _windows_lie_in_the_text(self) -> "NgramBlock":
        if (self.part != "text" and (self.first or self.last)) or (self.first and self.last):
            raise ValueError("a block has `first` or `last`, and only of the text")
        return self
