"""The summaries of splits -> one for each file, in which all splits meet and all bytes are accounted for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from etl.steps.pages import COUNTS
from udfs.fault import GapReason
from udfs.warc.record import Gap
from udfs.warc_file import keep_gap

Summary = Mapping[str, Any]


def by_file(summaries: Iterable[Summary]) -> tuple[list[Summary], list[str]]:
    """Return the summaries of whole files, and the names of the files whose splits do not meet.

    Splits meet if each begins where the one before it ends. They do not where bytes that only look like a
    record deceived one of them: such a file has to be read as a whole.
    """
    by_name: dict[str, list[Summary]] = {}
    for summary in summaries:
        by_name.setdefault(summary["warc_file"], []).append(summary)
    whole: list[Summary] = []
    torn: list[str] = []
    for name, parts in by_name.items():
        failed = [part for part in parts if part["status"] == "failed"]
        ordered = sorted((p for p in parts if p["begin"] is not None), key=lambda p: p["begin"])
        if failed:
            whole.append(failed[0])
        elif do_meet(ordered, parts[0]["size_bytes"]):
            whole.append(merged(ordered or parts))
        else:
            torn.append(name)
    return whole, torn


def do_meet(ordered: Sequence[Summary], size_bytes: int) -> bool:
    """Tell whether splits, in order, cover a file from its first byte to its last, each byte once."""
    at = 0
    for part in ordered:
        if part["begin"] != at:
            return False
        at = part["end"]
    return at == size_bytes


def merged(parts: Sequence[Summary]) -> dict[str, Any]:
    """Return the summary of a file from those of its splits, in their order: what one reader would have said."""
    total = {**parts[0], "end": parts[-1]["end"]}
    for name in COUNTS:
        total[name] = dict(sum((Counter(part[name]) for part in parts), Counter[str]()))
    for name in ("n_pages", "n_documents"):
        total[name] = sum(part[name] for part in parts)
    gaps: list[Gap] = []
    for part in parts:
        for gap in part["gaps"]:
            keep_gap(gaps, Gap(gap["offset"], gap["length"], GapReason(gap["reason"])))
    total["gaps"] = [(gap.offset, gap.length, gap.reason.value) for gap in gaps]
    total["content_digest"] = f"{sum(int(part['content_digest'], 16) for part in parts) % 2**128:032x}"
    return total
