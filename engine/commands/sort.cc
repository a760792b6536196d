// SORT and SORT_RO. Source: redis 7.0.15, the commands of the same names.

#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/commands/families.h"
#include "engine/commands/partial_sort.h"
#include "engine/values.h"

namespace satchel::engine {
namespace {

struct SortOptions {
  bool descending = false;
  bool alpha = false;
  std::int64_t offset = 0;
  std::int64_t count = -1;  // negative: all
  std::optional<std::string_view> by;
  std::vector<std::string_view> gets;
  std::optional<std::string_view> store;
  // Some BY had no star: it is the same for all elements, which keep their order.
  bool keeps_order = false;
};

struct SortItem {
  std::string element;
  double weight = 0;                // unless ALPHA
  std::optional<std::string> text;  // ALPHA and BY; empty: no such key
};

// The elements in [begin, end), cut to what there is.
struct SortWindow {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

Result<SortOptions> ParseSort(Call& call, bool read_only) {
  SortOptions options;
  const AclUser* const user = call.session().user;
  const bool may_read_all = user == nullptr || user->MayReadAllKeys(call.command());
  for (std::size_t i = 2; i < call.argc(); ++i) {
    const std::size_t left = call.argc() - i - 1;
    if (call.Is(i, "ASC")) {
      options.descending = false;
    } else if (call.Is(i, "DESC")) {
      options.descending = true;
    } else if (call.Is(i, "ALPHA")) {
      options.alpha = true;
    } else if (call.Is(i, "LIMIT") && left >= 2) {
      SATCHEL_ASSIGN(options.offset, call.Integer(i + 1));
      SATCHEL_ASSIGN(options.count, call.Integer(i + 2));
      i += 2;
    } else if (!read_only && call.Is(i, "STORE") && left >= 1) {
      options.store = call.arg(++i);
    } else if (call.Is(i, "BY") && left >= 1) {
      options.by = call.arg(++i);
      if (options.by->find('*') == std::string_view::npos) {
        options.keeps_order = true;
      } else if (!may_read_all) {
        return ReplyError("ERR BY option of SORT denied due to insufficient ACL permissions.");
      }
    } else if (call.Is(i, "GET") && left >= 1) {
      if (!may_read_all) {
        return ReplyError("ERR GET option of SORT denied due to insufficient ACL permissions.");
      }
      options.gets.push_back(call.arg(++i));
    } else {
      return ReplyError(kSyntaxError);
    }
  }
  return options;
}

SortWindow WindowOf(const SortOptions& options, std::size_t size) {
  const auto all = static_cast<std::int64_t>(size);
  const std::int64_t begin = std::clamp<std::int64_t>(options.offset, 0, all);
  const std::int64_t count = options.count < 0 ? all : std::min(options.count, all);
  return {static_cast<std::size_t>(begin), static_cast<std::size_t>(std::min(begin + count, all))};
}

// --- The value behind a pattern ------------------------------------------------------------

// A pattern with its parts: PREFIX*POSTFIX or PREFIX*POSTFIX->FIELD.
struct KeyPattern {
  explicit KeyPattern(std::string_view pattern) : is_element(pattern == "#") {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return;
    has_star = true;
    prefix = pattern.substr(0, star);
    postfix = pattern.substr(star + 1);
    const std::size_t arrow = postfix.find("->");
    if (arrow == std::string_view::npos || arrow + 2 == postfix.size()) return;
    field = postfix.substr(arrow + 2);
    postfix = postfix.substr(0, arrow);
  }

