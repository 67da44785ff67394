"""Everything that is known of one page, in words for people."""

from etl.explain.explanation import Explanation, Judged, Membership, Said

__all__ = ["Explanation", "Judged", "Membership", "Said"]
