"""``synvec explore``: the map of words in a browser, or as one page to send to somebody."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synvec.cli import files, messages
from synvec.formats.sources import is_url

if TYPE_CHECKING:
    from synvec.explorer import ExploredModel

SIDE_BY_SIDE = 2
TOP = 20_000


@click.command(
    context_settings={"show_default": True}, short_help="See vectors as a map, in the browser."
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE [FILE]", type=click.Path())
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; 0 is a free one."
)
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=100_000,
    metavar="N",
    help="How many words are drawn, the most frequent ones; all can be asked.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False),
    metavar="OUT",
    help="Write one page that needs no server, and leave.",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=TOP,
    metavar="N",
    help="How many words that page holds.",
)
@messages.verbosity_options
def explore(
    paths: tuple[str, ...], port: int, no_browser: bool, points: int, html: str | None, top: int
) -> None:
    """Show the words of FILE as a map in the browser; two FILEs are seen side by side.

    The page is served to this machine alone, on 127.0.0.1, until Ctrl-C.

    \b
      synvec explore vectors.kv
      synvec explore old.kv new.kv
      synvec explore vectors.kv --html map.html --top 20000
    """  # noqa: D301 - click's own sign for lines to be kept
    from synvec.explorer import page

    if len(paths) > SIDE_BY_SIDE:
        raise click.UsageError(f"{SIDE_BY_SIDE} models fit side by side, not {len(paths)}")
    if html is not None:
        page.text("index.html")  # missing is told before a large model is opened
        files.check_text_out(html, paths)
        _write(paths, html, top)
    else:
        _serve(paths, port, points, opens=not no_browser)


def _write(paths: tuple[str, ...], out: str, top: int) -> None:
    from synvec.explorer.single_page import write_page

    models = _opened(paths, top)
    written = write_page(models, out)
    words = ", ".join(f"{model.drawn:,} of {len(model.vectors):,} words" for model in models)
    click.echo(f"synvec: {words} in {out}, {files.size(written)}", err=True)


def _serve(paths: tuple[str, ...], port: int, points: int, *, opens: bool) -> None:
    from synvec.explorer import Explorer, page
    from synvec.explorer.local_server import LocalServer

    models = _opened(paths, points)
    with LocalServer(Explorer(models), port) as server:
        for model in models:
            model.prepare()
        click.echo(server.url)
        sys.stdout.flush()
        if not page.is_built():
            click.echo(f"synvec: warning: {page.HOW_TO_BUILD}", err=True)
        if opens and _has_window():
            webbrowser.open(server.url)
        click.echo("synvec: Ctrl-C ends", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("", err=True)  # the terminal has written ^C


def _opened(paths: tuple[str, ...], points: int) -> list[ExploredModel]:
    from synvec.explorer import ExploredModel

    models = []
    for path in paths:
        is_file = path != files.STDIO and not is_url(path)
        models.append(
            ExploredModel(
                _name(path, paths),
                files.open_vectors(path),
                points=points,
                path=Path(path) if is_file else None,
            )
        )
    return models


def _name(path: str, paths: tuple[str, ...]) -> str:
    """Return the file's name without its ending; with its folder where two are called the same."""
    stems = [Path(other).stem for other in paths]
    return path if stems.count(Path(path).stem) > 1 else Path(path).stem


def _has_window() -> bool:
    # Without one Python may open a browser in the terminal, which the page can't be seen in.
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