  bool is_element;
  bool has_star = false;
  std::string_view prefix, postfix;
  std::optional<std::string_view> field;
};

// Calls use(value) for the value that an element stands for. False when there is none.
template <class Use>
bool WithValue(Call& call, const KeyPattern& pattern, std::string_view element, Use use) {
  if (pattern.is_element) {
    use(element);
    return true;
  }
  if (!pattern.has_star) return false;
  std::string key(pattern.prefix);
  key.append(element).append(pattern.postfix);
  const Entry* entry = call.ReadAndUse(key);
  if (entry == nullptr) return false;
  if (!pattern.field) {
    if (!entry->is_string()) return false;
    use(StringText(*entry).view());
    return true;
  }
  if (entry->type() != ValueType::kHash) return false;
  const auto value = entry->As<Hash>()->Get(*pattern.field);
  if (!value) return false;
  use(*value);
  return true;
}

// --- Loading and ordering ------------------------------------------------------------------

std::size_t SizeOf(const Entry* entry) {
  if (entry == nullptr) return 0;
  if (entry->type() == ValueType::kList) return entry->As<List>()->size();
  if (entry->type() == ValueType::kSet) return entry->As<Set>()->size();
  return entry->As<SortedSet>()->size();
}

// The elements of a list or sorted set in their own order, from the back if asked: the window
// only.
std::vector<SortItem> LoadInOrder(const Entry& entry, SortWindow window, bool from_back) {
  std::vector<SortItem> items;
  if (window.size() == 0) return items;
  items.reserve(window.size());
  const auto add = [&](std::string_view element) {
    items.push_back({std::string(element)});
    return items.size() < window.size();
  };
  if (entry.type() == ValueType::kZset) {
    const SortedSet& set = *entry.As<SortedSet>();
    const Direction direction = from_back ? Direction::kReverse : Direction::kForward;
    set.VisitRanks(set.AllRanks().Part(window.begin, window.size(), direction), direction,
                   [&](std::string_view member, double) { return add(member); });
  } else if (from_back) {
    const List& list = *entry.As<List>();
    list.VisitBackFrom(list.size() - 1 - window.begin, add);
  } else {
    entry.As<List>()->VisitFrom(window.begin, add);
  }
  return items;
}

std::vector<SortItem> LoadAll(const Entry& entry) {
  if (entry.type() != ValueType::kSet) return LoadInOrder(entry, {0, SizeOf(&entry)}, false);
  std::vector<SortItem> items;
  entry.As<Set>()->ForEach([&](std::string_view member) {
    items.push_back({std::string(member)});
    return true;
  });
  return items;
}

Result<double> WeightOf(std::string_view text) {
  const auto weight = ParseWeight(text);
  if (!weight) return ReplyError("ERR One or more scores can't be converted into double");
  return *weight;
}

Result<void> Weigh(Call& call, const SortOptions& options, std::vector<SortItem>& items) {
  if (!options.by) {
    if (options.alpha) return {};
    for (SortItem& item : items) {
      SATCHEL_ASSIGN(item.weight, WeightOf(item.element));
    }
    return {};
  }
  const KeyPattern by(*options.by);
  for (SortItem& item : items) {
    Result<double> weight = 0.0;
    WithValue(call, by, item.element, [&](std::string_view value) {
      if (options.alpha) {
        item.text = value;
      } else {
        weight = WeightOf(value);
      }
    });
    SATCHEL_ASSIGN(item.weight, std::move(weight));
  }
  return {};
}

// As strcmp: up to the first zero byte.
int CompareTexts(std::string_view a, std::string_view b) {
  a = a.substr(0, a.find('\0'));
  b = b.substr(0, b.find('\0'));
  return a.compare(b);
}

int CompareItems(const SortItem& a, const SortItem& b, const SortOptions& options) {
  if (!options.alpha) {
    if (a.weight != b.weight) return a.weight > b.weight ? 1 : -1;
    return a.element.compare(b.element);
  }
  // What is stored must not depend on a locale: only then Redis compares all bytes.
  const auto compare = [&](std::string_view x, std::string_view y) {
    return options.store ? x.compare(y) : CompareTexts(x, y);
  };
  if (!options.by) return compare(a.element, b.element);
  if (!a.text || !b.text) return static_cast<int>(a.text.has_value()) - b.text.has_value();
  return compare(*a.text, *b.text);
}

// The items in order, as far as the window shows.
std::vector<SortItem> Ordered(std::vector<SortItem> items, const SortOptions& options,
                              SortWindow window) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto compare = [&](std::size_t a, std::size_t b) {
    const int result = CompareItems(items[a], items[b], options);
    return options.descending ? -result : result;
  };
  if (options.by && window.size() > 0 && window.size() < items.size()) {
    PartialSort(order, window.begin, window.end - 1, compare);
  } else {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return compare(a, b) < 0; });
  }
  std::vector<SortItem> result;
  result.reserve(window.size());
  for (std::size_t i = window.begin; i < window.end; ++i) {
    result.push_back(std::move(items[order[i]]));
  }
  return result;
}

// --- The commands --------------------------------------------------------------------------

void ReplySorted(Call& call, Reply& reply, const SortOptions& options,
                 std::span<const SortItem> items) {
  if (options.gets.empty()) {
    reply.BeginArray(items.size());
    for (const SortItem& item : items) reply.Bulk(item.element);
    return;
  }
  const std::vector<KeyPattern> gets(options.gets.begin(), options.gets.end());
  reply.BeginArray(items.size() * gets.size());
  for (const SortItem& item : items) {
    for (const KeyPattern& get : gets) {
      if (!WithValue(call, get, item.element, [&](std::string_view v) { reply.Bulk(v); })) {
        reply.Null();
      }
    }
  }
}

