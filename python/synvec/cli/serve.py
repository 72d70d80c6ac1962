"""``synvec serve``: vectors over HTTP."""

import contextlib
import errno
import importlib.util
import ipaddress
import os
import re
import socket
import sys
from pathlib import Path
from typing import get_args

import click

from synvec.cli import messages
from synvec.server.settings import Hold, Settings, Source

PACKAGES = ("fastapi", "uvicorn", "httptools", "prometheus_client")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DEFAULT = Settings()


@click.command(context_settings={"show_default": True}, short_help="Answer questions over HTTP.")
@click.argument("files", metavar="[NAME=]FILE...", nargs=-1, required=True)
@click.option(
    "--index",
    "indexes",
    metavar="[NAME=]INDEX",
    multiple=True,
    help="Find a model's neighbours by what synvec index made of its file; may be repeated.",
)
@click.option("--host", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", default=8000, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--workers", default=1, type=click.IntRange(1, 256), help="Processes that answer.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False),
    help="A file whose first line clients must send as a bearer token; or the variable"
    " SYNVEC_TOKEN.",
)
@click.option(
    "--allow-anyone", is_flag=True, help="Listen on another address than this machine's own"
    " without a token.",
)  # fmt: skip
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Answer requests for this host name, too, such as a proxy's; may be repeated.",
)
@click.option(
    "--hold",
    "how",
    type=click.Choice(get_args(Hold)),
    default="memory",
    help="Copy files into memory, or map native ones as they lie on the disk.",
)
@click.option(
    "--watch",
    "watch_seconds",
    metavar="SECONDS",
    default=1.0,
    type=click.FloatRange(min=0),
    help="How often to look for files that were replaced; 0 for never.",
)
@click.option("--max-topn", default=_DEFAULT.max_topn, help="Neighbours in one answer.")
@click.option("--max-batch", default=_DEFAULT.max_batch, help="Queries or keys in one request.")
@click.option("--max-body", default=_DEFAULT.max_body, help="Bytes of a request's body.")
@click.option(
    "--max-requests",
    default=_DEFAULT.max_requests,
    help="Requests that a worker takes at once; the next gets a 503.",
)
@click.option(
    "--max-connections", default=_DEFAULT.max_connections, help="Open connections of a worker."
)
@click.option(
    "--batch", default=_DEFAULT.batch, help="Queries that share one pass over the vectors."
)
@click.option(
    "--header-seconds", default=_DEFAULT.header_seconds, help="For a request's headers to arrive."
)
@click.option(
    "--body-seconds", default=_DEFAULT.body_seconds, help="For a request's body to arrive."
)
@click.option(
    "--send-seconds",
    default=_DEFAULT.send_seconds,
    help="For a client to take some of an answer that it lets wait.",
)
@click.option(
    "--idle-seconds", default=_DEFAULT.idle_seconds, help="Between two requests of a connection."
)
@click.option(
    "--stop-seconds",
    default=_DEFAULT.stop_seconds,
    help="For requests that are under way when the server stops.",
)
@messages.verbosity_options
def serve(
    files: tuple[str, ...],
    indexes: tuple[str, ...],
    host: str,
    port: int,
    workers: int,
    token_file: str | None,
    allow_anyone: bool,
    hosts: tuple[str, ...],
    how: Hold,
    watch_seconds: float,
    **limits: int | float,
) -> None:
    """Answer questions about the vectors in each FILE over HTTP, until Ctrl-C.

    A model is called as its file without the ending, or NAME. A file that is replaced (by renaming
    a new one over it) is taken up while the server runs; SIGHUP looks at once.

    With --index neighbours are found without a look at every vector, though not all of them. A file
    that is replaced is then taken up once its new index is there, too.

    \b
      synvec serve wiki8.kv
      curl 'localhost:8000/v1/models/wiki8/neighbors?key=coffee&topn=3'
      curl localhost:8000/openapi.json
      synvec serve large.kv --index large.kv.hnsw
    """  # noqa: D301 - click's own sign for lines to be kept
    if sys.platform == "win32":
        raise click.UsageError("serve needs Linux or macOS; on Windows run it in WSL")
    _check_packages()
    models = _with_indexes(_named(files), indexes)
    token = _token(token_file)
    with _bound(host, port) as listener:
        address = listener.getsockname()
        is_local = ipaddress.ip_address(address[0]).is_loopback
        if not (is_local or token or allow_anyone):
            raise click.UsageError(
                f"{host} lets other machines in: give a token by SYNVEC_TOKEN or --token-file, or"
                " say --allow-anyone"
            )
        # With a token a page that points its own name here can't ask either.
        guarded = bool(hosts) or (is_local and token is None)
        allowed = tuple(name.lower() for name in (*LOOPBACK, host, *hosts)) if guarded else ()
        settings = Settings(token=token, allowed_hosts=allowed, **limits)  # type: ignore[arg-type]
        _run(models, settings, listener, workers, how, watch_seconds)


