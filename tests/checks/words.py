"""Check of tests/check for words: expressions that cost readers a second reading, in comments and documents.

Standard input has the names of the tree's .h, .cc, .proto and .md files, with a zero byte after each, relative to the working
directory. Faults are printed, one a line, as FILE:LINE: what is wrong. Of code only // comments count; of Markdown everything but
code, so that a document may quote such an expression in backquotes.
"""
import re
import sys

# What is refused, and what to say instead.
WORDS = {
    "so many": "this many, or the name of the number",
    "so long": "this long, or as long as",
    "anew": "again, or newly",
    "whoever": "the noun: the caller, the thread that, every client that",
    "as it comes": "in the order of arrival, or when it arrives",
}
PATTERNS = [(word, re.compile(rf"\b{word}\b".replace(" ", r"\s+"), re.IGNORECASE)) for word in WORDS]
# A line with a comment: what stands before it is strings, characters and everything else.
COMMENT = re.compile(r"""^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'|(?!//)[^"])*?//(.*)$""")


def blank(match):
    return re.sub(r"[^\n]+", " . ", match.group())


def prose(path, text):
    """The text of comments, or of a document without its code; every line stays at its place."""
    if path.endswith(".md"):
        text = re.sub(r"^ *```.*?^ *```", blank, text, flags=re.MULTILINE | re.DOTALL)
        return re.sub(r"`[^`]*`", blank, text)
    comments = [COMMENT.match(line) for line in text.splitlines()]
    return "\n".join(comment.group(1) if comment else "." for comment in comments)


def main():
    for path in (name for name in sys.stdin.read().split("\0") if name):
        with open(path, encoding="utf-8") as file:
            text = prose(path, file.read())
        faults = [(match.start(), word) for word, pattern in PATTERNS for match in pattern.finditer(text)]
        for start, word in sorted(faults):
            print(f"{path}:{text.count(chr(10), 0, start) + 1}: \"{word}\", better: {WORDS[word]}")


main()
