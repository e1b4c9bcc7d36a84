"""What `doctor` can check without an open node; each finding says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crdt.errors import MeshError
from knowledge.model.file import find_model, model_folder
from meshnode.errors import HomeNotPrivate
from meshnode.home.config import load_config
from meshnode.home.home import MAX_SOCKET_PATH_BYTES
from meshnode.home.key_file import key_file_path, read_key_file
from meshnode.home.keystore import Keystore, Protection
from meshnode.home.settings import Config
from meshnode.views.status import CheckView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshnode.home.home import Home

LIBRARIES = (
    "aiohttp", "automerge.core", "cryptography", "docx", "markdown_it", "mnemonic",
    "msgspec", "nacl.bindings", "numpy", "pypdf", "RNS", "segno", "selectolax.lexbor", "yaml",
    "sqlcipher3.dbapi2", "sqlite_utils", "textual",
)  # fmt: skip
SET_UP_AGAIN = "Run scripts/setup again."
GET_MODEL = "Run `scripts/setup --model` and start the node anew; answers are quotes until then."

LITTLE_DISK_BYTES = 1 << 30
NO_DISK_BYTES = 64 << 20
TRY_TIMEOUT_S = 60.0
CLOCK_SLACK_S = 24 * 3600.0

_TRY = """
import importlib, sys
for name in sys.argv[1:]:
    print("trying", name, flush=True)
    try:
        importlib.import_module(name)
    except Exception as error:
        print("broken", name, "(" + str(error)[:200] + ")", flush=True)
