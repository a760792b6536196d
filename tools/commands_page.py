#!/usr/bin/env python3
"""Prints docs/commands.md: the rows as `satchel commands` prints them, and the tests of each.

usage: tools/commands_page.py SATCHEL > docs/commands.md
       tools/commands_page.py SATCHEL check     compares with the page; fails when it is stale, or
                                                when a command has no test of its own
"""

import collections
import difflib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "commands.md"
SHOWN = 3
TESTS = """
`tests` names, of each command, the files of [the oracle](../tests/oracle/README.md) with the most lines
of it, at most three; of commands that redis-server 7.0.15 does not have, the tests that name them. Lines
that only get the number of arguments or the type of the key wrong (`arity.txt`, `wrong_type.txt`) do not
count. The ctest entry `commands_page` fails when a command has none.
"""

# One line for every command each; they say nothing of what a command does.
GENERIC = {"arity.txt", "wrong_type.txt"}


def command_words(line):
    """The two upper-case words that a line of the oracle begins with after its modifiers."""
    words = re.sub(r'^(raw|satchel-differs) ("(\\.|[^"\\])*"|\'[^\']*\')', r"\2", line).split()
    for at, word in enumerate(words):
        if re.match(r"^[A-Z]", word) and not words[max(0, at - 1)].startswith("satchel-differs"):
            return [w.strip('"').upper() for w in words[at:at + 2]]
    return []


def oracle_lines(known):
    """Counts of lines, by command and by file."""
    lines = collections.defaultdict(collections.Counter)
    for file in sorted((ROOT / "tests" / "oracle").glob("*.txt")):
        if file.name in GENERIC or file.name == "CMakeLists.txt":
            continue
        for line in file.read_text(errors="replace").splitlines():
            line = re.sub(r'^satchel-differs "(\\.|[^"\\])*" *', "", line.strip())
            words = command_words(line)
            for name in {words[0], " ".join(words)} & known if words else ():
                lines[name][file.name] += 1
    return lines


def gtest_files(names):
    """The test files whose strings name a command: "MSETEX ..." or "CLIENT", "SETINFO"."""
    files = collections.defaultdict(list)
    for file in sorted((ROOT / "tests").glob("*/*_test.cc")):
        text = file.read_text()
        for name in names:
            words = r'(?: |", ")'.join(map(re.escape, name.split()))
            if re.search(r'"' + words + r'[" ]', text):
                files[name].append(str(file.relative_to(ROOT / "tests")))
    return files


def name_of(row):
    """The command of a row of a table; None for other lines."""
    if not row.startswith("| ") or row.startswith("| command "):
        return None
    return row.split("|")[1].strip()


def page(satchel):
    rows = subprocess.run([satchel, "commands"], check=True, capture_output=True, text=True).stdout.splitlines()
    known = {name_of(row) for row in rows} - {None}
    lines = oracle_lines(known)
    others = gtest_files(known - set(lines))
    text, untested = [], []
    rows.insert(1, "\n<!-- Printed by tools/commands_page.py; do not edit. -->")
    for row in rows:
        name = name_of(row)
        if name:
            counted = sorted(lines[name].items(), key=lambda item: (-item[1], item[0]))
            tests = ["oracle/" + file for file, _ in counted[:SHOWN]] or others[name][:SHOWN]
            if not tests:
                untested.append(name)
            row += " %s |" % ", ".join(tests)
        elif row.startswith("| command "):
            row += " tests |"
        elif row.startswith("|---"):
            row += "---|"
        elif row.startswith("## ") and not any(line.startswith("## ") for line in text):
            text += TESTS.strip("\n").splitlines() + [""]
        text.append(row)
    return "\n".join(text) + "\n", untested


def main():
    satchel, check = sys.argv[1], sys.argv[2:] == ["check"]
    text, untested = page(satchel)
    if not check:
        sys.stdout.write(text)
    for name in untested:
        print("no test: " + name, file=sys.stderr)
    stale = check and PAGE.read_text() != text
    if stale:
        sys.stderr.writelines(difflib.unified_diff(PAGE.read_text().splitlines(True), text.splitlines(True),
                                                   str(PAGE), "tools/commands_page.py"))
        print("run tools/commands_page.py SATCHEL > docs/commands.md", file=sys.stderr)
    sys.exit(1 if untested or stale else 0)


main()
