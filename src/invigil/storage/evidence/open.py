"""Opens the shelf that INVIGIL_EVIDENCE_URL names, and says plainly when that cannot be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store

from invigil.clock import Clock
from invigil.domain.errors import InvigilError, Unavailable
from invigil.storage.evidence.imgur import Imgur, ImgurAccess
from invigil.storage.evidence.local import LocalShelf
from invigil.storage.evidence.objects import Bucket, Objects, Refused
from invigil.storage.evidence.receipts import Receipts
from invigil.storage.evidence.remote import DIRECT_S, PATIENT_S, RemoteShelf
from invigil.storage.evidence.shelf import Shelf
from invigil.storage.evidence.spool import Spool

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig


class EvidenceMisconfigured(InvigilError):
    """For whoever runs the server: what is wrong with INVIGIL_EVIDENCE_URL."""

    status = 503
    code = "evidence_misconfigured"
    message = "INVIGIL_EVIDENCE_URL: images cannot be stored there."
    fix = "See docs/real-parts.md."


def open_shelf(
    url: str | None,
    data_dir: Path,
    *,
    reserve: int,
    spool_limit: int,
    clock: Clock,
    imgur: ImgurAccess | None = None,
) -> Shelf:
    """The shelf at `url`, by default the folder `objects` in the data folder.

    `reserve`: bytes of this disk that images leave alone; `spool_limit`: bytes of images that may
    wait on it; `imgur`: needed where `url` is `imgur:`. Raises
    `EvidenceMisconfigured`. Nothing is asked of a network yet: see `check`.
    """
    if url is None:
        return LocalShelf(data_dir / "objects", reserve)
    try:
        if url.startswith("file:"):
            return LocalShelf(Path(unquote(urlsplit(url).path)), reserve)
        objects = _imgur(imgur, data_dir, clock) if imgur else Bucket(_connect(url))
    except (BaseError, OSError, ValueError) as error:
        raise EvidenceMisconfigured(
            f"INVIGIL_EVIDENCE_URL: {_first_line(error)}",
            fix="Give a folder that can be written, or a bucket as s3://bucket/prefix.",
        ) from error
    return RemoteShelf(objects, Spool(data_dir / "spool", spool_limit, reserve), clock)


def _imgur(access: ImgurAccess, data_dir: Path, clock: Clock) -> Objects:
    home = data_dir / "objects"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    return Imgur(access, Receipts(data_dir / "imgur"), LocalStore(prefix=home), clock)


def _connect(url: str) -> ObjectStore:
    # Credentials, region and endpoint come from the environment, as the vendors' own tools have it.
    options: ClientConfig = {
        "allow_http": True,
        "connect_timeout": timedelta(seconds=DIRECT_S),
        "timeout": timedelta(seconds=PATIENT_S),
    }
    retries: RetryConfig = {"max_retries": 1}
    if url.startswith("s3:"):
        # The store compares what arrived with this hash, and refuses what was cut off.
        return S3Store.from_url(
            url,
            config={"checksum_algorithm": "SHA256"},
            client_options=options,
            retry_config=retries,
        )
    kind = GCSStore if url.startswith("gs:") else AzureStore
    return kind.from_url(url, client_options=options, retry_config=retries)


async def check(shelf: Shelf, url: str | None) -> None:
    """Write to the store once, and delete that again.

    Raises `EvidenceMisconfigured` when the store refuses. A store that does not answer is refused
    only the first time: later that is an outage, and the exam must be able to start.
    """
    if not isinstance(shelf, RemoteShelf) or url is None:
        return
    try:
        await shelf.probe()
    except Refused as error:
        raise EvidenceMisconfigured(
            f"IMGUR_CLIENT_ID: {error.message}", fix="Correct it, or choose another image store."
        ) from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise EvidenceMisconfigured(
            f"INVIGIL_EVIDENCE_URL: the store refuses the credentials ({_first_line(error)}).",
            fix="Check them in the environment (AWS_ACCESS_KEY_ID and so on) and that they may "
            "write and delete there.",
        ) from error
    except (FileNotFoundError, BaseError, OSError, Unavailable) as error:
        if isinstance(error, FileNotFoundError):
            raise EvidenceMisconfigured(
                "INVIGIL_EVIDENCE_URL: there is no such bucket.",
                fix="Create it, or correct its name.",
            ) from error
        if not shelf.spool.reached(url):
            raise EvidenceMisconfigured(
                f"INVIGIL_EVIDENCE_URL: the store does not answer ({_first_line(error)}).",
                fix="Check the URL, the endpoint in the environment (AWS_ENDPOINT_URL) and that "
                "credentials are set.",
            ) from error
        shelf.note_away(error)
    else:
        shelf.spool.note_reached(url)


def _first_line(error: BaseException) -> str:
    found = str(error.__cause__ or error).strip().partition("\n")[0]
    return found[:300].rstrip(".") or "no answer in time"
