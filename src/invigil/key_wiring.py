"""Where the master keys of an installation come from, by its settings."""

from __future__ import annotations

from invigil.settings import Settings
from invigil.storage.sealing import Vault
from invigil.storage.sealing.master import GivenKeys, KeyFile


def key_file(settings: Settings) -> KeyFile:
    return KeyFile(settings.data_dir / "master.key")


def vault(settings: Settings) -> Vault:
    """With the master keys of the setting, or of the file in the data folder.

    Raises `KeyMisconfigured`.
    """
    given = settings.master_key
    if given is None:
        return Vault(key_file(settings))
    return Vault(GivenKeys(given.get_secret_value(), "INVIGIL_MASTER_KEY"))
