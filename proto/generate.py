"""What is derived from the contract: `python proto/generate.py` writes it, `--check` tells what is out of date.

Derived are the Python code beside each .proto, the golden bytes of the examples that have none yet, and asyncapi.yaml.
`--release` takes the contract as it stands for released: from then on nothing in it may be broken.
"""

import argparse
import base64
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import grpc_tools
from asyncapi import document, render
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from grpc_tools import protoc

PROTO = Path(__file__).parent
BASELINE = PROTO / "baseline.binpb"
SAME_FOR_ALL = (f"-I{PROTO}", f"-I{Path(grpc_tools.__file__).parent / '_proto'}")
ADVICE = """
The contract breaks what other services and kept events rely on. Fields and messages are only ever added.
What must change otherwise becomes a package v2 with a topic of its own, published beside v1 until nobody listens to v1.
Only while the change undone here was never released: `python proto/generate.py --release`, and say why in the commit.
"""


def sources() -> list[str]:
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("zayton/**/*.proto"))


def compile_contract(*options: str) -> None:
    if protoc.main(["protoc", *SAME_FOR_ALL, *options, *sources()]) != 0:
        raise SystemExit("protoc refuses the contract; see above.")


def descriptors() -> FileDescriptorSet:
    """The contract with its comments, which generated code does not keep."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "contract.binpb"
        compile_contract("--include_source_info", f"--descriptor_set_out={target}")
        return FileDescriptorSet.FromString(target.read_bytes())


def derive(target: Path) -> None:
    """Write all that is derived without looking at what is there, in the folder's own layout."""
    compile_contract(f"--python_out={target}", f"--pyi_out={target}")
    text = render(document(descriptors(), PROTO / "topics"))
    (target / "asyncapi.yaml").write_text(text, encoding="utf-8", newline="\n")


def drift() -> list[str]:
    """What is not as the contract says, as paths below proto/ with what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        derive(Path(folder))
        fresh = {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
    wrong = []
    for path, content in fresh.items():
        if not (PROTO / path).exists():
            wrong.append(f"{path} is missing")
        elif (PROTO / path).read_bytes() != content:
            wrong.append(f"{path} is out of date")
    kept = {path.relative_to(PROTO) for path in PROTO.glob("zayton/**/*_pb2.py*")}
    wrong += [f"{path} belongs to no .proto" for path in kept - fresh.keys()]
    wrong += [f"{path.relative_to(PROTO)} is missing" for path in missing_bytes()]
    return sorted(wrong)


def missing_bytes() -> list[Path]:
    examples = PROTO.glob("examples/*/*.json")
    return [golden for example in examples if not (golden := example.with_suffix(".base64")).exists()]


def write_golden_bytes() -> None:
    """Encode examples that have no bytes yet. Bytes once written stay: they stand for what lies in a topic already."""
    for golden in missing_bytes():
        message = encode_example(golden.with_suffix(".json"), golden.parent.name)
        encoded = base64.b64encode(message.SerializeToString(deterministic=True)).decode()
        lines = [encoded[start : start + 120] for start in range(0, len(encoded), 120)]
        golden.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def encode_example(path: Path, topic: str) -> Message:
    """The message of an example file, whose type is named by its topic's owner and its own name."""
    events = import_module(f"zayton.{topic.partition('.')[0]}.v1.events_pb2")
    message: Message = getattr(events, path.stem)()
    return Parse(path.read_text(encoding="utf-8"), message)


def buf(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("buf", path=str(Path(sys.executable).parent)) or shutil.which("buf")
    if program is None:
        raise SystemExit("buf is missing: install the development dependencies (buf-bin).")
    return subprocess.run([program, *arguments], cwd=PROTO.parent, capture_output=True, text=True, check=False)


def lint() -> str:
    """What buf finds wrong with the style of the contract; empty when nothing."""
    return _findings(buf("lint"))


def breaking(folder: Path = PROTO.parent) -> str:
    """What the contract in `folder` breaks of the released one, and what to do about it; empty when nothing."""
    found = _findings(buf("breaking", str(folder), "--against", str(BASELINE)))
    return found and found + ADVICE


def _findings(run: subprocess.CompletedProcess[str]) -> str:
    return "" if run.returncode == 0 else run.stdout + run.stderr


def release() -> None:
    run = buf("build", "--exclude-source-info", "-o", str(BASELINE))
    if run.returncode != 0:
        raise SystemExit(run.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where something is wrong")
    parser.add_argument("--release", action="store_true", help="make the contract as it is the one not to be broken")
    options = parser.parse_args()
    if not options.check:
        derive(PROTO)
        write_golden_bytes()
        if options.release:
            release()
        return 0
    faults = [text for text in (lint(), breaking(), "\n".join(drift())) if text]
    if faults:
        print("\n".join(faults), "\nWrite what is derived anew: python proto/generate.py", sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
