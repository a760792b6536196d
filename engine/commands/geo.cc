// Geo commands: sorted sets whose scores are positions. Source: redis 7.0.15, the commands of the
// same names.

#include "engine/geo.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/commands/families.h"
#include "engine/commands/partial_sort.h"
#include "engine/commands/sorted_set_algebra.h"
#include "engine/commands/zset_add.h"

namespace satchel::engine {
namespace {

using geo::Area;
using geo::Position;

// As %f.
std::string FormatFixed(double value) {
  char buffer[400];  // the largest double has 309 digits before the point
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 6);
  return std::string(buffer, end.ptr);
}

// Four digits behind the point, rounded after the multiplication and not as printf does: one in a
// million texts differs. Requires 0 <= distance < 1e14.
std::string FormatDistance(double distance) {
  const std::int64_t scaled = std::llrint(distance * 10000);
  std::string text = FormatInt(scaled / 10000) + ".0000";
  for (std::size_t at = text.size(), rest = static_cast<std::size_t>(scaled % 10000); rest != 0;
       rest /= 10) {
    text[--at] = static_cast<char>('0' + rest % 10);
  }
  return text;
}

// --- Arguments -----------------------------------------------------------------------------

// A longitude in argument `i` and a latitude behind it.
Result<Position> ParsePosition(const Call& call, std::size_t i) {
  Position position;
  SATCHEL_ASSIGN(position.longitude, call.Double(i));
  SATCHEL_ASSIGN(position.latitude, call.Double(i + 1));
  if (!position.InRange()) {
    return ReplyError("ERR invalid longitude,latitude pair " + FormatFixed(position.longitude) +
                      "," + FormatFixed(position.latitude));
  }
  return position;
}

// The metres of a unit.
Result<double> ParseUnit(const Call& call, std::size_t i) {
  if (call.Is(i, "M")) return 1.0;
  if (call.Is(i, "KM")) return 1000.0;
  if (call.Is(i, "FT")) return 0.3048;
  if (call.Is(i, "MI")) return 1609.34;
  return ReplyError("ERR unsupported unit provided. please use M, KM, FT, MI");
}

// A radius in argument `i` and its unit behind it.
Result<void> ParseRadius(const Call& call, std::size_t i, Area* area) {
  const auto radius = ParseDouble(call.arg(i));
  if (!radius) return ReplyError("ERR need numeric radius");
  if (*radius < 0) return ReplyError("ERR radius cannot be negative");
  area->is_box = false;
  area->radius = *radius;
  SATCHEL_ASSIGN(area->unit, ParseUnit(call, i + 1));
  return {};
}

// Width, height and unit from argument `i` on.
Result<void> ParseBox(const Call& call, std::size_t i, Area* area) {
  const auto width = ParseDouble(call.arg(i));
  if (!width) return ReplyError("ERR need numeric width");
  const auto height = ParseDouble(call.arg(i + 1));
  if (!height) return ReplyError("ERR need numeric height");
  if (*width < 0 || *height < 0) return ReplyError("ERR height or width cannot be negative");
  area->is_box = true;
  area->width = *width;
  area->height = *height;
  SATCHEL_ASSIGN(area->unit, ParseUnit(call, i + 2));
  return {};
}

// --- Members -------------------------------------------------------------------------------

void Geoadd(Call& call, Reply& reply) {
  AddOptions options;
  std::size_t first = 2;
  for (; first < call.argc(); ++first) {
    if (call.Is(first, "NX")) {
      options.only_new = true;
    } else if (call.Is(first, "XX")) {
      options.only_existing = true;
    } else if (call.Is(first, "CH")) {
      options.count_changed = true;
    } else {
      break;
    }
  }
  const std::size_t rest = call.argc() - first;
  if (rest == 0 || rest % 3 != 0 || (options.only_new && options.only_existing)) {
    return reply.Error(kSyntaxError);
  }
  std::vector<NewMember> members;
  for (std::size_t i = first; i < call.argc(); i += 3) {
    auto position = ParsePosition(call, i);
    if (!position) return reply.Error(position.error());
    members.push_back({geo::ScoreOf(*position), call.arg(i + 2)});
  }
  AddMembers(call, reply, options, members);
}

std::optional<Position> MemberPosition(const SortedSet* set, std::string_view member) {
  const auto score = set == nullptr ? std::nullopt : set->Score(member);
  if (!score) return std::nullopt;
  return geo::PositionOf(*score);
}

void ReplyPosition(Reply& reply, Position position) {
  reply.BeginArray(2);
  for (const double value : {position.longitude, position.latitude}) {
    reply.Decimal(value, FormatLongDouble(value));
  }
}

void Geopos(Call& call, Reply& reply) {
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const auto position = MemberPosition(*set, call.arg(i));
    if (!position) {
      reply.NullArray();
    } else {
      ReplyPosition(reply, *position);
    }
  }
}

