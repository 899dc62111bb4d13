"""The pictures of the pages in docs/: `make pictures` takes them. It needs Debian's chromium and graphviz.

They show what is there: the dashboard of a mock in use, and a check of a server that breaks one promise.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from rich.console import CONSOLE_SVG_FORMAT, Console
from rich.text import Text

from browser.pictures import take
from browser.visiting import opened_browser
from mockserver.assembly import open_gateway
from mockserver.mutants.catalogue import MUTANTS
from mockserver.mutants.hook import MutantHook
from mockserver.settings.loading import load
from mockserver.wire.serving import serve_mock
from support.pages import DOCS
from support.processes import COMMAND, environment

FOLDER = DOCS / "pictures"
DASHBOARD: Mapping[str, str] = {"live": "dashboard", "live-dark": "dashboard-dark"}
"""Which of the dashboard's pictures the pages have, and under which names."""
COLUMNS = 100
COLOURS = 128  # of a screenshot: a quarter of the bytes, and nobody sees it
# The terminal's font is fetched from elsewhere otherwise.
TERMINAL = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def diagrams() -> None:
    """Draws what is described in the language of Graphviz."""
    for source in FOLDER.glob("*.dot"):
        subprocess.run(["dot", "-Tsvg", f"-o{source.with_suffix('.svg')}", source], check=True)


def small(picture: bytes, file: Path) -> None:
    """Writes a screenshot with few colours."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def dashboard(folder: Path) -> None:
    """The first page of the dashboard, light and dark."""
    take(folder)
    for theirs, ours in DASHBOARD.items():
        small((folder / f"{theirs}.png").read_bytes(), FOLDER / f"{ours}.png")


@contextmanager
def broken() -> Iterator[str]:
    """The URL of a mock that breaks one promise, and differs from an assumption."""
    settings = load({"clauses": ["error.http-status=mirror"], "delay": "0s"})
    gateway = open_gateway(settings, hook=lambda mock: MutantHook(MUTANTS["cost-is-0"], mock))
    with serve_mock(gateway, settings) as url:
        yield f"{url}/api"


def reports(folder: Path) -> None:
    """A check in a terminal, and its page."""
    with broken() as url:
        command = [*COMMAND, "check", url, "--html", "report.html"]
        env = {key: text for key, text in environment(COLUMNS=str(COLUMNS)).items() if key != "NO_COLOR"}
        env |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
        ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert ended.returncode == 1, ended.stderr
        printed = ended.stdout.replace(url, "http://127.0.0.1:8080/api")
        page = (folder / "report.html").read_text(encoding="utf-8").replace(url, "http://127.0.0.1:8080/api")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(printed))
    title = "ifind-mock check http://127.0.0.1:8080/api"
    console.save_svg(str(FOLDER / "check.svg"), title=title, code_format=TERMINAL, unique_id="check")
    (folder / "report.html").write_text(page, encoding="utf-8")
    with opened_browser() as browser:
        shown = browser.new_page(viewport={"width": 1100, "height": 800})
        shown.goto((folder / "report.html").as_uri())
        small(shown.screenshot(), FOLDER / "report.png")


def main() -> None:
    """Takes all of them."""
    diagrams()
    with TemporaryDirectory() as name:
        dashboard(Path(name))
        reports(Path(name))


if __name__ == "__main__":
    main()
