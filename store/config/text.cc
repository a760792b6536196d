#include "store/config/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/config/raw_value.h"
#include "store/config/registry.h"
#include "store/remote/seed.h"

namespace satchel::store {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRedacted = "<redacted>";

std::string ShownValue(const KeyRow& row, const Config& config) {
  Config copy = config;
  const Field field = row.field(copy);
  if (row.type == KeyType::kSecret) {
    return std::string(FieldText(row, field).empty() ? "" : kRedacted);
  }
  if (row.key == "distributed.seeds") {
    std::ranges::transform(copy.distributed.seeds, copy.distributed.seeds.begin(), RedactSeed);
  }
  return FieldText(row, field);
}

struct ShownRow {
  std::string_view key;
  std::string value;
  std::string origin;
};

std::vector<ShownRow> ShownRows(const Config& config, bool only_set) {
  std::vector<ShownRow> rows;
  for (const KeyRow& row : KeyRows()) {
    const Origin& origin = config.origin(row.key);
    if (only_set && !origin.is_set()) continue;
    rows.push_back({row.key, ShownValue(row, config), origin.ToString()});
  }
  for (const Parameter& parameter : config.parameters) {
    if (only_set && !parameter.origin.is_set()) continue;
    rows.push_back({parameter.name, parameter.text, parameter.origin.ToString()});
  }
  for (const Parameter& user : config.users) {
    rows.push_back({user.name, std::string(kRedacted), user.origin.ToString()});
  }
  return rows;
}

std::string ShowTable(const std::vector<ShownRow>& rows) {
  std::size_t key_width = 0;
  std::size_t value_width = 0;
  const auto quoted = [](const std::string& value) {
    return value.empty() ? std::string("\"\"") : Printable(value);
  };
  for (const ShownRow& row : rows) {
    key_width = std::max(key_width, row.key.size());
    value_width = std::max(value_width, quoted(row.value).size());
  }
  std::string text;
  for (const ShownRow& row : rows) {
    text += fmt::format("{:{}}  {:{}}  {}\n", row.key, key_width, quoted(row.value), value_width,
                        row.origin);
  }
  return text;
}

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ShowJson(const std::vector<ShownRow>& rows) {
  Json keys = Json::object();
  for (const ShownRow& row : rows) {
    keys[std::string(row.key)] = {{"value", row.value}, {"source", row.origin}};
  }
  return Dump(keys);
}

std::vector<Finding> WithSeverity(const LoadedConfig& loaded, Finding::Severity severity) {
  std::vector<Finding> found;
  std::ranges::copy_if(loaded.findings, std::back_inserter(found),
                       [&](const Finding& finding) { return finding.severity == severity; });
  return found;
}

Json FindingsJson(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"key", finding.key}, {"text", finding.text}, {"source", finding.source}});
  }
  return list;
}

constexpr std::string_view kDocsHead = R"(# Configuration

<!-- Printed by `satchel config docs`; do not edit. -->

A program that uses Satchel reads one set of keys. Each key may be given in four places; the order is

> CLI flag > environment > file > default

The file is the one that `--config` names, else the one that `SATCHEL_CONFIG` names, else `./satchel.json` if it
exists. It is JSON with `//` and `/* */` comments. A key with a point is a key inside a section, so `listen.port` is
`{"listen": {"port": 7000}}`. In the environment it is `SATCHEL_LISTEN__PORT`, and on the command line `--listen-port`.
An unknown key, a duplicate, a value of the wrong kind: everything that is wrong is reported at once, each with its
file and line, and nothing starts.

## A worked example

`satchel.json`, for a server that keeps its data and can be reached by other machines:

```json
{
  // everything in this process; "distributed" would use a Redis server instead
  "mode": "standalone",
  "listen": {"address": "0.0.0.0", "password_file": "/etc/satchel/password"},
  "persistence": {"data_dir": "/var/lib/satchel", "snapshot_interval": "1m"}
}
```

One start on another port, with the file as it is:

```
satchel serve --port 7000
```

And the same program with its data in a Redis server, from the environment alone:

```
SATCHEL_MODE=distributed SATCHEL_DISTRIBUTED__SEEDS=redis.example:6379 program
```

`satchel config show` prints every key with its value and where that came from; `--only-set` leaves the defaults out.
`satchel config validate` prints what is wrong.

## From a redis.conf

`satchel serve /etc/redis/redis.conf` takes what applies of a redis.conf in place of the file above; giving both is an
error. Flags and the environment count more than it, as they do with the other file: `--port 7000` after the name of
the file is that port. `satchel config validate FILE.conf` and `config show FILE.conf` work with it.

