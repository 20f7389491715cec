"""The state diagram of the README, drawn from the transition table. `python -m services.contract.domain.diagram`."""

from services.contract.domain.states import TRANSITIONS, Transition


def mermaid() -> str:
    """A Mermaid stateDiagram-v2. States that this version reaches are solid, the others dashed and marked `later`."""
    reached = {each.target for each in TRANSITIONS if each.performed}
    later = [state for each in TRANSITIONS for state in (each.target,) if state not in reached]
    lines = ["stateDiagram-v2", "    classDef later stroke-dasharray: 4 4,color:#777"]
    lines += [f"    {_arrow(each)}" for each in TRANSITIONS]
    lines += [f"    class {','.join(dict.fromkeys(state.upper() for state in later))} later"]
    return "\n".join(lines)


def _arrow(each: Transition) -> str:
    source = each.source.upper() if each.source else "[*]"
    guards = f" [{' '.join(each.guards)}]" if each.guards else ""
    later = "" if each.performed else " (later)"
    return f"{source} --> {each.target.upper()}: {each.action} by {each.by}{guards}{later}"


if __name__ == "__main__":
    print(mermaid())  # noqa: T201  # its output is the diagram
