"""What is different between a case's expectation and a whole run. No server, no files: see judgement_test.py."""

from dataclasses import dataclass
from typing import Any, Dict, List, Set, Tuple

from conformance.cases import DATABASE
from conformance.changes import Format, read_changes
from conformance.comparison import Comparison, Failure, Terms
from conformance.lines import Expectation
from conformance.sink_file import Block
from conformance.stream import Place, Step, carry, checkpoint_problems, release_xa, told_line


@dataclass(frozen=True)
class Evidence:
    """What a run left behind. `steps` and `log` are the same events of the source, read and as written."""

    blocks: List[Block]
    steps: List[Step]
    log: List[Dict[str, Any]]
    alerts: Set[Tuple[str, Place]]
    failures: List[Failure]


def differences(expectation: Expectation, evidence: Evidence, terms: Terms, form: Format) -> List[str]:
    """Everything that is wrong, for people; nothing if the run is what the case expects."""
    changes, problems = read_changes(evidence.blocks, DATABASE, form)
    got, unfit = carry(release_xa(evidence.steps, told_line), changes)
    problems += unfit
    problems += checkpoint_problems(evidence.log, [block.checkpoint for block in evidence.blocks])
    comparison = Comparison(terms)
    comparison.compare_stream(expectation.stream, got)
    comparison.compare_errors(expectation.errors, evidence.failures)
    counted = evidence.blocks[-1].checkpoint.get("alerts", 0) if evidence.blocks else 0
    comparison.compare_alerts(got, evidence.alerts, counted)
    return problems + comparison.problems