void Geohash(Call& call, Reply& reply) {
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  reply.BeginArray(call.argc() - 2);
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const auto position = MemberPosition(*set, call.arg(i));
    if (!position) {
      reply.Null();
    } else {
      reply.Bulk(geo::GeohashOf(*position));
    }
  }
}

void Geodist(Call& call, Reply& reply) {
  if (call.argc() > 5) return reply.Error(kSyntaxError);
  Result<double> unit = call.argc() == 5 ? ParseUnit(call, 4) : Result<double>(1.0);
  if (!unit) return reply.Error(unit.error());
  auto set = call.Find<SortedSet>(call.arg(1));
  if (!set) return reply.Error(set.error());
  const auto from = MemberPosition(*set, call.arg(2));
  const auto to = MemberPosition(*set, call.arg(3));
  if (!from || !to) return reply.Null();
  reply.Bulk(FormatDistance(geo::Distance(*from, *to) / *unit));
}

// --- Searching -----------------------------------------------------------------------------

enum class GeoOrder : std::uint8_t { kNone, kAscending, kDescending };

// Which of the six commands was called.
struct GeoForm {
  enum Kind : std::uint8_t { kRadius, kRadiusByMember, kSearch } kind;
  bool may_store;
};

struct GeoQuery {
  Area area;
  bool with_distance = false;
  bool with_hash = false;
  bool with_position = false;
  GeoOrder order = GeoOrder::kNone;
  std::int64_t count = 0;  // 0: all
  bool any = false;
  std::optional<std::string_view> store;
  bool store_distance = false;
};

struct GeoMatch {
  std::string member;
  double score;
  double distance;  // metres
  Position position;
};

Result<Position> RequiredPosition(const SortedSet& set, std::string_view member) {
  const auto position = MemberPosition(&set, member);
  if (!position) return ReplyError("ERR could not decode requested zset member");
  return *position;
}

// Parses what a search was asked for. `set` may be null: then the place of a member is not known
// and not missed.
class GeoParser {
 public:
  GeoParser(const Call& call, GeoForm form, const SortedSet* set)
      : call_(call), form_(form), set_(set) {}

  Result<GeoQuery> Parse() {
    SATCHEL_ASSIGN(std::size_t i, ParseFixed());
    while (i < call_.argc()) {
      SATCHEL_ASSIGN(const std::size_t used, ParseOption(i));
      i += used;
    }
    SATCHEL_TRY(CheckTogether());
    return query_;
  }

 private:
  bool is_search() const { return form_.kind == GeoForm::kSearch; }

  // The words without a keyword; returns the index of the first option.
  Result<std::size_t> ParseFixed() {
    switch (form_.kind) {
      case GeoForm::kRadius: {
        SATCHEL_ASSIGN(query_.area.center, ParsePosition(call_, 2));
        SATCHEL_TRY(ParseRadius(call_, 4, &query_.area));
        return std::size_t{6};
      }
      case GeoForm::kRadiusByMember:
        if (set_ != nullptr) {
          SATCHEL_ASSIGN(query_.area.center, RequiredPosition(*set_, call_.arg(2)));
          SATCHEL_TRY(ParseRadius(call_, 3, &query_.area));
        }
        return std::size_t{5};
      case GeoForm::kSearch:
        break;
    }
    if (form_.may_store) query_.store = call_.arg(1);
    return std::size_t{form_.may_store ? 3u : 2u};
  }

