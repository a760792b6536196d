// Commands about the connection itself. Source: redis 7.0.15, the commands of the same names.

#include <algorithm>

#include "base/bytes.h"
#include "engine/call.h"
#include "engine/client_line.h"
#include "engine/commands/families.h"
#include "engine/commands/help.h"
#include "engine/pubsub.h"

namespace satchel::engine {
namespace {

constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

// --- AUTH, HELLO, RESET --------------------------------------------------------------------

// False, and noted, when the user may not come in.
bool LogIn(Call& call, std::string_view user, std::string_view password) {
  Engine& engine = call.engine();
  const AclUser* found = engine.acl().Authenticate(user, password);
  if (found == nullptr) {
    engine.NoteFailedLogin(call.session(), call.arg(0), user);
    return false;
  }
  call.session().user = found;
  call.session().authenticated = true;
  return true;
}

void Auth(Call& call, Reply& reply) {
  if (call.argc() > 3) return reply.Error(kSyntaxError);
  for (std::size_t i = 1; i < call.argc(); ++i) call.Redact(i);
  if (call.argc() == 2 && call.engine().acl().default_user().no_password()) {
    return reply.Error(
        "ERR AUTH <password> called without any password configured for the default user. Are "
        "you sure your configuration is correct?");
  }
  const std::string_view user = call.argc() == 3 ? call.arg(1) : "default";
  if (!LogIn(call, user, call.arg(call.argc() - 1))) return reply.Error(kWrongPassword);
  reply.Ok();
}

bool IsName(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

constexpr std::string_view kBadName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

void SetProtocol(Session& session, int protocol) {
  session.protocol = protocol;
  if (session.peer != nullptr) session.peer->ProtocolChanged(protocol);
}

// The protocol to speak. What the options say is done at once, as redis does: AUTH counts even
// if a later option is wrong.
Result<int> DoHello(Call& call) {
  Session& session = call.session();
  int protocol = session.protocol;
  if (call.argc() > 1) {
    const auto version = ParseInt(call.arg(1));
    if (!version) return ReplyError("ERR Protocol version is not an integer or out of range");
    if (*version != 2 && *version != 3) return ReplyError("NOPROTO unsupported protocol version");
    protocol = static_cast<int>(*version);
  }
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const std::size_t left = call.argc() - 1 - i;
    if (call.Is(i, "AUTH") && left >= 2) {
      call.Redact(i + 1);
      call.Redact(i + 2);
      if (!LogIn(call, call.arg(i + 1), call.arg(i + 2))) return ReplyError(kWrongPassword);
      i += 2;
    } else if (call.Is(i, "SETNAME") && left >= 1) {
      if (!IsName(call.arg(++i))) return ReplyError(kBadName);
      session.name = call.arg(i);
    } else {
      return ReplyError("ERR Syntax error in HELLO option '" + Printed(call.arg(i)) + "'");
    }
  }
  return protocol;
}

void Hello(Call& call, Reply& reply) {
  const auto protocol = DoHello(call);
  if (!protocol) return reply.Error(protocol.error());
  Session& session = call.session();
  if (!session.authenticated && call.engine().acl().authentication_needed()) {
    return reply.Error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time");
  }
  if (call.argc() > 1) SetProtocol(session, *protocol);
  reply.BeginMap(7);
  reply.Bulk("server");
  reply.Bulk("redis");
  reply.Bulk("version");
  reply.Bulk(call.engine().config().announced_version);
  reply.Bulk("proto");
  reply.Integer(session.protocol);
  reply.Bulk("id");
  reply.Integer(static_cast<std::int64_t>(session.id));
  reply.Bulk("mode");
  reply.Bulk("standalone");
  reply.Bulk("role");
  reply.Bulk("master");
  reply.Bulk("modules");
  reply.BeginArray(0);
}

void Reset(Call& call, Reply& reply) {
  Session& session = call.session();
  call.engine().DiscardTransaction(session);
  call.engine().pubsub().UnsubscribeAll(session);
  call.engine().tracking().Disable(session);
  call.engine().Monitor(session, false);
  session.db = 0;
  session.name.clear();
  session.no_evict = session.no_touch = false;
  session.reply_mode = ReplyMode::kOn;
  call.engine().SetUser(session, nullptr);
  SetProtocol(session, 2);
  reply.Status("RESET");
}

void Quit(Call& call, Reply& reply) {
  call.session().closing = true;
  reply.Ok();
}

// --- Small ones ----------------------------------------------------------------------------

void Ping(Call& call, Reply& reply) {
  if (call.argc() > 2) return reply.Error(ArityText("ping"));
  const std::string_view text = call.argc() == 2 ? call.arg(1) : std::string_view();
  if (call.session().protocol == 2 && call.session().subscribed()) {
    reply.BeginArray(2);
    reply.Bulk("pong");
    return reply.Bulk(text);
  }
  if (call.argc() == 1) return reply.Status("PONG");
  reply.Bulk(text);
}

void Echo(Call& call, Reply& reply) { reply.Bulk(call.arg(1)); }

void Select(Call& call, Reply& reply) {
  auto db = call.SmallInteger(1);
  if (!db) return reply.Error(db.error());
  if (*db < 0 || *db >= call.engine().keyspace().databases()) return reply.Error(kInvalidDb);
  call.session().db = *db;
  reply.Ok();
}

// --- CLIENT --------------------------------------------------------------------------------

void ClientId(Call& call, Reply& reply) {
  reply.Integer(static_cast<std::int64_t>(call.session().id));
}

void ClientInfo(Call& call, Reply& reply) {
  reply.Verbatim("txt", ClientLine(call.session(), call.now_ms()) + "\n");
}

void ClientGetname(Call& call, Reply& reply) {
  if (call.session().name.empty()) return reply.Null();
  reply.Bulk(call.session().name);
}

void ClientSetname(Call& call, Reply& reply) {
  if (!IsName(call.arg(2))) return reply.Error(kBadName);
  call.session().name = call.arg(2);
  reply.Ok();
}

void ClientSetinfo(Call& call, Reply& reply) {
  const bool name = call.Is(2, "lib-name");
  if (!name && !call.Is(2, "lib-ver")) {
    return reply.Error("ERR Unrecognized option '" + Printed(call.arg(2)) + "'");
  }
  if (!IsName(call.arg(3))) {
    return reply.Error("ERR " + std::string(name ? "lib-name" : "lib-ver") +
                       " cannot contain spaces, newlines or special characters.");
  }
  (name ? call.session().library_name : call.session().library_version) = call.arg(3);
  reply.Ok();
}

void ClientGetredir(Call& call, Reply& reply) {
  const TrackingState* state = call.session().tracking.get();
  reply.Integer(state == nullptr ? -1 : static_cast<std::int64_t>(state->redirect));
}

Result<Tracking::Options> ParseTracking(Call& call) {
  Tracking::Options options;
  for (std::size_t i = 3; i < call.argc(); ++i) {
    const bool more = i + 1 < call.argc();
    if (call.Is(i, "REDIRECT") && more) {
      if (options.redirect != 0) {
        return ReplyError("ERR A client can only redirect to a single other client");
      }
      SATCHEL_ASSIGN(const std::int64_t id, call.Integer(++i));
      options.redirect = static_cast<std::uint64_t>(id);
      if (call.engine().sessions().Find(options.redirect) == nullptr) {
        return ReplyError("ERR The client ID you want redirect to does not exist");
      }
    } else if (call.Is(i, "PREFIX") && more) {
      options.prefixes.emplace_back(call.arg(++i));
    } else if (call.Is(i, "BCAST")) {
      options.broadcast = true;
    } else if (call.Is(i, "OPTIN")) {
      options.opt_in = true;
    } else if (call.Is(i, "OPTOUT")) {
      options.opt_out = true;
    } else if (call.Is(i, "NOLOOP")) {
      options.no_loop = true;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

void ClientTracking(Call& call, Reply& reply) {
  const auto options = ParseTracking(call);
  if (!options) return reply.Error(options.error());
  Tracking& tracking = call.engine().tracking();
  if (call.Is(2, "ON")) {
    auto enabled = tracking.Enable(call.session(), *options);
    if (!enabled) return reply.Error(enabled.error());
  } else if (call.Is(2, "OFF")) {
    tracking.Disable(call.session());
  } else {
    return reply.Error(kSyntaxError);
  }
  reply.Ok();
}

void ClientCaching(Call& call, Reply& reply) {
  TrackingState* state = call.session().tracking.get();
  if (state == nullptr) {
    return reply.Error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled");
  }
  const bool yes = call.Is(2, "YES");
  if (!yes && !call.Is(2, "NO")) return reply.Error(kSyntaxError);
  if (yes && !state->opt_in) {
    return reply.Error(
        "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  }
  if (!yes && !state->opt_out) {
    return reply.Error(
        "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  }
  state->caching = true;
  reply.Ok();
}

void ClientTrackinginfo(Call& call, Reply& reply) {
  const TrackingState off;
  const bool on = call.session().tracking != nullptr;
  const TrackingState& state = on ? *call.session().tracking : off;
  std::vector<std::string_view> flags = {on ? "on" : "off"};
  const auto add = [&](bool holds, std::string_view name) {
    if (holds) flags.push_back(name);
  };
  add(state.broadcast, "bcast");
  add(state.opt_in, "optin");
  add(state.opt_in && state.caching, "caching-yes");
  add(state.opt_out, "optout");
  add(state.opt_out && state.caching, "caching-no");
  add(state.no_loop, "noloop");
  add(state.broken_redirect, "broken_redirect");
  reply.BeginMap(3);
  reply.Bulk("flags");
  reply.BeginSet(flags.size());
  for (std::string_view flag : flags) reply.Bulk(flag);
  reply.Bulk("redirect");
  reply.Integer(on ? static_cast<std::int64_t>(state.redirect) : -1);
  reply.Bulk("prefixes");
  reply.BeginArray(state.prefixes.size());
  for (const std::string& prefix : state.prefixes) reply.Bulk(prefix);
}

// A client type as CLIENT LIST and KILL name it; empty when unknown.
enum class ClientType { kNormal, kPubSub, kOther };
std::optional<ClientType> ParseClientType(std::string_view text) {
  if (EqualIgnoreCase(text, "normal")) return ClientType::kNormal;
  if (EqualIgnoreCase(text, "pubsub")) return ClientType::kPubSub;
  for (std::string_view other : {"replica", "slave", "master"}) {
    if (EqualIgnoreCase(text, other)) return ClientType::kOther;
  }
  return std::nullopt;
}
ClientType TypeOf(const Session& session) {
  return session.subscribed() ? ClientType::kPubSub : ClientType::kNormal;
}

Error UnknownType(std::string_view text) {
  return ReplyError("ERR Unknown client type '" + Printed(text) + "'");
}

void ClientList(Call& call, Reply& reply) {
  std::optional<ClientType> type;
  std::vector<std::int64_t> ids;
  bool by_id = false;
  if (call.argc() == 4 && call.Is(2, "TYPE")) {
    type = ParseClientType(call.arg(3));
    if (!type) return reply.Error(UnknownType(call.arg(3)));
  } else if (call.argc() > 3 && call.Is(2, "ID")) {
    by_id = true;
    for (std::size_t i = 3; i < call.argc(); ++i) {
      const auto id = ParseInt(call.arg(i));
      if (!id) return reply.Error("ERR Invalid client ID");
      ids.push_back(*id);
    }
  } else if (call.argc() != 2) {
    return reply.Error(kSyntaxError);
  }
  std::string text;
  for (const Session* session : call.engine().sessions().all()) {
    if (session->kind != Session::Kind::kClient) continue;
    if (type && TypeOf(*session) != *type) continue;
    if (by_id &&
        std::find(ids.begin(), ids.end(), static_cast<std::int64_t>(session->id)) == ids.end()) {
      continue;
    }
    text += ClientLine(*session, call.now_ms()) + "\n";
  }
  reply.Verbatim("txt", text);
}

struct KillFilter {
  std::int64_t id = 0;
  std::int64_t max_age_s = 0;  // 0: any
  std::string_view address, local_address;
  const AclUser* user = nullptr;
  std::optional<ClientType> type;
  bool skip_me = true;
};

Result<KillFilter> ParseKill(Call& call) {
  KillFilter filter;
  for (std::size_t i = 2; i < call.argc(); i += 2) {
    if (i + 1 == call.argc()) return ReplyError(kSyntaxError);
    const std::string_view value = call.arg(i + 1);
    if (call.Is(i, "ID")) {
      const auto id = ParseInt(value);
      if (!id || *id < 1) return ReplyError("ERR client-id should be greater than 0");
      filter.id = *id;
    } else if (call.Is(i, "MAXAGE")) {
      const auto age = ParseInt(value);
      if (!age) return ReplyError("ERR maxage is not an integer or out of range");
      if (*age <= 0) return ReplyError("ERR maxage should be greater than 0");
      filter.max_age_s = *age;
    } else if (call.Is(i, "TYPE")) {
      filter.type = ParseClientType(value);
      if (!filter.type) return UnknownType(value);
    } else if (call.Is(i, "ADDR")) {
      filter.address = value;
    } else if (call.Is(i, "LADDR")) {
      filter.local_address = value;
    } else if (call.Is(i, "USER")) {
      filter.user = call.engine().acl().Find(value);
      if (filter.user == nullptr) {
        return ReplyError("ERR No such user '" + Printed(value) + "'");
      }
    } else if (call.Is(i, "SKIPME") && EqualIgnoreCase(value, "yes")) {
      filter.skip_me = true;
    } else if (call.Is(i, "SKIPME") && EqualIgnoreCase(value, "no")) {
      filter.skip_me = false;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return filter;
}

bool FilterFits(const KillFilter& filter, const Session& session, std::int64_t now_ms) {
  if (filter.max_age_s > 0 && (now_ms - session.created_ms) / 1000 < filter.max_age_s) return false;
  if (filter.id != 0 && static_cast<std::uint64_t>(filter.id) != session.id) return false;
  if (!filter.address.empty() && session.peer->Address() != filter.address) return false;
  if (!filter.local_address.empty() && session.peer->LocalAddress() != filter.local_address) {
    return false;
  }
  if (filter.user != nullptr && session.user != filter.user) return false;
  return !filter.type || TypeOf(session) == *filter.type;
}

void ClientKill(Call& call, Reply& reply) {
  const bool by_address = call.argc() == 3;
  KillFilter filter{.address = call.arg(2), .skip_me = false};
  if (!by_address) {
    auto parsed = ParseKill(call);
    if (!parsed) return reply.Error(parsed.error());
    filter = *parsed;
  }
  std::int64_t killed = 0;
  for (Session* session : call.engine().sessions().all()) {
    if (session->kind != Session::Kind::kClient || session->closing) continue;
    if (!FilterFits(filter, *session, call.now_ms())) continue;
    const bool self = session == &call.session();
    if (self && filter.skip_me) continue;
    session->closing = true;
    if (!self) session->peer->Close(false);  // our own closes after this reply
    ++killed;
    if (by_address) break;
  }
  if (!by_address) return reply.Integer(killed);
  if (killed == 0) return reply.Error("ERR No such client");
  reply.Ok();
}

void ClientNoEvict(Call& call, Reply& reply) {
  if (!call.Is(2, "ON") && !call.Is(2, "OFF")) return reply.Error(kSyntaxError);
  call.session().no_evict = call.Is(2, "ON");
  reply.Ok();
}

void ClientNoTouch(Call& call, Reply& reply) {
  if (!call.Is(2, "ON") && !call.Is(2, "OFF")) return reply.Error(kSyntaxError);
  call.session().no_touch = call.Is(2, "ON");
  reply.Ok();
}

void ClientReply(Call& call, Reply& reply) {
  ReplyMode& mode = call.session().reply_mode;
  if (call.Is(2, "ON")) {
    mode = ReplyMode::kOn;
    return reply.Ok();
  }
  if (call.Is(2, "OFF")) {
    mode = ReplyMode::kOff;
  } else if (call.Is(2, "SKIP")) {
    if (mode != ReplyMode::kOff) mode = ReplyMode::kSkipping;
  } else {
    return reply.Error(kSyntaxError);
  }
  reply.Ok();  // swallowed by the connection
}

void ClientUnblock(Call& call, Reply& reply) {
  bool with_error = false;
  if (call.argc() == 4) {
    with_error = call.Is(3, "ERROR");
    if (!with_error && !call.Is(3, "TIMEOUT")) {
      return reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
  } else if (call.argc() > 4) {
    return reply.Error(call.SubcommandText());
  }
  auto id = call.Integer(2);
  if (!id) return reply.Error(id.error());
  Session* target = call.engine().sessions().Find(static_cast<std::uint64_t>(*id));
  if (target == nullptr || !target->blocked) return reply.Integer(0);
  if (with_error) {
    call.engine().UnblockWithError(*target, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
  } else {
    call.engine().UnblockWithTimeout(*target);
  }
  reply.Integer(1);
}

void ClientPause(Call& call, Reply& reply) {
  bool writes_only = false;
  if (call.argc() == 4) {
    writes_only = call.Is(3, "WRITE");
    if (!writes_only && !call.Is(3, "ALL")) {
      return reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
  } else if (call.argc() > 4) {
    return reply.Error(call.SubcommandText());
  }
  const auto span = ParseInt(call.arg(2));
  std::int64_t until = 0;
  if (!span || __builtin_add_overflow(*span, call.now_ms(), &until)) {
    return reply.Error("ERR timeout is not an integer or out of range");
  }
  if (*span < 0) return reply.Error("ERR timeout is negative");
  call.engine().Pause(until, writes_only);
  reply.Ok();
}

void ClientUnpause(Call& call, Reply& reply) {
  call.engine().Unpause();
  reply.Ok();
}

constexpr Command kClientCommands[] = {
    {.name = "CACHING",
     .arity = 3,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientCaching,
     .since = "6.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Says whether the keys that the next command reads are tracked."},
    {.name = "GETNAME",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientGetname,
     .since = "2.6.9",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Returns the connection's name."},
    {.name = "GETREDIR",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientGetredir,
     .since = "6.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Returns where invalidation messages go: -1, nowhere."},
    {.name = "HELP",
     .arity = 2,
     .flags = kLoading | kStale,
     .categories = kCatConnection,
     .run = ReplyHelp,
     .since = "5.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Lists the subcommands."},
    {.name = "ID",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientId,
     .since = "5.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Returns the connection's number."},
    {.name = "INFO",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale | kNondeterministicOutput,
     .categories = kCatConnection,
     .run = ClientInfo,
     .since = "6.2.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Describes this connection in a line."},
    {.name = "KILL",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientKill,
     .since = "2.4.0",
     .group = "connection",
     .complexity = "O(N)",
     .summary = "Closes connections."},
    {.name = "LIST",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kNondeterministicOutput,
     .categories = kCatConnection,
     .run = ClientList,
     .since = "2.4.0",
     .group = "connection",
     .complexity = "O(N)",
     .summary = "Describes each connection in a line."},
    {.name = "NO-EVICT",
     .arity = 3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientNoEvict,
     .since = "7.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Keeps this connection when memory is short."},
    {.name = "NO-TOUCH",
     .arity = 3,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientNoTouch,
     .since = "7.2.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Leaves the access times of keys alone."},
    {.name = "PAUSE",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientPause,
     .since = "2.9.50",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Holds commands back for a time."},
    {.name = "REPLY",
     .arity = 3,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientReply,
     .since = "3.2.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Turns replies on or off."},
    {.name = "SETINFO",
     .arity = 4,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientSetinfo,
     .since = "7.2.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Stores the name or version of the client library."},
    {.name = "SETNAME",
     .arity = 3,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientSetname,
     .since = "2.6.9",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Names the connection."},
    {.name = "TRACKING",
     .arity = -3,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientTracking,
     .since = "6.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Asks to be told when keys that were read change."},
    {.name = "TRACKINGINFO",
     .arity = 2,
     .flags = kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientTrackinginfo,
     .since = "6.2.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Tells how keys are tracked for this connection."},
    {.name = "UNBLOCK",
     .arity = -3,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientUnblock,
     .since = "5.0.0",
     .group = "connection",
     .complexity = "O(log N)",
     .summary = "Ends the wait of a blocked connection."},
    {.name = "UNPAUSE",
     .arity = 2,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .categories = kCatConnection,
     .run = ClientUnpause,
     .since = "6.2.0",
     .group = "connection",
     .complexity = "O(N)",
     .summary = "Ends a pause."},
};
static_assert(RowsAreSound(kClientCommands));

constexpr Command kConnectionCommands[] = {
    {.name = "AUTH",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     .categories = kCatConnection,
     .run = Auth,
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(N)",
     .summary = "Authenticates the connection."},
    {.name = "CLIENT",
     .arity = -2,
     .since = "2.4.0",
     .group = "connection",
     .complexity = "",
     .summary = "Looks after connections.",
     .subcommands = kClientCommands},
    {.name = "ECHO",
     .arity = 2,
     .flags = kLoading | kStale | kFast,
     .categories = kCatConnection,
     .run = Echo,
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Returns its argument."},
    {.name = "HELLO",
     .arity = -1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     .categories = kCatConnection,
     .run = Hello,
     .since = "6.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Agrees on the protocol and describes the server."},
    {.name = "PING",
     .arity = -1,
     .flags = kFast,
     .categories = kCatConnection,
     .run = Ping,
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Answers PONG, or with its argument.",
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "QUIT",
     .arity = -1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     .categories = kCatConnection,
     .run = Quit,
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Closes the connection."},
    {.name = "RESET",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy,
     .categories = kCatConnection,
     .run = Reset,
     .since = "6.2.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Brings the connection back to its first state."},
    {.name = "SELECT",
     .arity = 2,
     .flags = kLoading | kStale | kFast,
     .categories = kCatConnection,
     .run = Select,
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .summary = "Chooses a database."},
};
static_assert(RowsAreSound(kConnectionCommands));

}  // namespace

std::span<const Command> ConnectionCommands() { return kConnectionCommands; }

}  // namespace satchel::engine
