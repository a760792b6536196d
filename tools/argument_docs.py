#!/usr/bin/env python3
"""Prints engine/commands/argument_docs.inc: what COMMAND DOCS of a redis-server says of arguments.

usage: tools/argument_docs.py PORT > engine/commands/argument_docs.inc
The notation is explained in engine/commands/argument_docs.h.
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


def rows(commands):
    for name, docs in commands.items():
        if "arguments" in docs:
            yield name, " ".join(map(notation, docs["arguments"]))
        yield from rows(docs.get("subcommands", {}))


def main():
    commands = ask(int(sys.argv[1]), "HELLO 3", "COMMAND DOCS")
    print("// Printed by tools/argument_docs.py from redis-server 7.0.15; sorted by name.")
    for name, text in sorted(rows(commands)):
        text = text.replace("\\", "\\\\").replace('"', '\\"')
        print('{"%s", "%s"},' % (name, text))


main()
