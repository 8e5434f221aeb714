"""What `/metrics` says, as Prometheus reads it."""

from __future__ import annotations

from dataclasses import dataclass

from httpx2 import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

TOKEN = "canary-metrics-token-4711"


@dataclass(frozen=True)
class Scrape:
    """Values by name and labels. `names`: of all series, as queries write them."""

    text: str
    values: dict[tuple[str, frozenset[tuple[str, str]]], float]

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.values}

    @property
    def series(self) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        return set(self.values)

    def value(self, name: str, **labels: str) -> float:
        return self.values[name, frozenset(labels.items())]


def parse(text: str) -> Scrape:
    return Scrape(
        text,
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        },
    )


async def scrape(client: AsyncClient) -> Scrape:
    answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return parse(answer.text)
