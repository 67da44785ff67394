"""The report in a real browser: headless Chromium shows it, asks no network for anything, and it is not blank."""

import functools
import shutil
import struct
import subprocess
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from etl.report.html import render
from tests.report_sample import run_sample, sample

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync --hide-scrollbars
    --disable-background-networking --disable-component-update"""
DARK = "--blink-settings=preferredColorScheme=0"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")


class _Site(ThreadingHTTPServer):
    """Serves one page to the browser and keeps the path of every request."""

    def __init__(self, page: bytes) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(_Handler))
        self.page = page
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()
        self.wfile.write(self.server.page if self.path == "/" else b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[_Site]:
    with _Site(render(sample()).encode()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def chromium(profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *_FLAGS.split(), f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def screenshot(page: str, folder: Path, width: int, height: int, *arguments: str) -> list[bytes]:
    """Return the rows of pixels of the page as Chromium draws it; the picture stays in `folder`."""
    source, picture = folder / "report.html", folder / "report.png"
    source.write_text(page, encoding="utf-8")
    size = f"--window-size={width},{height}"
    chromium(folder / "profile", size, f"--screenshot={picture}", *arguments, source.as_uri())
    return _rows(picture.read_bytes())


def _rows(png: bytes) -> list[bytes]:
    """Return the rows of an RGB or RGBA PNG as they are filtered: enough to tell blank rows from others."""
    assert png.startswith(b"\x89PNG")
    width, height, _, colour = struct.unpack(">IIBB", png[16:26])
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    pixels, row = zlib.decompress(data), 1 + width * (4 if colour == 6 else 3)
    return [pixels[i * row + 1 : (i + 1) * row] for i in range(height)]


def test_chromium_shows_the_report_and_asks_for_nothing_else(site: _Site, tmp_path: Path) -> None:
    dom = chromium(tmp_path / "profile", "--dump-dom", f"http://127.0.0.1:{site.server_port}/").stdout
    assert "web_en, version 3" in dom
    assert "Every row is accounted for." in dom
    assert "Science &amp; Technology" in dom
    assert "short by" in dom
    assert "<script" not in dom
    # A browser asks every site for its icon; the page itself asks for nothing.
    assert [path for path in site.asked if path != "/favicon.ico"] == ["/"]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", [(), (DARK,)], ids=["light", "dark"])
def test_the_report_is_drawn_from_top_to_bottom(tmp_path: Path, width: int, scheme: tuple[str, ...]) -> None:
    rows = screenshot(render(sample()), tmp_path, width, 2400, *scheme)
    parts = [rows[i : i + 400] for i in range(0, 2400, 400)]
    assert all(len(set(part)) > 40 for part in parts)  # a blank part has one row of pixels, again and again


def test_the_style_sheet_passes_the_reports_own_policy(tmp_path: Path) -> None:
    page = render(run_sample())
    styled = screenshot(page, tmp_path, 800, 600)
    refused = screenshot(page.replace("style-src 'sha256-", "style-src 'sha256-0"), tmp_path, 800, 600)
    assert styled != refused
