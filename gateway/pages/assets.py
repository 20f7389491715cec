"""The files that pages need, served from memory under an address that holds the hash of all of them: a browser keeps
them for ever, and a change is a new address. Files name each other by relative addresses, so the hash covers those too.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_LEAST_TO_COMPRESS = 500
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True)
class _File:
    body: bytes
    compressed: bytes | None
    media_type: str


class Assets:
    def __init__(self, folder: Path = STATIC) -> None:
        self._files = {
            str(path.relative_to(folder)): _read(path) for path in sorted(folder.rglob("*")) if path.is_file()
        }
        every = hashlib.sha256()
        for name, file in self._files.items():
            every.update(name.encode() + b"\0" + file.body)
        self.version = every.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Raises KeyError for a file that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def serve(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None:
            return Response(status_code=404)
        # A page of another version may still be open: it gets today's file, but must not keep it as its own.
        current = request.path_params["version"] == self.version
        headers = {"cache-control": _FOR_EVER if current else "no-cache", "vary": "accept-encoding"}
        if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.compressed, headers=headers | {"content-encoding": "gzip"}, media_type=file.media_type)
        return Response(file.body, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = (
        gzip.compress(body, mtime=0) if len(body) >= _LEAST_TO_COMPRESS and not kind.startswith("image/png") else None
    )
    return _File(body, compressed, kind)