def _run(
    models: dict[str, Source],
    settings: Settings,
    listener: socket.socket,
    workers: int,
    how: Hold,
    watch_seconds: float,
) -> None:
    from synvec.server.supervisor import Supervisor

    host, port = listener.getsockname()[:2]
    where = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def announce() -> None:
        with contextlib.suppress(OSError):  # a full disk of the log is no reason not to serve
            messages.say(f"serving {', '.join(models)} at {where}; Ctrl-C stops")

    Supervisor(models, settings, listener, workers, how, watch_seconds, announce).run()


def _check_packages() -> None:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"synvec serve needs {', '.join(missing)}: pip install synvec[serve]")


def _named(files: tuple[str, ...]) -> dict[str, str]:
    """Return each file by the name of its model."""
    models: dict[str, str] = {}
    for given in files:
        name, separator, path = given.partition("=")
        if not separator or Path(given).exists():
            name, path = Path(given).stem, given
        if not _NAME.fullmatch(name):
            raise click.BadParameter(
                f"{name!r} can't be a model's name in a URL, expected letters, digits, '.', '_' and"
                f" '-'; give another one as NAME={path}"
            )
        if not path:
            raise click.BadParameter(f"{given!r} names no file, expected {name}=FILE")
        if name in models:
            raise click.BadParameter(
                f"two files are called {name}; give one another name as NAME={path}"
            )
        models[name] = _found(path)
    return models


def _with_indexes(models: dict[str, str], indexes: tuple[str, ...]) -> dict[str, Source]:
    """Return each model's file and its index, if one is given."""
    chosen: dict[str, str] = {}
    for given in indexes:
        name, separator, path = given.partition("=")
        if not separator or Path(given).exists():
            if len(models) > 1:
                raise click.BadParameter(
                    f"{given} is an index of which model? give it as NAME={given}, with one of "
                    f"{', '.join(models)}"
                )
            name, path = next(iter(models)), given
        if name not in models:
            raise click.BadParameter(f"no model is called {name}, expected {', '.join(models)}")
        if name in chosen:
            raise click.BadParameter(f"two indexes are given for {name}, expected one")
        chosen[name] = _found(path)
    return {name: Source(path, chosen.get(name)) for name, path in models.items()}


def _found(path: str) -> str:
    """Return the absolute path of a file that is there."""
    if not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return str(Path(path).absolute())


def _token(token_file: str | None) -> str | None:
    if token_file is None:
        return os.environ.get("SYNVEC_TOKEN", "").strip() or None
    # What is no ASCII the settings refuse, with a message that doesn't show it.
    lines = Path(token_file).read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or not lines[0].strip():
        raise click.BadParameter(f"{token_file} is empty, expected a token in its first line")
    return lines[0].strip()


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket with an address; it listens when the first worker is ready."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise OSError(error.errno, f"no such address: {error.strerror}", host) from None
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        reason = os.strerror(error.errno or 0)
        if error.errno == errno.EADDRINUSE:
            reason += "; choose another --port"
        raise OSError(error.errno, reason, f"{host}:{port}") from None
    return bound
