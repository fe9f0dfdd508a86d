"""The state file: what a restarted sandbox still knows. One JSON object, written whole, readable by its owner only."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_VERSION = 2


class StateFile:
    """Writes what the parts dump whenever one of them changed; without a path it does nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._parts: dict[str, Callable[[], Any]] = {}

    def keep(self, name: str, dump: Callable[[], Any]) -> None:
        """From now on the file has this part too."""
        self._parts[name] = dump

    def save(self) -> None:
        if self._path is None or not self._parts:
            return
        with self._lock:
            whole = {"version": _VERSION, **{name: dump() for name, dump in self._parts.items()}}
            temporary = self._path.with_suffix(".new")
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(whole, file)
            temporary.replace(self._path)

    def load(self) -> dict[str, Any]:
        """What the file says; empty if there is none. A file of the first version is a list of grants."""
        if self._path is None or not self._path.exists():
            return {}
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise self.broken() from error
        if isinstance(data, list):
            return {"grants": data}
        if not isinstance(data, dict) or data.get("version") != _VERSION:
            raise self.broken()
        return data

    def broken(self) -> ValueError:
        return ValueError(f"{self._path}: not a state file of the sandbox; remove it to start without tokens")
