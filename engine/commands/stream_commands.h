// What the files of stream commands share: ids as text, options of trimming, replies of entries,
// and the functions that the rows in streams.cc name.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/values.h"

namespace satchel::engine {

inline constexpr std::string_view kBadStreamId =
    "ERR Invalid stream ID specified as stream command argument";

// "ms-seq" or "ms", whose seq is `missing_seq`. With `ends` also "-" and "+".
enum class StreamIdForm : std::uint8_t { kStrict, kEnds };
Result<StreamId> ParseStreamId(std::string_view text, std::uint64_t missing_seq = 0,
                               StreamIdForm form = StreamIdForm::kStrict);
// Ids in a row, all or none.
Result<std::vector<StreamId>> ParseStreamIds(Args args);

// Ends of an interval, "(" excludes: both are in the interval that comes out.
Result<StreamId> ParseIntervalStart(std::string_view text);
Result<StreamId> ParseIntervalEnd(std::string_view text);

// Options of XADD and XTRIM.
struct StreamAddOptions {
  bool only_existing = false;  // NOMKSTREAM
  std::optional<StreamId> id;  // XADD; empty: *
  bool any_seq = false;        // ms-*
  std::optional<StreamTrim> trim;
  std::size_t next = 0;  // argument behind the options: XADD's id
};
enum class StreamOptionsOf : std::uint8_t { kXadd, kXtrim };
Result<StreamAddOptions> ParseStreamAddOptions(const Call& call, StreamOptionsOf command);
// KEEPREF, DELREF, ACKED; empty for other words.
std::optional<StreamReferences> ParseReferences(std::string_view word);
// The options that do again what a trimming did: "MAXLEN", "=", ...
std::vector<std::string> TrimEffect(const StreamTrim& trim, const Stream& stream);

void ReplyStreamId(Reply& reply, StreamId id);
// An array of id and fields.
void ReplyEntry(Reply& reply, const StreamEntry& entry);
// The fields only, flat.
void ReplyPairs(Reply& reply, const StreamEntry& entry);
// An array of at most `limit` (0: all) entries in [from, to].
void ReplyEntries(Reply& reply, const Stream& stream, StreamId from, StreamId to,
                  std::uint64_t limit,
                  StreamIterator::Direction direction = StreamIterator::Direction::kUp);

// Says that a pending entry has become what it is: who has it, since when, how often.
void NackEffect(Call& call, std::string_view key, std::string_view group_name,
                const StreamGroup& group, StreamId id, const StreamNack& nack);
void GroupIdEffect(Call& call, std::string_view key, std::string_view group_name,
                   const StreamGroup& group);
// The consumer, made if it is new; it has been seen now.
StreamConsumer& SeeConsumer(Call& call, std::string_view key, std::string_view group_name,
                            StreamGroup& group, std::string_view name);

std::string NoGroupText(std::string_view key, std::string_view group);
std::string NoSuchGroupText(std::string_view key, std::string_view group);

void Xread(Call& call, Reply& reply);
void Xreadgroup(Call& call, Reply& reply);

void Xack(Call& call, Reply& reply);
void Xackdel(Call& call, Reply& reply);
void Xclaim(Call& call, Reply& reply);
void Xautoclaim(Call& call, Reply& reply);
void Xpending(Call& call, Reply& reply);
void XgroupCreate(Call& call, Reply& reply);
void XgroupCreateconsumer(Call& call, Reply& reply);
void XgroupDelconsumer(Call& call, Reply& reply);
void XgroupDestroy(Call& call, Reply& reply);
void XgroupSetid(Call& call, Reply& reply);

void XinfoConsumers(Call& call, Reply& reply);
void XinfoGroups(Call& call, Reply& reply);
void XinfoStream(Call& call, Reply& reply);

// [KEEPREF|DELREF|ACKED] IDS numids id..., from argument `first` on: XDELEX, XACKDEL.
struct StreamIdsOption {
  StreamReferences references = StreamReferences::kKeep;
  std::vector<StreamId> ids;
};
Result<StreamIdsOption> ParseStreamIdsOption(const Call& call, std::size_t first);

}  // namespace satchel::engine
