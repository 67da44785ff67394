"""Where FastWARC and warcio disagree about an archive: who is right, and why, in a table made here.

`pytest tests/unit/test_warc_readers.py -n0 -s` prints it.
"""

from pathlib import Path
from typing import Any, NamedTuple

from tests.shared import SHARED, needs_shared
from tests.unit.test_warc_files import reference_rows, summary_and_html200
from udfs.warc_file import FileSummary


class Verdict(NamedTuple):
    """Records by our reader and by the two others, who of them is right, and why."""

    path: str
    ours: int
    warcio: int
    fastwarc: int
    right: str
    why: str


def n_records(reader: dict[str, Any]) -> int:
    return sum(n for kind, n in reader["types"].items() if kind != "!content")


def why(row: dict[str, Any], summary: FileSummary) -> str:
    """Return what in the file parts the readers: what ours noted, beside the errors of the others."""
    warcio, fastwarc = row["warcio"], row["fastwarc"]
    reasons = []
    if summary.container in ("zstd", "lz4"):
        reasons.append(f"warcio reads no {summary.container}")
    if "non-chunked gzip" in (warcio["error"] or ""):
        reasons.append("several records in one gzip member: warcio refuses to go on")
    if any(".arc" in part for part in Path(row["path"]).suffixes) and not n_records(fastwarc):
        reasons.append("FastWARC reads no ARC")
    reasons += [f"{n} × {repair}: who trusts Content-Length stops" for repair, n in summary.n_repairs.items()]
    reasons += [f"{n} × {fault}" for fault, n in summary.n_faults.items()]
    reasons += [f"{gap.length:,} bytes of {gap.reason.value} at {gap.offset:,}" for gap in summary.gaps]
    if "!content" in warcio["types"]:
        reasons.append("warcio raises over a body in brotli")
    if n_records(warcio) == n_records(fastwarc) and warcio["html200"] != fastwarc["html200"]:
        reasons.append("the same records; the two read an odd HTTP head differently")
    return "; ".join(reasons)


def verdict(row: dict[str, Any]) -> Verdict:
    summary, _, _ = summary_and_html200(SHARED / row["path"])
    ours, counts = sum(summary.n_records.values()), [n_records(row[name]) for name in ("warcio", "fastwarc")]
    names = [name for name, n in zip(("warcio", "FastWARC"), counts, strict=True) if n == ours]
    right = " and ".join(names) or "neither"
    return Verdict(row["path"], ours, *counts, right, why(row, summary))


@needs_shared
def test_where_the_two_readers_disagree_it_is_said_who_is_right_and_why(tmp_path: Path) -> None:
    verdicts = [verdict(row) for row in reference_rows() if not row["agree"]]
    head = ["| archive | ours | warcio | FastWARC | right | why |", "|---|--:|--:|--:|---|---|"]
    table = "\n".join([*head, *("| " + " | ".join(map(str, v)) + " |" for v in verdicts)])
    (tmp_path / "readers.md").write_text(table)
    print(f"\n{table}")

    assert len(verdicts) == 28
    assert [v.path for v in verdicts if not v.why] == []
    assert all(v.ours >= max(v.warcio, v.fastwarc) for v in verdicts)
    assert {v.right for v in verdicts} == {"warcio", "FastWARC", "warcio and FastWARC", "neither"}
