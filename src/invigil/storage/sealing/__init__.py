"""Images and templates are encrypted before they reach a disk or a network."""

from invigil.storage.sealing.vault import CandidateKey, Vault, WrappedKey

__all__ = ["CandidateKey", "Vault", "WrappedKey"]
