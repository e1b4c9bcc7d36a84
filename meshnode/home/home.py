"""A node's home: where each of its files lies, and that nobody else can read them.

The folder `HOME` holds:

HOME/keys           secrets, sealed (`meshnode/home/keystore.py`)
HOME/unlock.key     the key file, unless it lies elsewhere or there is a passphrase
HOME/config.toml    settings
HOME/node.db        the database, encrypted
HOME/index.db       the search index, encrypted; made anew from the database when missing
HOME/node.sock      the API's socket (HOME/node.sock.path names it when it lies elsewhere)
HOME/node.lock      held by the daemon while it runs; its process number
HOME/node.log       what the daemon did, without contents, titles and names
HOME/reticulum/     Reticulum's own files
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from meshnode.errors import HomeNotPrivate, HomeUnusable, NotAHome
from meshnode.home.private_file import destroy, sync_folder, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

HOME_VARIABLE = "MESHNODE_HOME"
MODE = 0o700
MAX_SOCKET_PATH_BYTES = 107
"""What `sun_path` of a unix socket's address holds on Linux, less the closing zero."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one node; it need not exist yet.

    Attributes:
        root: Absolute path.
    """

    root: Path

    @property
    def keys(self) -> Path:
        """The secrets, sealed."""
        return self.root / "keys"

    @property
    def key_file(self) -> Path:
        """Where the key file lies unless the settings say otherwise."""
        return self.root / "unlock.key"

    @property
    def config(self) -> Path:
        """The settings."""
        return self.root / "config.toml"

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.root / "node.db"

    @property
    def lock(self) -> Path:
        """The file that the daemon holds a lock on."""
        return self.root / "node.lock"

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.root / "node.log"

    @property
    def reticulum(self) -> Path:
        """Reticulum's folder."""
        return self.root / "reticulum"

    @property
    def is_empty(self) -> bool:
        """Whether no node was made here yet."""
        return not self.keys.exists() and not self.database.exists()

    def make(self) -> None:
        """Make the folder, readable by its user alone, unless it is there.

        Raises:
            HomeUnusable: It cannot be made, or is no folder.
            HomeNotPrivate: It belongs to, or is open to, somebody else.
        """
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            self.root.mkdir(mode=MODE, exist_ok=True)
            if self.root.stat().st_uid == os.getuid() and not any(self.root.iterdir()):
                self.root.chmod(MODE)  # made for us by hand, just now
        except OSError as error:
            raise HomeUnusable(f"{self.root}: {error.strerror}") from error
        self.check()

    def check(self) -> None:
        """Make sure that the folder is ours alone.

        Raises:
            HomeUnusable: There is none, or it cannot be used.
            HomeNotPrivate: It belongs to, or is open to, somebody else.
        """
        _check_private_folder(self.root)
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise HomeUnusable(f"{self.root}: no permission")

    # --- the socket ---

    @property
    def socket(self) -> Path:
        """Where the daemon's socket is, or would be."""
        beside = self.root / "node.sock"
        if _fits(beside):
            return beside
        try:
            recorded = Path(os.fsdecode(self._socket_record.read_bytes()))
        except OSError:
            return self._short_socket()
        return recorded if recorded.is_absolute() and _fits(recorded) else self._short_socket()

    def make_socket_folder(self) -> Path:
        """Return where to bind the socket, after making sure that nobody else can get there first.

        Raises:
            HomeNotPrivate: Somebody else made the folder for the socket.
            HomeUnusable: It cannot be made.
        """
        beside = self.root / "node.sock"
        if _fits(beside):
            return beside
        path = self._short_socket()
        Home(path.parent).make()
        write_private(self._socket_record, os.fsencode(path))
        return path

    @property
    def _socket_record(self) -> Path:
        return self.root / "node.sock.path"

    def _short_socket(self) -> Path:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        named = Path(runtime) / "meshnode" if runtime.startswith("/") else None
        name = blake2b(os.fsencode(self.root), digest_size=8).hexdigest() + ".sock"
        if named is not None and named.parent.is_dir() and _fits(named / name):
            return named / name
        # Not the user's TMPDIR, which may be long and differ between sessions; checked when made.
        return Path(f"/tmp/meshnode-{os.getuid()}") / name  # noqa: S108

    # --- the end ---

    def check_wipeable(self) -> None:
        """Make sure that everything in the folder may be removed.

        Raises:
            NotAHome: Nothing in it was made by this software, or it is a person's own home.
        """
        ours = (self.keys, self.config, self.database, self.lock)
        if self.root in (Path(self.root.anchor), Path.home(), Path.home().parent):
            raise NotAHome(str(self.root))
        if not any(path.is_file() for path in ours):
            raise NotAHome(str(self.root))

    def destroy_keys(self, key_file: Path | None) -> None:
        """Overwrite and remove what opens the database: afterwards it is noise.

        Args:
            key_file: Where it lies when not in the home; it is destroyed too, if it is there.
        """
        destroy(self.keys)
        destroy(self.key_file)
        if key_file is not None:
            destroy(key_file)

    def undo_node(self) -> None:
        """Remove keys and databases again, after a node could not be made. Settings stay."""
        self.destroy_keys(None)
        for path in self.root.glob("*.db*"):
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder and everything in it, without following links out of it.

        Raises:
            HomeUnusable: Something could not be removed.
        """
        socket = self.socket
        try:
            socket.unlink(missing_ok=True)
            shutil.rmtree(self.root)
            sync_folder(self.root.parent)
        except OSError as error:
            raise HomeUnusable(f"{error.filename or self.root}: {error.strerror}") from error


def find_home(named: str | None = None, environment: Mapping[str, str] = os.environ) -> Home:
    """Find the home that is meant.

    Args:
        named: What `--home` says.
        environment: Where `MESHNODE_HOME` may say it; otherwise it is `~/.meshnode`.
    """
    chosen = named or environment.get(HOME_VARIABLE) or "~/.meshnode"
    return Home(Path(os.path.abspath(Path(chosen).expanduser())))


def _check_private_folder(folder: Path) -> None:
    try:
        found = folder.stat()
        owner = folder.lstat().st_uid  # of a link: it could be turned elsewhere
    except OSError as error:
        raise HomeUnusable(f"{folder}: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise HomeUnusable(f"{folder} is not a folder")
    if found.st_uid != os.getuid() or owner != os.getuid():
        raise HomeNotPrivate(f"{folder} belongs to another user")
    if found.st_mode & _OTHERS:
        raise HomeNotPrivate(f"{folder} is open to others")


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
