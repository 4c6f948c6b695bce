"""The results of the data checks: findings with their certainty, and the report."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from severstal.doctor.table import Table

FindingKind = Literal[
    "missing file",
    "extra file",
    "unreadable picture",
    "mask beside picture",
    "subfolder",
    "wrong row",
    "wrong runs",
    "doubled row",
    "missing pair",
    "wrong order",
    "overlap",
    "placeholder",
    "by rows",
    "shift",
    "classes permuted",
    "flip",
]

EXAMPLES = 5  # of a kind are shown; the rest is counted


@dataclass(frozen=True)
class Finding:
    """One fault of the data.

    Attributes:
        kind: name of the check that found it.
        place: file or folder with the fault.
        what: the fault, in one line.
        count: number of rows or files with the fault.
        repair: repair that is advised.
        evidence: observation that the fault is inferred from; '' where it is directly visible.
        certainty: probability of the fault, 1.0 where it is certain.
        examples: the first few rows or files, one line each.
        repaired: whether the repaired table corrects it, as far as the repair is certain; `repair` names the
            rest.

    Example:
        >>> print(Finding("wrong order", "train.csv", "the rows are unsorted", 9, "sort them").certain)
        True
    """

    kind: FindingKind
    place: str
    what: str
    count: int
    repair: str
    evidence: str = ""
    certainty: float = 1.0
    examples: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def certain(self) -> bool:
        """Whether the fault is certain."""
        return self.certainty == 1.0


@dataclass(frozen=True)
class Report:
    """All results of an examination.

    Attributes:
        subject: the folder or the file examined.
        looked_at: what was read, one line each.
        findings: faults, in the order in which they are best repaired.
        untested: questions that could not be decided, with the reason, one line each.
        repaired: the table with all certain repairs made, or None where nothing is.

    Example:
        >>> print(Report("train.csv", ("train.csv: 12 rows",), (), ()).to_text())
        train.csv: clean
          read: train.csv: 12 rows
    """

    subject: str
    looked_at: tuple[str, ...]
    findings: tuple[Finding, ...]
    untested: tuple[str, ...]
    repaired: Table | None = field(default=None, repr=False, compare=False)

    @property
    def exit_code(self) -> int:
        """0 where nothing is wrong, else 1."""
        return 1 if self.findings else 0

    def to_text(self) -> str:
        """The report as text, findings numbered."""
        count = len(self.findings)
        verdict = f"{count} finding{'s' if count > 1 else ''}" if count else "clean"
        lines = [f"{self.subject}: {verdict}", *(f"  read: {line}" for line in self.looked_at)]
        for number, finding in enumerate(self.findings, start=1):
            sure = "certain" if finding.certain else _say(finding.certainty)
            lines += ["", f"{number}. {finding.place}: {finding.what} ({sure}; {finding.count:,} concerned)"]
            lines += [f"     {example}" for example in finding.examples]
            if finding.count > len(finding.examples) > 0:
                lines.append(f"     and {finding.count - len(finding.examples):,} more")
            if finding.evidence:
                lines.append(f"   evidence: {finding.evidence}")
            lines.append(f"   repair: {finding.repair}{' [--repair does it]' if finding.repaired else ''}")
        if self.untested:
            lines += ["", "Not known:", *(f"  {line}" for line in self.untested)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The report as what JSON can hold.

        Example:
            >>> Report("a.csv", (), (), ()).to_dict()
            {'subject': 'a.csv', 'clean': True, 'looked_at': [], 'findings': [], 'untested': []}
        """
        return {
            "subject": self.subject,
            "clean": not self.findings,
            "looked_at": list(self.looked_at),
            "findings": [_to_values(finding) for finding in self.findings],
            "untested": list(self.untested),
        }


def _to_values(finding: Finding) -> dict[str, Any]:
    values = asdict(finding) | {"certain": finding.certain, "examples": list(finding.examples)}
    values["mended"] = values.pop("repaired")  # the key that scripts have read since the first reports
    return values


def _say(certainty: float) -> str:
    return "probability over 0.9999" if certainty > 0.9999 else f"probability {certainty:.4g}"
