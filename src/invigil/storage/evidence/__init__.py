"""Where evidence images are kept."""

from invigil.storage.evidence.store import EvidenceStore

__all__ = ["EvidenceStore"]
