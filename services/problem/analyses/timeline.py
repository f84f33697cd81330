"""What happened to an analysis, in sentences that are made when they are read."""

from services.problem.analyses import events as e
from services.problem.analyses.events import Method
from shared.domain import Event
from shared.timeline import Sentence

NAMES = {
    Method.FIVE_WHYS: "Five whys",
    Method.ISHIKAWA: "Ishikawa diagram",
    Method.FAULT_TREE: "Fault tree",
    Method.KEPNER_TREGOE: "Kepner-Tregoe analysis",
    Method.HYPOTHESES: "Hypotheses",
}

_OCCURRED = {True: "occurred", False: "did not occur", None: "is open again"}
_VERDICTS = {
    e.Verdict.EXPLAINS: "explains",
    e.Verdict.EXPLAINS_IF: "explains, if something holds,",
    e.Verdict.CONTRADICTS: "contradicts",
}

SENTENCES: dict[type[Event], Sentence] = {
    e.AnalysisBegun: lambda h: (NAMES[h.method or Method.FIVE_WHYS], h.question),
    e.WhyAnswered: lambda h: (f"Why {h.number}{_because(h.under)}", h.answer),
    e.CauseSuspected: lambda h: (f"Possible cause {h.number}{_of(h.category, h.under)}", h.cause),
    e.FaultAdded: lambda h: (
        f"Fault {h.number}{_of(None, h.under)}{f', {h.gate.value} gate' if h.gate else ''}",
        h.fault,
    ),
    e.FaultJoined: lambda h: (
        f"Fault {h.number} is an input of {h.under or 'the top event'} too",
        None,
    ),
    e.FaultJudged: lambda h: (f"Fault {h.number} {_OCCURRED[h.occurred]}", None),
    e.FactStated: lambda h: (f"Fact {h.number}: {h.dimension.value}", h.observed),
    e.CauseTested: lambda h: (
        f"Cause {h.cause} {_VERDICTS[h.verdict]} fact {h.fact}",
        h.note,
    ),
    e.HypothesisProposed: lambda h: (f"Hypothesis {h.number}", h.hypothesis),
    e.HypothesisJudged: lambda h: (f"Hypothesis {h.number} {h.standing.value}", h.reason),
    e.NodeRevised: lambda h: (f"Entry {h.number} of an analysis revised", h.text),
    e.NodeMoved: lambda h: (f"Entry {h.number} of an analysis moved{_of(None, h.under)}", None),
    e.NodeRemoved: lambda h: (f"Entry {h.number} of an analysis removed", None),
    e.AnalysisConcluded: lambda h: ("Analysis concluded", h.conclusion),
    e.AnalysisTakenUp: lambda h: ("Analysis taken up again", h.reason),
}


def _because(under: int | None) -> str:
    return "" if under is None else f", because of {under}"


def _of(category: e.Category | None, under: int | None) -> str:
    return f" ({category.value})" if category else "" if under is None else f", under {under}"
