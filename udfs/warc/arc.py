"""The one-line header of an ARC 1.x record -> the headers of the WARC record it would be."""

import re

# URL IP-address date content-type length; ARC 2 has more fields before the length.
ARC_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]{0,20}:[^\r\n]{1,8192} \d{12,20} [^\r\n]{1,1024}\r?\n")
MAX_ARC_LINE = 10_000


def arc_headers(line: bytes) -> dict[str, str]:
    """Return the WARC headers that say the same as the ARC header `line`."""
    fields = line.decode("utf-8", "replace").strip().split(" ")
    date_at = _date_at(fields)
    url, date = " ".join(fields[: max(1, date_at - 1)]), fields[date_at]
    is_info = url.startswith("filedesc:")
    is_http = url.lower().startswith(("http:", "https:"))
    mime = fields[date_at + 1] if date_at + 2 < len(fields) else ""
    return {
        "warc-type": "warcinfo" if is_info else "response",
        "warc-target-uri": url,
        "warc-date": f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14] or '00'}Z",
        "content-type": "application/http; msgtype=response" if is_http else mime,
        "content-length": fields[-1],
    }


def _date_at(fields: list[str]) -> int:
    """Return the place of the date: URLs may hold blanks, so from behind (5 fields in ARC 1, 10 in ARC 2)."""
    for at in (len(fields) - 3, len(fields) - 8):
        if at > 0 and fields[at].isdecimal() and len(fields[at]) >= 12:
            return at
    return next(i for i in range(len(fields) - 1, -1, -1) if re.fullmatch(r"\d{12,20}", fields[i]))
