"""A program that speaks the ispell pipe protocol, for tests: what it finds wrong, and how it fails, its files say."""

from __future__ import annotations

from pathlib import Path

PROGRAM = """#!{python}
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
def note(text):
    with open(os.path.join(here, "log"), "a", encoding="utf-8") as file:
        file.write(text + "\\n")
note("start " + " ".join(sys.argv[1:]))
how = open(os.path.join(here, "how"), encoding="utf-8").read() if os.path.exists(os.path.join(here, "how")) else ""
if how == "dies": sys.exit(1)
if how == "hangs":
    sys.stdin.read()
    sys.exit(0)
print("@(#) International Ispell Version 3.1.20 (but really a fake)", flush=True)
wrong = {{"wrod": ["word", "rod"], "helo": ["hello", "halo"], "qqqq": [], "äpfl": ["Äpfel"], "bad": ["\\x1b[2Jevil", "x" * 400, "good"]}}
for line in sys.stdin.buffer:
    word = line.decode("utf-8").rstrip("\\n").removeprefix("^")
    note("word " + word)
    if how == "dies later" or how == "dies once" and not os.path.exists(os.path.join(here, "died")):
        open(os.path.join(here, "died"), "w").close()
        sys.exit(1)
    if how == "babbles":
        print("& x 1 0: y\\n" * 9999)
    if how == "long":
        print("& x 1 0: " + "y, " * 99999)
    if word not in wrong: print("*")
    elif wrong[word]: print(f"& {{word}} {{len(wrong[word])}} 1: {{', '.join(wrong[word])}}")
    else: print(f"# {{word}} 1")
    print(flush=True)
"""


class FakeSpeller:
    """The program in a folder of its own, called `name`."""

    def __init__(self, folder: Path, python: str, name: str = "aspell") -> None:
        self.folder = folder
        folder.mkdir()
        self.path = folder / name
        self.path.write_text(PROGRAM.format(python=python), encoding="utf-8")
        self.path.chmod(0o755)

    def fails(self, how: str) -> None:
        (self.folder / "how").write_text(how, encoding="utf-8")

    def log(self) -> list[str]:
        """What it was started with, and asked."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def asked(self) -> list[str]:
        return [line.removeprefix("word ") for line in self.log() if line.startswith("word ")]

    def starts(self) -> int:
        return sum(line.startswith("start") for line in self.log())
