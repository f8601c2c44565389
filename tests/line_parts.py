"""Which parts the line under a figure or a table lacks: parameter file, study, records, table by phase, code.

What a line is to have follows from what it says that it comes from. A line is read as text and the texts of its links,
so the same demands hold for the Markdown that the library writes and for the pages that are built of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SENTENCE = re.compile(r"\.\s+(?=(?:From|Of|Computed) )")
COMMIT = r"[0-9a-f]{7,10}(?:-dirty)?"
CODE = re.compile(rf", code (?:of \d+ commits\b|(?:(?:{COMMIT}|unknown)(?: and )?)+)")
OF_STUDY = re.compile(r"\b(\d+ records?) of [\w-]+/[\w-]+ \(")
MEASUREMENT = re.compile(r"book/records/[\w/-]+\.json( \([^)]*\))?")
SAYS_CODE = re.compile(rf"[( ](?:code (?:{COMMIT}\b|not recorded)|records, with their code, in {COMMIT}\b)")


@dataclass(frozen=True)
class Line:
    """A line as a reader sees it.

    Attributes:
        text: without marks.
        links: the text of each link and where it leads to, in their order.
    """

    text: str
    links: list[tuple[str, str]]


def of_markdown(line: str) -> Line:
    """A line as :func:`mnemonics_lib.edition.book.source_line.line` writes it."""
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", line)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", line)
    return Line(text.replace("`", ""), [(words.replace("`", ""), target) for words, target in links])


def of_html(line: str) -> Line:
    """A line of a built page."""

    def plain(marked: str) -> str:
        return " ".join(re.sub(r"<[^>]+>", "", marked).split())

    links = re.findall(r'<a\b[^>]*\bhref="([^"]+)"[^>]*>(.*?)</a>', line, re.DOTALL)
    return Line(plain(line), [(plain(words), target) for target, words in links])


def missing(line: Line, has_parameters: bool = True) -> list[str]:
    """The parts that a line lacks, in words.

    Args:
        line: under a figure or a table.
        has_parameters: whether what its page computes was asked of a parameter file.
    """
    sentences = SENTENCE.split(line.text)
    found = [lack for sentence in sentences for lack in _of_sentence(sentence)]
    studies = len(OF_STUDY.findall(line.text))
    asked = studies + line.text.count("there are no records yet")
    names = [words for words, _ in line.links]
    wanted = {"parameters": asked, "study": asked, "by phase": studies}
    found += [f"a link called {name}" for name, number in wanted.items() if names.count(name) < number]
    found += [f"a link called {words}" for words in OF_STUDY.findall(line.text) if words not in names]
    computed = any(sentence.startswith("Computed on this page") for sentence in sentences)
    taken = "with finished work of" in line.text
    if computed and has_parameters and not taken and not any(name.startswith("params/") for name in names):
        found.append("a link to the parameter file")
    return found


def _of_sentence(sentence: str) -> list[str]:
    """What it lacks but links."""
    if sentence.startswith("Computed on this page"):
        wanted = 2 if "with finished work of" in sentence else 1
        return ["the code"] if len(CODE.findall(sentence)) < wanted else []
    if OF_STUDY.search(sentence):
        return [] if CODE.search(sentence) else ["the code"]
    if sentence.startswith("From all "):
        parts = {"the code": CODE.search(sentence), "its parts": "(parameters, studies, by phase" in sentence}
        return [name for name, there in parts.items() if not there]
    if "there are no records yet" in sentence:
        return []
    if not sentence.startswith("From "):
        return [f"a sentence that says where from, not {sentence!r}"]
    if re.search(r"\brecords of\b", sentence):
        return ["the records as links"]
    measured = [match[0] for match in MEASUREMENT.finditer(sentence)]
    return [f"the code of {each}" for each in measured if not SAYS_CODE.search(each)]
