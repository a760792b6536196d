// Arguments and replies that stream commands share.
// Source: redis 7.0.15; KEEPREF, DELREF, ACKED and IDS as in 8.2.

#include <cerrno>
#include <cstdlib>

#include "engine/commands/stream_commands.h"

namespace satchel::engine {
namespace {

// As the reference reads it: what ParseInt does not take is left to strtoull, which takes blanks
// and signs.
std::optional<std::uint64_t> ParseIdPart(const std::string& text) {
  if (const auto value = ParseInt(text)) {
    if (*value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
  }
  errno = 0;
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text.c_str(), &end, 10);
  if (errno != 0 || text.empty() || *end != '\0') return std::nullopt;
  return value;
}

struct ParsedId {
  StreamId id;
  bool any_seq = false;
};

std::optional<ParsedId> ParseId(std::string_view text, std::uint64_t missing_seq, StreamIdForm form,
                                bool star_allowed) {
  constexpr std::size_t kMaxIdText = 127;
  if (text.size() > kMaxIdText) return std::nullopt;
  text = text.substr(0, text.find('\0'));
  if (text == "-" || text == "+") {
    if (form == StreamIdForm::kStrict) return std::nullopt;
    return ParsedId{text == "-" ? kMinStreamId : kMaxStreamId};
  }
  const std::size_t dash = text.find('-');
  const auto ms = ParseIdPart(std::string(text.substr(0, dash)));
  if (!ms) return std::nullopt;
  if (dash == std::string_view::npos) return ParsedId{{*ms, missing_seq}};
  const std::string_view rest = text.substr(dash + 1);
  if (star_allowed && rest == "*") return ParsedId{{*ms, 0}, true};
  const auto seq = ParseIdPart(std::string(rest));
  if (!seq) return std::nullopt;
  return ParsedId{{*ms, *seq}};
}

// The id of an interval's end, and whether it is left out.
struct IntervalEnd {
  StreamId id;
  bool open;
};
Result<IntervalEnd> ParseIntervalPart(std::string_view text, std::uint64_t missing_seq) {
  const bool open = text.size() > 1 && text[0] == '(';
  if (open) text.remove_prefix(1);
  SATCHEL_ASSIGN(
      const StreamId id,
      ParseStreamId(text, missing_seq, open ? StreamIdForm::kStrict : StreamIdForm::kEnds));
  return IntervalEnd{id, open};
}

}  // namespace

Result<StreamId> ParseStreamId(std::string_view text, std::uint64_t missing_seq,
                               StreamIdForm form) {
  const auto parsed = ParseId(text, missing_seq, form, false);
  if (!parsed) return ReplyError(kBadStreamId);
  return parsed->id;
}

Result<std::vector<StreamId>> ParseStreamIds(Args args) {
  std::vector<StreamId> ids;
  ids.reserve(args.size());
  for (std::string_view arg : args) {
    SATCHEL_ASSIGN(const StreamId id, ParseStreamId(arg));
    ids.push_back(id);
  }
  return ids;
}

Result<StreamId> ParseIntervalStart(std::string_view text) {
  SATCHEL_ASSIGN(const IntervalEnd end, ParseIntervalPart(text, 0));
  const auto id = end.open ? end.id.next() : end.id;
  if (!id) return ReplyError("ERR invalid start ID for the interval");
  return *id;
}

Result<StreamId> ParseIntervalEnd(std::string_view text) {
  SATCHEL_ASSIGN(const IntervalEnd end, ParseIntervalPart(text, UINT64_MAX));
  const auto id = end.open ? end.id.previous() : end.id;
  if (!id) return ReplyError("ERR invalid end ID for the interval");
  return *id;
}

std::optional<StreamReferences> ParseReferences(std::string_view word) {
  if (EqualIgnoreCase(word, "KEEPREF")) return StreamReferences::kKeep;
  if (EqualIgnoreCase(word, "DELREF")) return StreamReferences::kDrop;
  if (EqualIgnoreCase(word, "ACKED")) return StreamReferences::kAcked;
  return std::nullopt;
}

namespace {

// MAXLEN or MINID and what belongs to it; `i` is moved to its last argument.
Result<StreamTrim> ParseTrim(const Call& call, std::size_t& i) {
  StreamTrim trim;
  const bool by_length = call.Is(i, "MAXLEN");
  if (i + 2 < call.argc() && (call.arg(i + 1) == "~" || call.arg(i + 1) == "=")) {
    trim.whole_blocks = call.arg(++i) == "~";
  }
  ++i;
  if (by_length) {
    SATCHEL_ASSIGN(const std::int64_t length, call.Integer(i));
    if (length < 0) return ReplyError("ERR The MAXLEN argument must be >= 0.");
    trim.max_length = static_cast<std::uint64_t>(length);
  } else {
    SATCHEL_ASSIGN(trim.min_id, ParseStreamId(call.arg(i)));
  }
  return trim;
}

// Without LIMIT, `~` looks at a hundred blocks.
std::uint64_t DefaultLimit(const Call& call) {
  std::int64_t limit = 0;
  if (__builtin_mul_overflow(call.limits().stream_node_max_entries, 100, &limit)) limit = INT64_MAX;
  if (limit <= 0) return 10'000;
  return static_cast<std::uint64_t>(std::min<std::int64_t>(limit, 1'000'000));
}

}  // namespace

Result<StreamAddOptions> ParseStreamAddOptions(const Call& call, StreamOptionsOf command) {
  const bool xadd = command == StreamOptionsOf::kXadd;
  StreamAddOptions options;
  std::optional<std::int64_t> limit;
  std::optional<StreamReferences> references;
  std::size_t i = 2;
  for (; i < call.argc(); ++i) {
    const bool more = i + 1 < call.argc();
    if (xadd && call.arg(i) == "*") break;
    if (more && (call.Is(i, "MAXLEN") || call.Is(i, "MINID"))) {
      if (options.trim) {
        return ReplyError(
            "ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
      }
      SATCHEL_ASSIGN(options.trim, ParseTrim(call, i));
    } else if (more && call.Is(i, "LIMIT")) {
      SATCHEL_ASSIGN(limit, call.Integer(++i));
      if (*limit < 0) return ReplyError("ERR The LIMIT argument must be >= 0.");
    } else if (xadd && call.Is(i, "NOMKSTREAM")) {
      options.only_existing = true;
    } else if (!references && ParseReferences(call.arg(i))) {
      references = ParseReferences(call.arg(i));
    } else if (xadd) {
      const auto parsed = ParseId(call.arg(i), 0, StreamIdForm::kStrict, true);
      if (!parsed) return ReplyError(kBadStreamId);
      options.id = parsed->id;
      options.any_seq = parsed->any_seq;
      break;
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  options.next = i;
  if (limit.value_or(0) != 0 && !options.trim) {
    return ReplyError(
        "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  }
  if (!xadd && !options.trim) {
    return ReplyError("ERR syntax error, XTRIM must be called with a trimming strategy");
  }
  const bool approximately = options.trim && options.trim->whole_blocks;
  if (limit && !approximately) {
    return ReplyError("ERR syntax error, LIMIT cannot be used without the special ~ option");
  }
  if (approximately) {
    options.trim->limit = limit ? static_cast<std::uint64_t>(*limit) : DefaultLimit(call);
  }
  if (options.trim) options.trim->references = references.value_or(StreamReferences::kKeep);
  return options;
}

std::vector<std::string> TrimEffect(const StreamTrim& trim, const Stream& stream) {
  std::vector<std::string> words;
  if (trim.max_length || stream.size() == 0) {
    words = {"MAXLEN", "=", std::to_string(stream.size())};
  } else if (trim.whole_blocks) {
    words = {"MINID", "=", stream.first_id().text()};
  } else {
    words = {"MINID", "=", trim.min_id.text()};
  }
  if (trim.references == StreamReferences::kDrop) words.emplace_back("DELREF");
  if (trim.references == StreamReferences::kAcked) words.emplace_back("ACKED");
  return words;
}

Result<StreamIdsOption> ParseStreamIdsOption(const Call& call, std::size_t first) {
  StreamIdsOption option;
  bool with_references = false;
  std::optional<Args> ids;
  for (std::size_t i = first; i < call.argc(); ++i) {
    const auto references = ParseReferences(call.arg(i));
    if (references && !with_references) {
      option.references = *references;
      with_references = true;
    } else if (call.Is(i, "IDS") && !ids && i + 1 < call.argc()) {
      const auto count = ParseInt(call.arg(++i));
      if (!count || *count <= 0) return ReplyError("ERR Number of IDs must be a positive integer");
      if (static_cast<std::uint64_t>(*count) > call.argc() - i - 1) {
        return ReplyError("ERR The `numids` parameter must match the number of arguments");
      }
      ids = call.args().subspan(i + 1, static_cast<std::size_t>(*count));
      i += static_cast<std::size_t>(*count);
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  if (!ids) return ReplyError("ERR IDS option is required");
  SATCHEL_ASSIGN(option.ids, ParseStreamIds(*ids));
  return option;
}

// --- Replies -------------------------------------------------------------------------------

void ReplyStreamId(Reply& reply, StreamId id) { reply.Bulk(id.text()); }

void ReplyPairs(Reply& reply, const StreamEntry& entry) {
  reply.BeginArray(2 * entry.pairs);
  entry.ForEach([&](std::string_view field, std::string_view value) {
    reply.Bulk(field);
    reply.Bulk(value);
  });
}

void ReplyEntry(Reply& reply, const StreamEntry& entry) {
  reply.BeginArray(2);
  ReplyStreamId(reply, entry.id);
  ReplyPairs(reply, entry);
}

void ReplyEntries(Reply& reply, const Stream& stream, StreamId from, StreamId to,
                  std::uint64_t limit, StreamIterator::Direction direction) {
  StreamIterator it(stream, from, to, direction);
  const std::size_t mark = reply.Open(Aggregate::kArray);
  std::size_t count = 0;
  while ((limit == 0 || count < limit) && it.Next()) {
    ReplyEntry(reply, it.entry());
    ++count;
  }
  reply.Close(mark, count);
}

// --- Effects -------------------------------------------------------------------------------

void NackEffect(Call& call, std::string_view key, std::string_view group_name,
                const StreamGroup& group, StreamId id, const StreamNack& nack) {
  if (!call.effects_wanted()) return call.Changed();
  call.Effect({"XCLAIM", key, group_name, nack.consumer->name, "0", id.text(), "TIME",
               FormatInt(nack.delivered_ms), "RETRYCOUNT",
               FormatInt(static_cast<std::int64_t>(nack.deliveries)), "FORCE", "JUSTID", "LASTID",
               group.last_id.text()});
}

void GroupIdEffect(Call& call, std::string_view key, std::string_view group_name,
                   const StreamGroup& group) {
  if (!call.effects_wanted()) return call.Changed();
  call.Effect({"XGROUP", "SETID", key, group_name, group.last_id.text(), "ENTRIESREAD",
               FormatInt(group.entries_read)});
}

StreamConsumer& SeeConsumer(Call& call, std::string_view key, std::string_view group_name,
                            StreamGroup& group, std::string_view name) {
  if (StreamConsumer* consumer = group.FindConsumer(name)) {
    consumer->seen_ms = call.now_ms();
    return *consumer;
  }
  StreamConsumer& consumer = group.AddConsumer(name, call.now_ms());
  call.Effect({"XGROUP", "CREATECONSUMER", key, group_name, name});
  call.Event(kEventStream, "xgroup-createconsumer", key);
  return consumer;
}

std::string NoGroupText(std::string_view key, std::string_view group) {
  return "NOGROUP No such key '" + Printed(key) + "' or consumer group '" + Printed(group) + "'";
}

std::string NoSuchGroupText(std::string_view key, std::string_view group) {
  return "NOGROUP No such consumer group '" + Printed(group) + "' for key name '" + Printed(key) +
         "'";
}

}  // namespace satchel::engine
