#include "engine/client_line.h"

#include <algorithm>

#include "base/text.h"
#include "engine/acl.h"
#include "engine/tracking.h"

namespace satchel::engine {
namespace {

std::string FlagsOf(const Session& session) {
  std::string flags;
  if (session.monitoring) flags += 'O';
  if (session.subscribed()) flags += 'P';
  if (session.in_multi) flags += 'x';
  if (session.blocked) flags += 'b';
  if (session.tracking != nullptr) {
    flags += 't';
    if (session.tracking->broken_redirect) flags += 'R';
    if (session.tracking->broadcast) flags += 'B';
  }
  if (session.watch_failed) flags += 'd';
  if (session.closing) flags += 'c';
  if (session.peer != nullptr && session.peer->Address().starts_with('/')) flags += 'U';
  if (session.no_evict) flags += 'e';
  if (session.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

class Fields {
 public:
  void Add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += ' ';
    text_ += name;
    text_ += '=';
    text_ += value;
  }
  template <class Number>
  void AddNumber(std::string_view name, Number value) {
    Add(name, FormatInt(static_cast<std::int64_t>(value)));
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string ClientLine(const Session& session, std::int64_t now_ms) {
  Fields fields;
  const Peer* peer = session.peer;
  const std::size_t input = peer ? peer->InputBytes() : 0;
  const std::size_t output = peer ? peer->OutputBytes() : 0;
  fields.AddNumber("id", session.id);
  fields.Add("addr", peer ? peer->Address() : "");
  fields.Add("laddr", peer ? peer->LocalAddress() : "");
  fields.AddNumber("fd", peer ? peer->FileDescriptor() : -1);
  fields.Add("name", session.name);
  fields.AddNumber("age", (now_ms - session.created_ms) / 1000);
  fields.AddNumber("idle", std::max<std::int64_t>(0, now_ms - session.last_active_ms) / 1000);
  fields.Add("flags", FlagsOf(session));
  fields.AddNumber("db", session.db);
  fields.AddNumber("sub", session.channels.size());
  fields.AddNumber("psub", session.patterns.size());
  fields.AddNumber("ssub", session.shard_channels.size());
  fields.AddNumber("multi",
                   session.in_multi ? static_cast<std::int64_t>(session.queued.size()) : -1);
  fields.AddNumber("watch", session.watched.size());
  fields.AddNumber("qbuf", input);
  fields.AddNumber("qbuf-free", peer ? peer->FreeInputBytes() : 0);
  // Arguments are views into the input; only a blocked command has copies.
  std::size_t argument_bytes = 0;
  if (session.blocked != nullptr) {
    for (const std::string& arg : session.blocked->args) argument_bytes += arg.size();
  }
  fields.AddNumber("argv-mem", argument_bytes);
  fields.AddNumber("multi-mem", session.queued_bytes);
  // Output is one queue, which has no memory while it is empty: no fixed buffer and no list.
  for (std::string_view name : {"rbs", "rbp"}) fields.AddNumber(name, 0);
  fields.AddNumber("obl", output);
  fields.AddNumber("oll", 0);
  fields.AddNumber("omem", peer ? peer->OutputMemoryBytes() : 0);
  fields.AddNumber("tot-mem", session.MemoryBytes());
  fields.Add("events", output > 0 ? "rw" : "r");
  fields.Add("cmd", session.last_command ? CommandTable::FullName(*session.last_command) : "NULL");
  fields.Add("user", session.user != nullptr ? session.user->name() : "default");
  fields.AddNumber("redir", session.tracking == nullptr
                                ? -1
                                : static_cast<std::int64_t>(session.tracking->redirect));
  fields.AddNumber("resp", session.protocol);
  fields.Add("lib-name", session.library_name);
  fields.Add("lib-ver", session.library_version);
  fields.AddNumber("io-thread", 0);
  fields.AddNumber("tot-net-in", peer ? peer->TotalInputBytes() : 0);
  fields.AddNumber("tot-net-out", peer ? peer->TotalOutputBytes() : 0);
  fields.AddNumber("tot-cmds", session.commands);
  return fields.Take();
}

}  // namespace satchel::engine
