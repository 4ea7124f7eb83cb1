"""Shows every page in three languages and two widths as pictures: ``python -m tests.administration.server.looks OUT``.

A small server sends the pages with the headers they meet in earnest. With ``--axe`` axe-core looks at them too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crmstudy.administration.server.rendering import assets
from tests.administration.server.gallery import TAGS, gallery

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
#: Headings of columns whose longest word does not fit.
BROKEN = """[...document.querySelectorAll(".heads span")].filter(span => {
  span.style.overflowWrap = "normal"; span.style.hyphens = "none"; return span.scrollWidth > span.clientWidth + 1;
}).map(span => span.textContent)"""


@contextlib.contextmanager
def served(made):
    """The address under which pages (path -> HTML) and their files are served."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            asset = assets().get(path.removeprefix("/static/"))
            body = made[path].encode() if path in made else asset.content if asset else None
            self.send_response(200 if body is not None else 404)
            self.send_header("content-type", asset.media_type if asset else "text/html; charset=utf-8")
            self.send_header("content-security-policy", POLICY)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def axe_source():
    """The text of axe-core, from the folders Node looks in, or None."""
    for place in os.environ.get("NODE_PATH", "").split(os.pathsep):
        script = Path(place) / "axe-core" / "axe.min.js"
        if place and script.is_file():
            return script.read_text(encoding="utf-8")
    return None


@contextlib.contextmanager
def chromium():
    """A browser of this machine, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    path = next((one for one in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(one).exists()), None)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def main():
    """Write the pictures, and say what axe-core and the browser find fault with."""
    reader = argparse.ArgumentParser()
    reader.add_argument("out", type=Path)
    reader.add_argument("--only", default="")
    reader.add_argument("--langs", default=",".join(TAGS))
    reader.add_argument("--widths", default="390,1280")
    reader.add_argument("--dark", action="store_true")
    reader.add_argument("--axe", action="store_true")
    reader.add_argument("--no-pictures", action="store_true")
    asked = reader.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in asked.only.split(",") if name]
    made = {
        f"/{lang}/{name}": text
        for lang in asked.langs.split(",")
        for name, text in gallery(lang).items()
        if not wanted or any(name.startswith(one) for one in wanted)
    }
    script, faults = axe_source(), 0
    with served(made) as address, chromium() as browser:
        for width in map(int, asked.widths.split(",")):
            page = browser.new_page(
                viewport={"width": width, "height": 900}, color_scheme="dark" if asked.dark else "light"
            )
            page.on("console", lambda said: print("console:", said.text))
            for path in made:
                page.goto(address + path, wait_until="networkidle")
                name = path.strip("/").replace("/", "-")
                if not asked.no_pictures:
                    page.screenshot(path=asked.out / f"{name}-{width}.png", full_page=True)
                for word in page.evaluate(BROKEN):
                    print("broken:", name, width, word)
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    print("too wide:", name, width)
                if asked.axe and script:
                    page.evaluate(script)
                    for found in page.evaluate("axe.run(document).then(found => found.violations)"):
                        faults += 1
                        print("axe:", name, width, found["id"], found["nodes"][0]["html"][:160])
            page.close()
    print(f"{len(made)} pages, {faults} violations")


if __name__ == "__main__":
    main()
