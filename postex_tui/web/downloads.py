"""Files that an app gives to its page: each is fetched once, and whole or not at all.

Contract. textual-serve ends a file whose app went away as if it were whole. Here the connection breaks then, so that
the browser knows; and of what was not fetched nothing stays once its page has ended.
"""

from collections.abc import AsyncGenerator

from textual_serve.download_manager import DownloadManager


class Cut(ConnectionError):
    """The app did not give the rest."""


class Downloads(DownloadManager):
    """Of all pages, by keys that cannot be guessed."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: set[str] = set()
        self._whole: set[str] = set()

    async def chunk_received(self, delivery_key: str, chunk: bytes | str) -> None:
        if not chunk:
            self._whole.add(delivery_key)
        await super().chunk_received(delivery_key, chunk)

    async def download(self, delivery_key: str) -> AsyncGenerator[bytes, None]:
        """Its pieces, one asked of the app at a time. Raises Cut."""
        self._begun.add(delivery_key)
        try:
            async for chunk in super().download(delivery_key):
                yield chunk
            if delivery_key not in self._whole:
                raise Cut
        finally:
            self._active_downloads.pop(delivery_key, None)
            self._begun.discard(delivery_key)
            self._whole.discard(delivery_key)

    async def cancel_app_downloads(self, app_service_id: str) -> None:
        """Of a page that ends: those under way are told, the others forgotten."""
        await super().cancel_app_downloads(app_service_id)
        for key, file in list(self._active_downloads.items()):
            if file.app_service.app_service_id == app_service_id and key not in self._begun:
                del self._active_downloads[key]
