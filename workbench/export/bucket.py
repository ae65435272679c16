"""An S3-compatible bucket as the place where exports go too.

Which bucket it is, is the installation's to say (`WORKBENCH_EXPORT_BUCKET`), so that nobody who may
export can send data elsewhere. Credentials are those that boto3 finds by itself: AWS_ACCESS_KEY_ID
and AWS_SECRET_ACCESS_KEY, a profile, or a role.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.settings import Settings
from workbench.store.errors import StoreError

# Held in memory while it is sent; S3 takes 10,000 pieces of one file.
PIECE_BYTES = 16 * 2**20
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 10, 60, 3


@dataclass(frozen=True, slots=True)
class Bucket:
    """name and prefix: of `s3://name/prefix`. endpoint: where it is, None for Amazon's own."""

    name: str
    prefix: str
    endpoint: str | None

    def key(self, id_: int, file: str) -> str:
        return "/".join(filter(None, (self.prefix, f"export-{id_}", file)))

    def place(self, id_: int) -> str:
        """The address of an export's folder."""
        return f"s3://{self.name}/{self.key(id_, '')}/"

    def put(
        self, folder: Path, id_: int, names: Sequence[str], check: Callable[[], object]
    ) -> None:
        """Send files of a folder, in this order: what stands last says that all are there.

        check: called for every piece; what it raises ends the sending. Nothing is left in the
        bucket then; what could not be taken back is named in a note of the error. Raises
        StoreError where the bucket does not take them.
        """
        client = self._client()
        sent: list[str] = []
        try:
            for name in names:
                sent.append(self.key(id_, name))
                self._send(client, folder / name, sent[-1], check)
        except BaseException as error:
            left = self._take_back(client, sent)
            if left:
                error.add_note(f"These could not be taken out of the bucket again: {left}.")
            raise
        finally:
            client.close()

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _ATTEMPTS},
            # What is not Amazon's has rarely a host name for each bucket, nor the newer checksums.
            s3={"addressing_style": "path" if self.endpoint else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            return boto3.session.Session().client("s3", endpoint_url=self.endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise StoreError(self._problem(error)) from error

    def _send(self, client: Any, path: Path, key: str, check: Callable[[], object]) -> None:
        from boto3.exceptions import S3UploadFailedError
        from boto3.s3.transfer import TransferConfig
        from botocore.exceptions import BotoCoreError, ClientError

        check()
        config = TransferConfig(
            multipart_threshold=PIECE_BYTES, multipart_chunksize=PIECE_BYTES, use_threads=False
        )
        try:
            client.upload_file(
                str(path), self.name, key, Config=config, Callback=lambda _bytes: check()
            )
        except (BotoCoreError, ClientError, S3UploadFailedError) as error:
            raise StoreError(self._problem(error)) from error

    def _take_back(self, client: Any, keys: Sequence[str]) -> str:
        """The addresses of those that are still there, or may be."""
        from botocore.exceptions import BotoCoreError, ClientError

        left = []
        for key in keys:
            try:
                client.delete_object(Bucket=self.name, Key=key)
            except (BotoCoreError, ClientError):
                left.append(f"s3://{self.name}/{key}")
        return ", ".join(left)

    def _problem(self, error: Exception) -> str:
        return f"The bucket s3://{self.name} did not take the files: {error}"


def configured(settings: Settings) -> Bucket | None:
    """The installation's bucket; None where there is none."""
    if not settings.export_bucket:
        return None
    name, _, prefix = settings.export_bucket.removeprefix("s3://").partition("/")
    return Bucket(name, prefix.strip("/"), settings.export_bucket_url or None)
