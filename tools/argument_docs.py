#!/usr/bin/env python3
"""Prints engine/commands/argument_docs.inc: what COMMAND DOCS of a redis-server says of arguments;
with `past`, engine/commands/past_docs.inc: what it says of a command's past and end.

usage: tools/argument_docs.py PORT > engine/commands/argument_docs.inc
       tools/argument_docs.py PORT past > engine/commands/past_docs.inc
The notations are explained in the headers beside those files.
"""

import socket
import sys

TYPES = {"key", "string", "integer", "double", "pattern", "unix-time", "pure-token", "oneof", "block"}
FLAGS = {"optional": "?", "multiple": "*", "multiple_token": "+"}


def read(stream):
    line = stream.readline()[:-2]
    kind, rest = line[:1], line[1:].decode()
    if kind == b"$":
        return stream.read(int(rest) + 2)[:-2].decode()
    if kind == b":":
        return int(rest)
    if kind in b"*~":
        return [read(stream) for _ in range(int(rest))]
    if kind == b"%":
        return {read(stream): read(stream) for _ in range(int(rest))}
    return rest


def ask(port, *commands):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rwb")
        for command in commands:
            stream.write(command.encode() + b"\r\n")
            stream.flush()
            reply = read(stream)
        return reply


def notation(argument):
    assert argument["type"] in TYPES and not set(argument["name"]) & set("#='?*+@~() "), argument
    text = argument["type"] + ":" + argument["name"]
    if "key_spec_index" in argument:
        text += "#%d" % argument["key_spec_index"]
    if "token" in argument:
        assert "'" not in argument["token"], argument
        text += "='%s'" % argument["token"]
    if "since" in argument:
        text += "@" + argument["since"]
    if "deprecated_since" in argument:
        text += "~" + argument["deprecated_since"]
    for flag, letter in FLAGS.items():
        text += letter if flag in argument.get("flags", []) else ""
    if "arguments" in argument:
        text += "(" + " ".join(map(notation, argument["arguments"])) + ")"
    return text


def past(docs):
    history = "\n".join("%s %s" % (since, text) for since, text in docs.get("history", []))
    flags = " ".join(docs.get("doc_flags", []))
    assert history.count("\n") + 1 == max(1, len(docs.get("history", []))) and " " not in flags, docs
    return [history, flags, docs.get("deprecated_since", ""), docs.get("replaced_by", "")]


def all_docs(commands):
    for name, docs in commands.items():
        yield name, docs
        yield from all_docs(docs.get("subcommands", {}))


def rows(commands, want_past):
    for name, docs in all_docs(commands):
        if want_past and any(past(docs)):
            yield name, past(docs)
        elif not want_past and "arguments" in docs:
            yield name, [" ".join(map(notation, docs["arguments"]))]


def main():
    commands = ask(int(sys.argv[1]), "HELLO 3", "COMMAND DOCS")
    print("// Printed by tools/argument_docs.py from redis-server 7.0.15; sorted by name.")
    for name, texts in sorted(rows(commands, sys.argv[2:] == ["past"])):
        texts = [text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for text in texts]
        print('{"%s", %s},' % (name, ", ".join('"%s"' % text for text in texts)))


main()