"""

State = Literal["good", "warning", "bad"]


def check_machine(home: Home) -> list[CheckView]:
    """Check Python, disk, home, settings, keys, model, Reticulum's settings and clock.

    Blocks for up to a few seconds: it tries the libraries.
    """
    try:
        config, problem = load_config(home.config), ""
    except MeshError as error:
        config, problem = Config(), error.explain()
    return [
        _python(),
        _libraries(),
        _disk(home),
        _home(home),
        _settings(home, problem),
        _keys(home, config),
        *_model(config),
        _reticulum(config),
        _socket(home),
        _clock(home),
    ]


def _check(name: str, state: State, detail: str, advice: str = "") -> CheckView:
    return CheckView(name=name, state=state, detail=detail, advice=advice)


def _python() -> CheckView:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        return _check("python", "good", version)
    return _check("python", "bad", version, "Install Python 3.11 or 3.12 and run scripts/setup.")


def _libraries() -> CheckView:
    try:
        result = _run_python(_TRY, *LIBRARIES)
    except (OSError, subprocess.TimeoutExpired) as error:
        return _check("libraries", "bad", type(error).__name__, SET_UP_AGAIN)
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    broken = [line.removeprefix("broken ") for line in lines if line.startswith("broken ")]
    if result.returncode:
        broken.append(f"{lines[-1].removeprefix('trying ') if lines else 'Python'} crashed")
    if broken:
        return _check("libraries", "bad", "; ".join(broken), SET_UP_AGAIN)
    return _check("libraries", "good", f"all {len(LIBRARIES)} load")


def _run_python(code: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run some lines in a process of their own: native code may crash rather than complain.

    It also keeps libraries that the daemon does not need out of its memory.
    """
    return subprocess.run(  # noqa: S603 - our own interpreter, fixed words
        [sys.executable, "-P", "-c", code, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TRY_TIMEOUT_S,
        check=False,
    )


def _disk(home: Home) -> CheckView:
    folder = next(place for place in (home.root, *home.root.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < NO_DISK_BYTES:
        return _check("disk", "bad", detail, "Free some space: nothing more can be saved.")
    if free < LITTLE_DISK_BYTES:
        return _check("disk", "warning", detail, "Free some space before it runs out.")
    return _check("disk", "good", detail)


def _home(home: Home) -> CheckView:
    if not home.root.exists():
        return _check("home", "warning", f"{home.root} is not there", "Make it: `meshnode init`.")
    try:
        home.check()
    except HomeNotPrivate as error:
        return _check("home", "bad", error.explain(), f"chmod 700 '{home.root}'")
    except MeshError as error:
        return _check("home", "bad", error.explain(), "Check the disk and whose the folder is.")
    return _check("home", "good", str(home.root))


def _settings(home: Home, problem: str) -> CheckView:
    if problem:
        return _check("settings", "bad", problem, f"Correct {home.config}.")
    detail = str(home.config) if home.config.exists() else "no file: all settings as they come"
    return _check("settings", "good", detail)


def _keys(home: Home, config: Config) -> CheckView:
    if home.is_empty:
        return _check("keys", "warning", "none yet", "Make them: `meshnode init --name NAME`.")
    try:
        if Keystore(home.keys).protection() is Protection.PASSPHRASE:
            return _check("keys", "good", "sealed under a passphrase")
        path = key_file_path(home, config)
        read_key_file(path)
    except MeshError as error:
        return _check("keys", "bad", error.explain(), "Nothing opens without them.")
    if path.is_relative_to(home.root):
        return _check(
            "keys",
            "warning",
            f"the key file lies beside the database, in {path}",
            "Whoever takes the disk can read it: set a passphrase (`meshnode passphrase`), or put "
            "the key file on another medium (node.key_file).",
        )
    return _check("keys", "good", f"sealed under the key file {path}")


def _model(config: Config) -> Iterator[CheckView]:
    if not config.model.enabled:
        yield _check("model", "good", "switched off")
        return
    named = config.model.path
    path = Path(named).expanduser() if named else find_model()
    if path is None:
        yield _check("model", "warning", f"none in {model_folder()}", GET_MODEL)
        return
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
    except OSError as error:
        yield _check("model", "bad", f"{path}: {error.strerror}", "Correct model.path.")
        return
    if not is_gguf:
        advice = "Correct model.path, or fetch the file again."
        yield _check("model", "bad", f"{path} is no GGUF file", advice)
        return
    yield _check("model", "good", path.name)
    yield _model_library()


def _model_library() -> CheckView:
    try:
        result = _run_python("import llama_cpp")
    except (OSError, subprocess.TimeoutExpired) as error:
        return _check("llama.cpp", "bad", type(error).__name__, GET_MODEL)
    if result.returncode == 0:
        return _check("llama.cpp", "good", "loads")
    words = result.stderr.decode("utf-8", "replace").strip().splitlines()
    detail = words[-1] if words else f"ended with {result.returncode}"
    return _check("llama.cpp", "warning", detail, GET_MODEL)


def _reticulum(config: Config) -> CheckView:
    settings = config.reticulum
    if not settings.enabled:
        return _check("reticulum", "warning", "switched off", "Only bundle files go in and out.")
    if settings.user_config:
        path = Path(settings.user_config).expanduser() / "config"
        if path.is_file():
            return _check("reticulum", "good", f"as {path} says")
        advice = "Correct reticulum.user_config, or run `rnsd` once to make one."
        return _check("reticulum", "bad", f"{path} is not there", advice)
    ways = [
        *(["the local network"] if settings.auto_interface else []),
        *([f"waits on {settings.tcp_listen}"] if settings.tcp_listen else []),
        *(f"connects to {address}" for address in settings.tcp_connect),
    ]
    if not ways:
        advice = "Switch on one of the settings under [reticulum]."
        return _check("reticulum", "warning", "no way in or out", advice)
    return _check("reticulum", "good", ", ".join(ways))


def _socket(home: Home) -> CheckView:
    path = home.socket
    if path.parent != home.root:
        detail = f"{path}, as the home's own path is longer than {MAX_SOCKET_PATH_BYTES} bytes"
        return _check("socket", "good", detail)
    return _check("socket", "good", str(path))


def _clock(home: Home) -> CheckView:
    now = time.time()
    # What exists was made in the past: this program, and what the node saved last.
    made = max(
        path.stat().st_mtime
        for path in (Path(__file__), home.keys, home.database, home.log)
        if path.exists()
    )
    shown = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    if now < made - CLOCK_SLACK_S:
        advice = "Set the clock: others see when things were written by it."
        return _check("clock", "bad", f"{shown} lies before what was saved here", advice)
    return _check("clock", "good", shown)