| directives | become |
|---|---|
| `port`, `bind`, `unixsocket`, `unixsocketperm`, `requirepass`, `aclfile`, `maxclients`, `timeout`, `tcp-keepalive`, `tcp-backlog`, `databases`, `loglevel`, `logfile` | the keys below |
| `dir` | the folder where names of files begin; the data is in `satchel-data` inside it |
| `save` | save points; `save ""` none, and then none at the end either; without the line those of Redis |
| `user` | users, as in an ACL file |
| `maxmemory*`, `client-*`, `slowlog-*`, `latency-*`, `notify-keyspace-events`, the limits of packed values and more | what CONFIG SET does, see [parameters.md](parameters.md) |
| `include` | the lines of the files it names; a pattern may name none |
| `daemonize`, `pidfile`, `supervised`, `repl-*`, `appendfsync` and more | ignored, each named once at the start |
| `appendonly yes`, `replicaof`, `masterauth`, `cluster-enabled yes`, `tls-*`, `rename-command`, `loadmodule`, `min-replicas-to-write` | refused: ignored, they would lose data or protection that the file promises |
| anything else | refused, with the nearest directive that exists |

Without a `bind` line the server listens everywhere when a password, users or an ACL file guard it, else on
127.0.0.1. A `dump.rdb` in `dir` is not read; the server refuses to start beside one until it has data of its own.
CONFIG REWRITE puts what was changed by CONFIG SET or ACL SETUSER since the start into the file: in place of the lines
of the same directives, or at the end. All else, comments and ignored lines included, stays as it is, and the file is
replaced as a whole with its mode.

## Modes

`mode` says where data lives: `standalone` in this process, `distributed` in the Redis server of `distributed.seeds`.
A component may differ from the rest: `COMPONENT.mode` overrides `mode`, and empty, the default, inherits it. A
component never inherits from another one. `workflow` and `task` share their keys and must have the same mode.

| mode | store.mode | memory.mode | store | memory | auth |
|---|---|---|---|---|---|
| | | | standalone | standalone | standalone |
| distributed | | | distributed | distributed | distributed |
| standalone | distributed | | distributed | standalone | standalone |
| distributed | | standalone | distributed | standalone | distributed |

## Kinds of values

| kind | is |
|---|---|
| duration | a number with a unit: `ms`, `s`, `m`, `h`, `d`, as in `"250ms"`; a bare number is refused |
| size | bytes, or a number with `B`, `KiB`, `MiB` or `GiB` |
| bool | `true` or `false`; in the environment also `1` and `0` |
| list | a list of strings; in the environment separated by commas, or a JSON list |
| secret | a string that is never printed; `KEY_file` names a file that holds it instead |
| mode | `standalone`, `distributed`, or empty to inherit; blanks and case do not matter |
| file mode | octal text, `"0600"` |

An empty variable counts as not set.

## Keys
)";

std::string Limits(const KeyRow& row) {
  switch (row.type) {
    case KeyType::kEnum:
      return fmt::format("{}", fmt::join(row.words, ", "));
    case KeyType::kInt:
      return fmt::format("{}..{}", row.min, row.max);
    case KeyType::kPort:
      return fmt::format("{}..{}, auto", row.min, row.max);
    default:
      return {};
  }
}

std::string DefaultNote(const KeyRow& row) {
  if (!row.default_note.empty()) return std::string(row.default_note);
  return row.default_text.empty() ? "empty" : fmt::format("`{}`", row.default_text);
}

std::string FlagNames(std::string_view key) {
  std::vector<std::string> names;
  for (const Flag& flag : Flags()) {
    if (flag.key != key) continue;
    names.push_back(flag.fixed_value.empty()
                        ? fmt::format("`{}`", flag.name)
                        : fmt::format("`{}` (= {})", flag.name, flag.fixed_value));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string DocsRow(const KeyRow& row) {
  std::string kind(KeyTypeName(row.type));
  if (const std::string limits = Limits(row); !limits.empty()) kind += ": " + limits;
  return fmt::format("### `{}`\n{}\n\n* Kind: {}; default: {}\n* `{}`, {}\n\n", row.key,
                     row.summary, kind, DefaultNote(row), EnvironmentName(row.key),
                     FlagNames(row.key));
}

}  // namespace

std::string FormatShow(const Config& config, const ShowOptions& options) {
  const std::vector<ShownRow> rows = ShownRows(config, options.only_set);
  return options.style == TextStyle::kJson ? ShowJson(rows) : ShowTable(rows);
}

std::string FormatFindings(const LoadedConfig& loaded, TextStyle style) {
  const auto errors = WithSeverity(loaded, Finding::Severity::kError);
  const auto warnings = WithSeverity(loaded, Finding::Severity::kWarning);
  if (style == TextStyle::kJson) {
    return Dump({{"valid", errors.empty()},
                 {"errors", FindingsJson(errors)},
                 {"warnings", FindingsJson(warnings)}});
  }
  std::string text;
  for (const Finding& finding : errors) text += fmt::format("error: {}\n", finding.ToString());
  for (const Finding& finding : warnings) text += fmt::format("warning: {}\n", finding.ToString());
  return text +
         (errors.empty() ? "The configuration is valid.\n" : "The configuration is not valid.\n");
}

std::string FormatDocs() {
  std::string text(kDocsHead);
  text += '\n';
  for (const KeyRow& row : KeyRows()) text += DocsRow(row);
  text.pop_back();
  return text;
}

}  // namespace satchel::store
