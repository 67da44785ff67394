"""The plan of a version of a mixture, as its table has it -> what a report says of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import yaml

from etl.report import human
from etl.report.data import FunnelStep, PlanRow, Reason, ReportData


class MixtureCard:
    """A version of a mixture: its strata, its part of the funnel, its spec and what it was made from."""

    def __init__(self, rows: Sequence[Any]) -> None:
        """Take the version's rows of `mixture_plans`, one for each stratum."""
        self._rows = rows
        self._any = rows[0]

    @property
    def name(self) -> str:
        """Return the name of the mixture."""
        return str(self._any["mixture"])

    @property
    def version(self) -> int:
        """Return the version of the mixture."""
        return int(self._any["version"])

    @property
    def scope(self) -> str:
        """Return how the table `runs` names it."""
        return f"{self.name}/{self.version}"

    def complete(self, lake: ReportData) -> ReportData:
        """Return the figures of the lake that it was made from, with its own added."""
        n_corpus = lake.funnel[-1].n_rows if lake.funnel else 0
        return replace(
            lake,
            title=self.title,
            subtitle=self.subtitle,
            funnel=[*lake.funnel, self.funnel_step(n_corpus)],
            plan=self.plan,
            token_budget=self.token_budget,
            identity={**self.identity, **lake.identity},
            spec_yaml=self.spec_yaml,
        )

    @property
    def title(self) -> str:
        """Return the heading of its report."""
        return f"{self.name}, version {self.version}"

    @property
    def subtitle(self) -> str:
        """Return its size and origin, and what its author says of it."""
        n_strata = sum(1 for row in self._rows if row["taken_tokens"])
        tokens = sum(row["taken_tokens"] for row in self._rows)
        of = human.listed(self.crawls)
        said = str(self._spec.get("description") or "")
        return f"{human.count(tokens)} tokens in {n_strata} strata of {of}. {said}".strip()

    @property
    def crawls(self) -> list[str]:
        """Return the crawls that it was made from."""
        return sorted({item["crawl"] for item in self._any["inputs"]})

    @property
    def token_budget(self) -> int:
        """Return how many tokens its spec asks for."""
        return int(self._spec.get("token_budget", 0))

    @cached_property
    def plan(self) -> list[PlanRow]:
        """Return its strata, but for those that its spec gives no weight."""
        return [
            PlanRow(
                stratum=row["stratum"],
                share=row["share"] or 0.0,
                wanted_tokens=round((row["share"] or 0.0) * self.token_budget),
                available_tokens=row["available_tokens"],
                target_tokens=row["target_tokens"],
                taken_tokens=row["taken_tokens"],
                n_pages=row["taken_pages"],
                epochs=row["epochs"] or 0.0,
                is_short=row["is_short"],
                limited_by=row["limited_by"],
            )
            for row in self._rows
            if row["weight"]
        ]

    def funnel_step(self, n_corpus: int) -> FunnelStep:
        """Return its step of the funnel, after a corpus of `n_corpus` documents."""
        rows = self._rows
        n_available = sum(row["available_pages"] for row in rows)
        n_unweighted = sum(row["available_pages"] for row in rows if not row["weight"])
        n_taken = sum(row["taken_pages"] for row in rows)
        reasons = (
            Reason("not_asked_for", n_corpus - n_available),
            Reason("stratum_without_weight", n_unweighted),
            Reason("beyond_quota", n_available - n_unweighted - n_taken),
        )
        n_tokens = sum(row["taken_tokens"] for row in rows)
        return FunnelStep("mixture", n_taken, n_tokens, [reason for reason in reasons if reason.n_rows > 0])

    @property
    def spec_yaml(self) -> str:
        """Return its spec as YAML: all that is not a default."""
        return yaml.safe_dump(self._spec, sort_keys=False, allow_unicode=True, width=100)

    @property
    def identity(self) -> dict[str, str]:
        """Return what decides its rows, and which release and run wrote them."""
        plan = self._any
        return {
            "identity": plan["identity"],
            "spec digest": plan["spec_digest"],
            "seed": str(plan["seed"]),
            **self._inputs(),
            **{str(name): str(by) for name, by in sorted(plan["models"].items())},
            "table versions": _pairs(plan["table_versions"] or {}),
            "webstrata": f"{plan['release']}, run {plan['run_id']}",
        }

    def _inputs(self) -> dict[str, str]:
        """Return for each crawl how many batches it gave, and the digests of what they held."""
        n_batches = Counter(item["crawl"] for item in self._any["inputs"])
        digests: dict[str, list[str]] = {}
        for item in self._any["inputs"]:
            digests.setdefault(item["crawl"], []).append(f"{item['batch']}={item['content_digest'][:16]}")
        return {
            f"inputs of {crawl}": f"{human.plural(n, 'batch', 'batches')}: {human.listed(digests[crawl], 6)}"
            for crawl, n in sorted(n_batches.items())
        }

    @cached_property
    def _spec(self) -> dict[str, Any]:
        return dict(json.loads(self._any["spec"]))


def _pairs(versions: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