void StoreSorted(Call& call, Reply& reply, const SortOptions& options,
                 std::span<const SortItem> items) {
  std::vector<std::string> values;
  const std::vector<KeyPattern> gets(options.gets.begin(), options.gets.end());
  for (const SortItem& item : items) {
    if (gets.empty()) values.push_back(item.element);
    for (const KeyPattern& get : gets) {
      values.emplace_back();
      WithValue(call, get, item.element, [&](std::string_view v) { values.back() = v; });
    }
  }
  const std::string_view key = *options.store;
  reply.Integer(static_cast<std::int64_t>(values.size()));
  if (call.Look(key) != nullptr) call.Effect({"DEL", key});
  if (values.empty()) {
    if (call.Remove(key)) call.Event(kEventGeneric, "del", key);
    return;
  }
  List list;
  std::vector<std::string_view> effect = {"RPUSH", key};
  for (const std::string& value : values) {
    list.PushBack(value, call.context());
    effect.push_back(value);
  }
  call.Overwrite(key, std::move(list));
  call.Effect(call.db(), effect);
  call.Event(kEventList, "sortstore", key);
}

void RunSort(Call& call, Reply& reply, bool read_only) {
  auto parsed = ParseSort(call, read_only);
  if (!parsed) return reply.Error(parsed.error());
  SortOptions& options = *parsed;
  const std::string_view key = call.arg(1);
  const Entry* entry = call.ReadAndUse(key);
  if (entry != nullptr && entry->type() != ValueType::kList && entry->type() != ValueType::kSet &&
      entry->type() != ValueType::kZset) {
    return reply.Error(kWrongTypeText);
  }
  // A set has no order of its own, but what is stored or seen by a script must be the same
  // everywhere.
  if (options.keeps_order && entry != nullptr && entry->type() == ValueType::kSet &&
      (options.store || call.session().kind == Session::Kind::kScript)) {
    options.keeps_order = false;
    options.by.reset();
    options.alpha = true;
  }
  if (entry != nullptr && entry->type() == ValueType::kZset) {
    // Redis sorts the table of a sorted set only, and leaves it one: OBJECT ENCODING shows it.
    call.EditForm(key).As<SortedSet>()->Unpack(call.context());
    entry = call.Look(key);
  }
  const SortWindow window = WindowOf(options, SizeOf(entry));
  std::vector<SortItem> items;
  if (entry == nullptr) {
    // Nothing to sort: an empty result.
  } else if (!options.keeps_order) {
    items = LoadAll(*entry);
    auto weighed = Weigh(call, options, items);
    if (!weighed) return reply.Error(weighed.error());
    items = Ordered(std::move(items), options, window);
  } else if (entry->type() == ValueType::kSet) {
    items = LoadAll(*entry);
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(window.end), items.end());
    items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(window.begin));
  } else {
    items = LoadInOrder(*entry, window, options.descending);
  }
  if (options.store) return StoreSorted(call, reply, options, items);
  ReplySorted(call, reply, options, items);
}

void Sort(Call& call, Reply& reply) { RunSort(call, reply, false); }
void SortRo(Call& call, Reply& reply) { RunSort(call, reply, true); }

// The last STORE counts; words that belong to other options do not.
void AddStoreKey(std::span<const std::string_view> args, std::vector<KeyPosition>* keys) {
  std::size_t store = 0;
  for (std::size_t i = 2; i + 1 < args.size(); ++i) {
    if (EqualIgnoreCase(args[i], "STORE")) {
      store = ++i;
    } else if (EqualIgnoreCase(args[i], "LIMIT")) {
      i += 2;
    } else if (EqualIgnoreCase(args[i], "GET") || EqualIgnoreCase(args[i], "BY")) {
      ++i;
    }
  }
  if (store != 0) keys->push_back({static_cast<std::uint32_t>(store), kOW | kUpdate});
}

constexpr std::string_view kPatternNotes = "Keys made of BY and GET patterns and the elements.";

constexpr Command kSortCommands[] = {
    {.name = "SORT",
     .arity = -2,
     .flags = kWrite | kDenyOom | kMovableKeys,
     .categories = kCatSet | kCatSortedSet | kCatList | kCatDangerous,
     .keys = {KeyAt(1, kRO | kAccess), KeyUnknown(kRO | kAccess, kPatternNotes),
              KeyUnknown(kOW | kUpdate, "The key behind STORE.")},
     .run = Sort,
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N+M*log(M))",
     .summary = "Sorts a list, set or sorted set, by itself or by other keys; replies or stores.",
     .more_keys = AddStoreKey},
    {.name = "SORT_RO",
     .arity = -2,
     .flags = kReadonly | kMovableKeys,
     .categories = kCatSet | kCatSortedSet | kCatList | kCatDangerous,
     .keys = {KeyAt(1, kRO | kAccess), KeyUnknown(kRO | kAccess, kPatternNotes)},
     .run = SortRo,
     .since = "7.0.0",
     .group = "generic",
     .complexity = "O(N+M*log(M))",
     .summary = "Sorts a list, set or sorted set, by itself or by other keys."},
};
static_assert(RowsAreSound(kSortCommands));

}  // namespace

std::span<const Command> SortCommands() { return kSortCommands; }

}  // namespace satchel::engine
