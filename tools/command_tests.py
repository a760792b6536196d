#!/usr/bin/env python3
"""Prints docs/command-tests.md: the tests of each command and subcommand of docs/commands.md.

usage: tools/command_tests.py > docs/command-tests.md
       tools/command_tests.py check     compares with the page; fails when it is stale, or when a
                                        command has no test of its own
"""

import collections
import difflib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "command-tests.md"
SHOWN = 3

HEAD = """# Tests of the commands

<!-- Printed by tools/command_tests.py; do not edit. -->

Of each command, the files of [the oracle](../tests/oracle/README.md) with the most lines of it, at
most three; of commands that redis-server 7.0.15 does not have, the tests that name them. Lines that
only get the number of arguments or the type of the key wrong (`arity.txt`, `wrong_type.txt`) do not
count. The ctest entry `command_tests` fails when a command has none.
"""

# One line for every command each; they say nothing of what a command does.
GENERIC = {"arity.txt", "wrong_type.txt"}


def groups():
    """Yields ("list", ["BLMOVE", ...]) as docs/commands.md has them."""
    name, commands = None, []
    for line in (ROOT / "docs" / "commands.md").read_text().splitlines() + ["## "]:
        if line.startswith("## "):
            if name:
                yield name, commands
            name, commands = line[3:], []
        elif line.startswith("| ") and not line.startswith("| command "):
            commands.append(line.split("|")[1].strip())


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


def page():
    tables = list(groups())
    known = {name for _, commands in tables for name in commands}
    lines = oracle_lines(known)
    others = gtest_files(known - set(lines))
    text, untested = HEAD, []
    for group, commands in tables:
        text += "\n## %s\n\n| command | tests |\n|---|---|\n" % group
        for name in commands:
            counted = sorted(lines[name].items(), key=lambda item: (-item[1], item[0]))
            tests = ["oracle/" + file for file, _ in counted[:SHOWN]] or others[name][:SHOWN]
            if not tests:
                untested.append(name)
            text += "| %s | %s |\n" % (name, ", ".join(tests))
    return text, untested


def main():
    text, untested = page()
    if sys.argv[1:] != ["check"]:
        sys.stdout.write(text)
    for name in untested:
        print("no test: " + name, file=sys.stderr)
    stale = sys.argv[1:] == ["check"] and PAGE.read_text() != text
    if stale:
        sys.stderr.writelines(difflib.unified_diff(PAGE.read_text().splitlines(True), text.splitlines(True),
                                                   str(PAGE), "tools/command_tests.py"))
        print("run tools/command_tests.py > docs/command-tests.md", file=sys.stderr)
    sys.exit(1 if untested or stale else 0)


main()
