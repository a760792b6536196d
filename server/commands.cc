#include "server/commands.h"

#include "engine/call.h"
#include "lua/scripts.h"

namespace satchel::server {
namespace {

using engine::Call;
using engine::Command;
using engine::Engine;

struct ShutdownArguments {
  ShutdownRequest request;
  bool abort = false;
};

Result<ShutdownArguments> ParseShutdown(const Call& call) {
  using Save = ShutdownRequest::Save;
  ShutdownArguments parsed;
  ShutdownRequest& request = parsed.request;
  bool save = false;
  bool nosave = false;
  for (std::size_t i = 1; i < call.argc(); ++i) {
    if (call.Is(i, "NOSAVE")) {
      nosave = true;
    } else if (call.Is(i, "SAVE")) {
      save = true;
    } else if (call.Is(i, "NOW")) {
      request.now = true;
    } else if (call.Is(i, "FORCE")) {
      request.force = true;
    } else if (call.Is(i, "ABORT")) {
      parsed.abort = true;
    } else {
      return engine::ReplyError(engine::kSyntaxError);
    }
  }
  if ((parsed.abort && call.argc() > 2) || (save && nosave)) {
    return engine::ReplyError(engine::kSyntaxError);
  }
  if (save || nosave) request.save = save ? Save::kYes : Save::kNo;
  return parsed;
}

// A connection gets no reply: it sees its end.
void Shutdown(Call& call, Reply& reply) {
  const auto parsed = ParseShutdown(call);
  if (!parsed) return reply.Error(parsed.error());
  if (parsed->abort) return reply.Error("ERR No shutdown in progress.");
  Engine& engine = call.engine();
  const bool saves = parsed->request.save != ShutdownRequest::Save::kNo;
  if (engine.busy() && saves) return reply.Error(engine.busy_refusal());
  const auto* hook = engine.Service<ShutdownHook>();
  if (hook == nullptr || !hook->shutdown) {
    return reply.Error("ERR SHUTDOWN ends a server, and none runs in this process");
  }
  if (auto asked = hook->shutdown(parsed->request); !asked) return reply.Error(asked.error());
  // A script would go on for as long as it likes: what it did is lost with the rest.
  if (engine.busy()) engine.Service<lua::Scripts>()->runner().Abandon();
  if (call.session().kind != engine::Session::Kind::kClient) return reply.Ok();
  call.session().closing = true;
}

constexpr Command kServerCommands[] = {
    {.name = "SHUTDOWN",
     .arity = -1,
     .flags = engine::kAdmin | engine::kNoScript | engine::kLoading | engine::kStale |
              engine::kNoMulti | engine::kAllowBusy,
     .run = Shutdown,
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(N) when saving, where N is the total number of keys in all databases when "
                   "saving data, otherwise O(1)",
     .summary = "Ends the server."},
};
static_assert(RowsAreSound(kServerCommands));

}  // namespace

std::span<const Command> ServerCommands() { return kServerCommands; }

}  // namespace satchel::server
