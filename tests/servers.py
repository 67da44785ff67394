"""A folder -> a web server with ranges, and S3 and GCS API servers, all on loopback and all able to misbehave."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_GCS = "/storage/v1/b/"


@dataclass
class Behaviour:
    """What a server is to do wrong, and what it was asked."""

    failures: list[int] = field(default_factory=list)  # statuses of the next answers, instead of the right ones
    always: int | None = None
    refused: str = ""  # paths with this at their end are answered by 403
    serves_ranges: bool = True
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)  # method, path, range
    agents: set[str] = field(default_factory=set)

    def status(self, path: str) -> int | None:
        if self.refused and path.endswith(self.refused):
            return 403
        return self.always or (self.failures.pop(0) if self.failures else None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, folder: Path, behaviour: Behaviour) -> None:
        self._folder, self._behaviour = folder, behaviour
        super().__init__(*args)  # type: ignore[arg-type]

    def do_HEAD(self) -> None:
        self._answer(is_head=True)

    def do_GET(self) -> None:
        self._answer(is_head=False)

    def _answer(self, *, is_head: bool) -> None:
        url, span = urlsplit(self.path), self.headers.get("Range")
        self._behaviour.asked.append((self.command, self.path, span))
        self._behaviour.agents.add(self.headers.get("User-Agent", ""))
        path = self._folder / unquote(url.path).lstrip("/")
        if status := self._behaviour.status(url.path):
            self._send(status, b"", {})
        elif url.path.startswith(_GCS):
            self._gcs(url.path.removeprefix(_GCS), parse_qs(url.query), span)
        elif "list-type" in (query := parse_qs(url.query)):
            self._send(200, _listing(path, query.get("prefix", [""])[0]), {"Content-Type": "application/xml"})
        elif not path.is_file():
            is_bucket = path.is_dir() and path.parent == self._folder
            self._send(200 if is_bucket and is_head else 404, b"", {})
        else:
            self._file(path.read_bytes(), span if self._behaviour.serves_ranges else None, is_head=is_head)

    def _gcs(self, path: str, query: dict[str, list[str]], span: str | None) -> None:
        """Answer as the JSON API of Google Cloud Storage does: a bucket, a listing, an object or its bytes."""
        bucket, _, key = path.partition("/o/")
        folder = self._folder / bucket.removesuffix("/o")
        file = folder / unquote(key)
        if bucket.endswith("/o"):
            prefix = query.get("prefix", [""])[0]
            found = (path for path in sorted(folder.rglob("*")) if path.is_file())
            items = [_gcs_object(folder, path) for path in found if str(path.relative_to(folder)).startswith(prefix)]
            self._json({"kind": "storage#objects", "items": items})
        elif not key and folder.is_dir():
            self._json({"kind": "storage#bucket", "name": bucket})
        elif not key or not file.is_file():
            self._send(404, b"", {})
        elif query.get("alt") == ["media"]:
            self._file(file.read_bytes(), span)
        else:
            self._json(_gcs_object(folder, file))

    def _json(self, answer: object) -> None:
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _file(self, data: bytes, span: str | None, *, is_head: bool = False) -> None:
        headers = {"ETag": '"1"', "Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}
        headers |= {"Accept-Ranges": "bytes"} if self._behaviour.serves_ranges else {}
        if span is None:
            self._send(200, data, headers, is_head=is_head)
            return
        first, last = span.removeprefix("bytes=").split("-")
        part = data[int(first) : int(last) + 1 if last else len(data)]
        headers["Content-Range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"
        self._send(206, part, headers, is_head=is_head)

    def _send(self, status: int, body: bytes, headers: dict[str, str], *, is_head: bool = False) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not is_head:
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _gcs_object(bucket: Path, file: Path) -> dict[str, str]:
    name, size = str(file.relative_to(bucket)), str(file.stat().st_size)
    return {"kind": "storage#object", "bucket": bucket.name, "name": name, "size": size, "generation": "1"}


def _listing(bucket: Path, prefix: str) -> bytes:
    """Return the answer of ListObjectsV2."""
    files = sorted(path for path in bucket.rglob("*") if path.is_file())
    keys = [(str(path.relative_to(bucket)), path.stat().st_size) for path in files]
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified>"
        f"<ETag>&quot;1&quot;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key, size in keys
        if key.startswith(prefix)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{bucket.name}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(keys)}</KeyCount>"
        f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
    ).encode()


@contextmanager
def serve(folder: Path, behaviour: Behaviour) -> Iterator[str]:
    """Serve a folder (for S3 and GCS: of buckets); the block is given host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder=folder, behaviour=behaviour)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":  # for a client that cannot share a process with its server
    with serve(Path(sys.argv[1]), Behaviour()) as address:
        print(address, flush=True)
        sys.stdin.read()  # until whoever started it is done