  // The option at `i`; returns how many words it has.
  Result<std::size_t> ParseOption(std::size_t i) {
    const std::size_t left = call_.argc() - i - 1;
    if (call_.Is(i, "WITHDIST")) {
      query_.with_distance = true;
    } else if (call_.Is(i, "WITHHASH")) {
      query_.with_hash = true;
    } else if (call_.Is(i, "WITHCOORD")) {
      query_.with_position = true;
    } else if (call_.Is(i, "ANY")) {
      query_.any = true;
    } else if (call_.Is(i, "ASC")) {
      query_.order = GeoOrder::kAscending;
    } else if (call_.Is(i, "DESC")) {
      query_.order = GeoOrder::kDescending;
    } else if (call_.Is(i, "COUNT") && left >= 1) {
      SATCHEL_ASSIGN(query_.count, call_.Integer(i + 1));
      if (query_.count <= 0) return ReplyError("ERR COUNT must be > 0");
      return std::size_t{2};
    } else if (is_search()) {
      return ParseSearchOption(i, left);
    } else if (form_.may_store && left >= 1 && (call_.Is(i, "STORE") || call_.Is(i, "STOREDIST"))) {
      query_.store = call_.arg(i + 1);
      query_.store_distance = call_.Is(i, "STOREDIST");
      return std::size_t{2};
    } else {
      return ReplyError(kSyntaxError);
    }
    return std::size_t{1};
  }

  Result<std::size_t> ParseSearchOption(std::size_t i, std::size_t left) {
    if (call_.Is(i, "FROMMEMBER") && left >= 1 && !from_position_) {
      if (set_ != nullptr) {
        SATCHEL_ASSIGN(query_.area.center, RequiredPosition(*set_, call_.arg(i + 1)));
      }
      from_member_ = true;
      return std::size_t{2};
    }
    if (call_.Is(i, "FROMLONLAT") && left >= 2 && !from_member_) {
      SATCHEL_ASSIGN(query_.area.center, ParsePosition(call_, i + 1));
      from_position_ = true;
      return std::size_t{3};
    }
    if (call_.Is(i, "BYRADIUS") && left >= 2 && !by_box_) {
      SATCHEL_TRY(ParseRadius(call_, i + 1, &query_.area));
      by_radius_ = true;
      return std::size_t{3};
    }
    if (call_.Is(i, "BYBOX") && left >= 3 && !by_radius_) {
      SATCHEL_TRY(ParseBox(call_, i + 1, &query_.area));
      by_box_ = true;
      return std::size_t{4};
    }
    if (form_.may_store && call_.Is(i, "STOREDIST")) {
      query_.store_distance = true;
      return std::size_t{1};
    }
    return ReplyError(kSyntaxError);
  }

