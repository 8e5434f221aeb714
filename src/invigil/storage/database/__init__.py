"""SQLAlchemy tables, repositories and the unit of work. The database is the truth."""

from invigil.storage.database.engine import Database
from invigil.storage.database.unit_of_work import UnitOfWork

__all__ = ["Database", "UnitOfWork"]
