#include "server/parameters.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "base/text.h"
#include "server/info.h"

namespace satchel::server {
namespace {

using engine::Engine;

constexpr std::array<std::string_view, 3> kClassNames = {"normal", "slave", "pubsub"};

SettingRow AtomicSetting(const char* name, const char* summary, std::atomic<std::int64_t>& value,
                         std::int64_t min, std::function<void()> changed = {}) {
  return {.name = name,
          .summary = summary,
          .get = [&value] { return FormatInt(value); },
          .set = [&value, min, changed](std::string_view text) -> Result<void> {
            std::int64_t parsed = 0;
            SettingRow row = IntSetting("", "", &parsed, min, INT32_MAX);
            SATCHEL_TRY(row.set(text));
            value = parsed;
            if (changed) changed();
            return {};
          }};
}

std::string FormatLimits(const Parameters& parameters) {
  std::string text;
  for (std::size_t i = 0; i < kClassNames.size(); ++i) {
    const OutputLimit& limit = parameters.output_limits[i];
    if (i > 0) text += ' ';
    text += std::string(kClassNames[i]) + ' ' + FormatInt(limit.hard_bytes) + ' ' +
            FormatInt(limit.soft_bytes) + ' ' + FormatInt(limit.soft_seconds);
  }
  return text;
}

struct LimitChange {
  std::size_t index;
  std::int64_t hard_bytes, soft_bytes, soft_seconds;
};

std::optional<std::size_t> ParseClass(std::string_view name) {
  if (EqualIgnoreCase(name, "replica")) name = "slave";
  for (std::size_t i = 0; i < kClassNames.size(); ++i) {
    if (EqualIgnoreCase(name, kClassNames[i])) return i;
  }
  return std::nullopt;
}

Result<LimitChange> ParseLimit(const std::string* words) {
  const auto index = ParseClass(words[0]);
  if (!index) {
    return MakeError(ErrorCode::kConfig,
                     "Invalid client class specified in buffer limit configuration.");
  }
  const auto hard = ParseMemorySize(words[1]);
  const auto soft = ParseMemorySize(words[2]);
  const auto seconds = ParseInt(words[3]);
  if (!hard || !soft || !seconds || *hard < 0 || *soft < 0 || *seconds < 0) {
    return MakeError(ErrorCode::kConfig,
                     "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  }
  return LimitChange{*index, *hard, *soft, *seconds};
}

Result<void> SetLimits(Parameters& parameters, std::string_view text) {
  const auto words = SplitArgs(text);
  if (!words || words->size() % 4 != 0) {
    return MakeError(ErrorCode::kConfig,
                     "Wrong number of arguments in buffer limit configuration.");
  }
  std::vector<LimitChange> changes;
  for (std::size_t i = 0; i < words->size(); i += 4) {
    SATCHEL_ASSIGN(const LimitChange change, ParseLimit(&(*words)[i]));
    changes.push_back(change);
  }
  for (const LimitChange& change : changes) {
    OutputLimit& limit = parameters.output_limits[change.index];
    limit.hard_bytes = change.hard_bytes;
    limit.soft_bytes = change.soft_bytes;
    limit.soft_seconds = change.soft_seconds;
  }
  return {};
}

// Less would leave no client to change the limit.
constexpr std::int64_t kMinClientMemory = 128 * 1024;

std::string FormatClientMemory(std::int64_t value) {
  return value < 0 ? FormatInt(-value) + "%" : FormatInt(value);
}

Result<std::int64_t> ParseClientMemory(std::string_view text) {
  if (text.ends_with('%')) {
    const auto percent = ParseInt(text.substr(0, text.size() - 1));
    if (percent && *percent > 100) {
      return MakeError(ErrorCode::kConfig, "percentage argument must be less or equal to 100");
    }
    if (percent && *percent >= 0) return -*percent;
  } else if (const auto bytes = ParseMemorySize(text); bytes && *bytes >= 0) {
    return *bytes;
  }
  return MakeError(ErrorCode::kConfig, "argument must be a memory or percent value");
}

std::string FormatOctal(std::int64_t mode) {
  std::string text;
  for (; mode > 0; mode /= 8) text.insert(text.begin(), static_cast<char>('0' + mode % 8));
  return text.empty() ? "0" : text;
}

// A row whose value is known once the server listens.
SettingRow StartSetting(const char* name, const char* summary, std::function<std::string()> get) {
  return {.name = name, .summary = summary, .get = std::move(get)};
}

void AddRows(Settings& settings, const std::shared_ptr<Parameters>& parameters) {
  Parameters* const p = parameters.get();
  // The first row owns the parameters, so that they live as long as the engine.
  settings.Add(StartSetting("bind", "Addresses that are listened on.",
                            [parameters] { return parameters->bind; }));
  settings.Add(StartSetting("port", "TCP port; 0: none.", [p] { return FormatInt(p->port); }));
  settings.Add(StartSetting("unixsocket", "Path of the Unix socket; empty: none.",
                            [p] { return p->unix_socket; }));
  settings.Add(StartSetting("unixsocketperm", "Mode of the Unix socket's file, octal.",
                            [p] { return FormatOctal(p->unix_socket_mode); }));
  settings.Add(StartSetting("tcp-backlog", "Connections that wait to be accepted.",
                            [p] { return FormatInt(p->backlog); }));
  settings.Add(AtomicSetting("maxclients", "Most connections at a time.", p->max_clients, 1));
  settings.Add(AtomicSetting("timeout", "Seconds after which an idle client is closed; 0: never.",
                             p->idle_timeout_s, 0, [p] {
                               if (p->on_idle_timeout) p->on_idle_timeout();
                             }));
  settings.Add(AtomicSetting("tcp-keepalive", "Seconds of silence before a peer is probed.",
                             p->keepalive_s, 0));
  settings.Add({.name = "client-query-buffer-limit",
                .summary = "Bytes of requests that a client may have sent and not finished.",
                .get = [p] { return FormatInt(p->query_buffer_limit); },
                .set = [p](std::string_view text) -> Result<void> {
                  std::int64_t parsed = 0;
                  SATCHEL_TRY(SizeSetting("", "", &parsed, 1 << 20, INT64_MAX).set(text));
                  p->query_buffer_limit = parsed;
                  return {};
                }});
  settings.Add({.name = "maxmemory-clients",
                .summary = "What all clients' buffers may take, in bytes or percent of maxmemory; "
                           "0: no limit.",
                .get = [p] { return FormatClientMemory(p->max_client_memory); },
                .set = [p](std::string_view text) -> Result<void> {
                  SATCHEL_ASSIGN(p->max_client_memory, ParseClientMemory(text));
                  p->eviction_limit = 0;
                  return {};
                }});
  settings.Add({.name = "client-output-buffer-limit",
                .summary = "Unread output per class of client: hard and soft limit, seconds.",
                .get = [p] { return FormatLimits(*p); },
                .set = [p](std::string_view text) { return SetLimits(*p, text); }});
}

}  // namespace

std::int64_t Parameters::NoteClientMemoryLimit(std::int64_t max_memory) {
  std::int64_t limit = max_client_memory;
  if (limit < 0) limit = max_memory / 100 * -limit + max_memory % 100 * -limit / 100;
  eviction_limit = limit == 0 ? INT64_MAX : std::max(limit, kMinClientMemory);
  return eviction_limit;
}

Parameters& Parameters::Of(Engine& engine) {
  if (auto* known = engine.Service<Parameters>()) return *known;
  const auto parameters = std::make_shared<Parameters>();
  engine.Attach(parameters.get());
  AddRows(engine.settings(), parameters);
  AddInfoSections(engine);
  return *parameters;
}

}  // namespace satchel::server