  Result<void> CheckTogether() const {
    if (query_.store && (query_.with_distance || query_.with_hash || query_.with_position)) {
      return ReplyError(
          std::string(is_search() ? "ERR GEOSEARCHSTORE" : "ERR STORE option in GEORADIUS") +
          " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
    }
    if (is_search() && !from_member_ && !from_position_) {
      return ReplyError("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " +
                        std::string(call_.arg(0)));
    }
    if (is_search() && !by_radius_ && !by_box_) {
      return ReplyError("ERR exactly one of BYRADIUS and BYBOX can be specified for " +
                        std::string(call_.arg(0)));
    }
    if (query_.any && query_.count == 0) {
      return ReplyError("ERR the ANY argument requires COUNT argument");
    }
    return {};
  }

  const Call& call_;
  const GeoForm form_;
  const SortedSet* const set_;
  GeoQuery query_;
  bool from_member_ = false;
  bool from_position_ = false;
  bool by_radius_ = false;
  bool by_box_ = false;
};

// Members inside the area, cell by cell; with ANY the first ones only.
std::vector<GeoMatch> FindMatches(const SortedSet& set, const GeoQuery& query) {
  std::vector<GeoMatch> matches;
  const auto limit = query.any ? static_cast<std::uint64_t>(query.count) : UINT64_MAX;
  for (const geo::ScoreSpan& span : geo::Cover(query.area)) {
    if (matches.size() >= limit) break;
    const ScoreRange range{.min = span.min, .max = span.max, .max_open = true};
    set.VisitScores(range, Direction::kForward, [&](std::string_view member, double score) {
      const Position position = geo::PositionOf(score);
      const auto distance = geo::DistanceInside(query.area, position);
      if (distance) matches.push_back({std::string(member), score, *distance, position});
      return matches.size() < limit;
    });
  }
  return matches;
}

// Orders the matches and keeps as many as were asked for.
void OrderMatches(std::vector<GeoMatch>& matches, const GeoQuery& query) {
  const auto count =
      query.count == 0
          ? matches.size()
          : std::min<std::uint64_t>(matches.size(), static_cast<std::uint64_t>(query.count));
  // The nearest ones are wanted, unless any will do.
  GeoOrder order = query.order;
  if (order == GeoOrder::kNone && query.count != 0 && !query.any) order = GeoOrder::kAscending;
  const auto compare = [&](const GeoMatch& a, const GeoMatch& b) {
    const int result = (a.distance > b.distance) - (a.distance < b.distance);
    return order == GeoOrder::kDescending ? -result : result;
  };
  if (order != GeoOrder::kNone && count == matches.size()) {
    std::stable_sort(matches.begin(), matches.end(),
                     [&](const GeoMatch& a, const GeoMatch& b) { return compare(a, b) < 0; });
  } else if (order != GeoOrder::kNone) {
    PartialSort(matches, 0, count - 1, compare);
  }
  matches.erase(matches.begin() + static_cast<std::ptrdiff_t>(count), matches.end());
}

std::int64_t StoreMatches(Call& call, const GeoQuery& query, GeoForm form,
                          const std::vector<GeoMatch>& matches) {
  std::vector<ScoredName> members;
  for (const GeoMatch& match : matches) {
    members.push_back(
        {match.member, query.store_distance ? match.distance / query.area.unit : match.score});
  }
  return StoreScored(call, *query.store, members,
                     form.kind == GeoForm::kSearch ? "geosearchstore" : "georadiusstore");
}

// As x86-64 converts what does not fit.
std::int64_t HashInteger(double score) {
  return score >= -0x1p63 && score < 0x1p63 ? static_cast<std::int64_t>(score) : INT64_MIN;
}

void ReplyMatches(Reply& reply, const GeoQuery& query, std::span<const GeoMatch> matches) {
  const std::size_t extras =
      std::size_t{query.with_distance} + query.with_hash + query.with_position;
  reply.BeginArray(matches.size());
  for (const GeoMatch& match : matches) {
    if (extras > 0) reply.BeginArray(1 + extras);
    reply.Bulk(match.member);
    if (query.with_distance) reply.Bulk(FormatDistance(match.distance / query.area.unit));
    if (query.with_hash) reply.Integer(HashInteger(match.score));
    if (query.with_position) ReplyPosition(reply, match.position);
  }
}

void Search(Call& call, Reply& reply, GeoForm form) {
  const bool source_second = form.kind == GeoForm::kSearch && form.may_store;
  const Entry* entry = call.ReadAndUse(call.arg(source_second ? 2 : 1));
  if (entry != nullptr && entry->type() != ValueType::kZset) return reply.Error(kWrongTypeText);
  const SortedSet* set = entry == nullptr ? nullptr : entry->As<SortedSet>();
  auto query = GeoParser(call, form, set).Parse();
  if (!query) return reply.Error(query.error());
  std::vector<GeoMatch> matches;
  if (set != nullptr) matches = FindMatches(*set, *query);
  OrderMatches(matches, *query);
  if (query->store) return reply.Integer(StoreMatches(call, *query, form, matches));
  ReplyMatches(reply, *query, matches);
}

void Georadius(Call& call, Reply& reply) { Search(call, reply, {GeoForm::kRadius, true}); }
void GeoradiusRo(Call& call, Reply& reply) { Search(call, reply, {GeoForm::kRadius, false}); }
void Georadiusbymember(Call& call, Reply& reply) {
  Search(call, reply, {GeoForm::kRadiusByMember, true});
}
void GeoradiusbymemberRo(Call& call, Reply& reply) {
  Search(call, reply, {GeoForm::kRadiusByMember, false});
}
void Geosearch(Call& call, Reply& reply) { Search(call, reply, {GeoForm::kSearch, false}); }
void Geosearchstore(Call& call, Reply& reply) { Search(call, reply, {GeoForm::kSearch, true}); }

constexpr Command kGeoCommands[] = {
    {.name = "GEOADD",
     .arity = -5,
     .flags = kWrite | kDenyOom,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRW | kUpdate)},
     .run = Geoadd,
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(log(N))",
     .summary = "Adds members with their positions to a sorted set."},
    {.name = "GEODIST",
     .arity = -4,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Geodist,
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(log(N))",
     .summary = "Returns the distance between two members."},
    {.name = "GEOHASH",
     .arity = -2,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Geohash,
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(log(N))",
     .summary = "Returns the standard geohashes of members."},
    {.name = "GEOPOS",
     .arity = -2,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Geopos,
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(N)",
     .summary = "Returns the positions of members."},
    {.name = "GEORADIUS",
     .arity = -6,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess), KeyAfter("STORE", 6, 0, 1, 0, kOW | kUpdate),
              KeyAfter("STOREDIST", 6, 0, 1, 0, kOW | kUpdate)},
     .run = Georadius,
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(N+log(M))",
     .summary = "Returns or stores the members within a distance of a position."},
    {.name = "GEORADIUS_RO",
     .arity = -6,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = GeoradiusRo,
     .since = "3.2.10",
     .group = "geo",
     .complexity = "O(N+log(M))",
     .summary = "Returns the members within a distance of a position."},
    {.name = "GEORADIUSBYMEMBER",
     .arity = -5,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess), KeyAfter("STORE", 5, 0, 1, 0, kOW | kUpdate),
              KeyAfter("STOREDIST", 5, 0, 1, 0, kOW | kUpdate)},
     .run = Georadiusbymember,
     .since = "3.2.0",
     .group = "geo",
     .complexity = "O(N+log(M))",
     .summary = "Returns or stores the members within a distance of a member."},
    {.name = "GEORADIUSBYMEMBER_RO",
     .arity = -5,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = GeoradiusbymemberRo,
     .since = "3.2.10",
     .group = "geo",
     .complexity = "O(N+log(M))",
     .summary = "Returns the members within a distance of a member."},
    {.name = "GEOSEARCH",
     .arity = -7,
     .flags = kReadonly,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kRO | kAccess)},
     .run = Geosearch,
     .since = "6.2.0",
     .group = "geo",
     .complexity = "O(N+log(M))",
     .summary = "Returns the members inside a circle or a box."},
    {.name = "GEOSEARCHSTORE",
     .arity = -8,
     .flags = kWrite | kDenyOom,
     .categories = kCatGeo,
     .keys = {KeyAt(1, kOW | kUpdate), KeyAt(2, kRO | kAccess)},
     .run = Geosearchstore,
     .since = "6.2.0",
     .group = "geo",
     .complexity = "O(N+log(M))",
     .summary = "Stores the members inside a circle or a box."},
};
static_assert(RowsAreSound(kGeoCommands));

}  // namespace

std::span<const Command> GeoCommands() { return kGeoCommands; }

}  // namespace satchel::engine
