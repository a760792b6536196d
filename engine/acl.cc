#include "engine/acl.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"

namespace satchel::engine {
namespace {

// --- Texts of wrong words ------------------------------------------------------------------

constexpr std::string_view kSyntax = "Syntax error";
constexpr std::string_view kUnknownName = "Unknown command or category name in ACL";
constexpr std::string_view kAfterAllKeys =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
    "any effect. Try 'resetkeys' to start with an empty list of patterns";
constexpr std::string_view kAfterAllChannels =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
    "have any effect. Try 'resetchannels' to start with an empty list of channels";
constexpr std::string_view kNoSuchPassword =
    "The password you are trying to remove from the user does not exist";
constexpr std::string_view kBadHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters";
constexpr std::string_view kFirstArgOfSubcommand =
    "Allowing first-arg of a subcommand is not supported";

Error Wrong(std::string_view text) {
  return MakeError(ErrorCode::kInvalidArgument, std::string(text));
}

// --- Words ---------------------------------------------------------------------------------

constexpr std::string_view kCategories[] = {
    "keyspace", "read",   "write",       "set",       "sortedset",  "list",        "hash",
    "string",   "bitmap", "hyperloglog", "geo",       "stream",     "pubsub",      "admin",
    "fast",     "slow",   "blocking",    "dangerous", "connection", "transaction", "scripting",
};

bool HasBlanks(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; });
}

bool IsHash(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// "get" or "config|set".
const Command* FindCommand(const CommandTable& commands, std::string_view name) {
  const std::size_t bar = name.find('|');
  const Command* command = commands.Find(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return CommandTable::FindSubcommand(*command, name.substr(bar + 1));
}

struct Channels {
  std::size_t first = 0;  // index among the arguments
  std::size_t end = 0;    // 0: the command names none
  bool are_patterns = false;
};

// Leaving a channel is free.
Channels ChannelsOf(const Command& command, std::size_t args) {
  if (command.name == "PUBLISH" || command.name == "SPUBLISH") return {1, 2, false};
  if (command.name == "SUBSCRIBE" || command.name == "SSUBSCRIBE") return {1, args, false};
  if (command.name == "PSUBSCRIBE") return {1, args, true};
  return {};
}

void AddWord(std::string& text, std::string_view word) {
  if (!text.empty()) text += ' ';
  text += word;
}

}  // namespace

std::span<const std::string_view> AclCategoryNames() { return kCategories; }

std::uint32_t AclCategoryMask(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kCategories); ++i) {
    if (EqualIgnoreCase(name, kCategories[i])) return 1u << i;
  }
  return 0;
}

// --- AclSelector: changes --------------------------------------------------------------------

void AclSelector::SetBit(const Command& command, bool allow) {
  const std::uint64_t bit = std::uint64_t{1} << (command.index % 64);
  std::uint64_t& word = bits_[command.index / 64];
  word = allow ? word | bit : word & ~bit;
  if (!allow) all_commands_ = false;
}

// A container stands for its subcommands.
void AclSelector::Allow(const Command& command, bool allow) {
  SetBit(command, allow);
  first_args_.erase(command.index);
  for (const Command& row : command.subcommands) SetBit(row, allow);
}

void AclSelector::AllowAll(bool allow) {
  std::fill(bits_.begin(), bits_.end(), allow ? ~std::uint64_t{0} : 0);
  all_commands_ = future_commands_ = allow;
  first_args_.clear();
}

void AclSelector::AllowCategory(std::uint32_t mask, bool allow) {
  for (const Command* command : commands_->all()) {
    if (command->acl_mask & mask) Allow(*command, allow);
    for (const Command& row : command->subcommands) {
      if (row.acl_mask & mask) Allow(row, allow);
    }
  }
}

Result<void> AclSelector::ApplyKey(std::string_view word) {
  if (all_keys_) return Wrong(kAfterAllKeys);
  std::uint8_t permissions = word[0] == '~' ? kAllAccess : 0;
  std::size_t begin = 1;
  if (word[0] == '%') {
    while (begin < word.size()) {
      const char c = word[begin++];
      if ((c == 'R' || c == 'r') && !(permissions & kReadKey)) {
        permissions |= kReadKey;
      } else if ((c == 'W' || c == 'w') && !(permissions & kWriteKey)) {
        permissions |= kWriteKey;
      } else if (c == '~' && permissions != 0) {
        break;
      } else {
        return Wrong(kSyntax);
      }
    }
    if (permissions == 0) return Wrong(kSyntax);
  }
  const std::string_view pattern = word.substr(begin);
  if (HasBlanks(pattern)) return Wrong(kSyntax);
  for (KeyPattern& known : keys_) {
    if (known.pattern != pattern) continue;
    known.permissions |= permissions;
    return {};
  }
  keys_.push_back({std::string(pattern), permissions});
  return {};
}

Result<void> AclSelector::ApplyChannel(std::string_view pattern) {
  if (all_channels_) return Wrong(kAfterAllChannels);
  if (HasBlanks(pattern)) return Wrong(kSyntax);
  if (std::find(channels_.begin(), channels_.end(), pattern) == channels_.end()) {
    channels_.emplace_back(pattern);
  }
  return {};
}

// +config|set is a subcommand; +select|0 a first argument.
Result<void> AclSelector::AllowPart(std::string_view name) {
  const std::size_t bar = name.rfind('|');
  const Command* command = FindCommand(*commands_, name.substr(0, bar));
  const std::string_view part = name.substr(bar + 1);
  if (command == nullptr) return Wrong(kUnknownName);
  if (command->parent != nullptr) return Wrong(kFirstArgOfSubcommand);
  if (part.empty()) return Wrong(kSyntax);
  if (!command->subcommands.empty()) {
    const Command* row = CommandTable::FindSubcommand(*command, part);
    if (row == nullptr) return Wrong(kUnknownName);
    Allow(*row, true);
    return {};
  }
  std::vector<std::string>& parts = first_args_[command->index];
  const bool known = std::any_of(parts.begin(), parts.end(), [&](const std::string& other) {
    return EqualIgnoreCase(other, part);
  });
  if (!known) parts.emplace_back(part);
  return {};
}

Result<void> AclSelector::ApplyCommand(std::string_view word) {
  const bool allow = word[0] == '+';
  const std::string_view name = word.substr(1);
  if (name.substr(0, 1) == "@") {
    const std::uint32_t mask = AclCategoryMask(name.substr(1));
    if (mask == 0) return Wrong(kUnknownName);
    AllowCategory(mask, allow);
    return {};
  }
  if (allow && name.find('|') != std::string_view::npos) return AllowPart(name);
  const Command* command = FindCommand(*commands_, name);
  if (command == nullptr) return Wrong(kUnknownName);
  Allow(*command, allow);
  return {};
}

Result<void> AclSelector::Apply(std::string_view word) {
  const auto is = [&](std::string_view a, std::string_view b) {
    return EqualIgnoreCase(word, a) || EqualIgnoreCase(word, b);
  };
  if (word.empty()) return Wrong(kSyntax);
  if (is("allkeys", "~*") || is("resetkeys", "resetkeys")) {
    all_keys_ = !EqualIgnoreCase(word, "resetkeys");
    keys_.clear();
  } else if (is("allchannels", "&*") || is("resetchannels", "resetchannels")) {
    all_channels_ = !EqualIgnoreCase(word, "resetchannels");
    channels_.clear();
  } else if (is("allcommands", "+@all")) {
    AllowAll(true);
  } else if (is("nocommands", "-@all")) {
    AllowAll(false);
  } else if (word[0] == '~' || word[0] == '%') {
    return ApplyKey(word);
  } else if (word[0] == '&') {
    return ApplyChannel(word.substr(1));
  } else if (word[0] == '+' || word[0] == '-') {
    return ApplyCommand(word);
  } else {
    return Wrong(kSyntax);
  }
  return {};
}

// --- AclSelector: checks ---------------------------------------------------------------------

const std::vector<std::string>* AclSelector::FirstArgs(const Command& command) const {
  auto it = first_args_.find(command.index);
  return it == first_args_.end() ? nullptr : &it->second;
}

bool AclSelector::CommandFits(const Command& command,
                              std::span<const std::string_view> args) const {
  if (all_commands_ || (command.flags & kNoAuth) || has(command)) return true;
  const std::vector<std::string>* allowed = FirstArgs(command);
  if (allowed == nullptr || args.size() < 2) return false;
  return std::any_of(allowed->begin(), allowed->end(),
                     [&](const std::string& arg) { return EqualIgnoreCase(arg, args[1]); });
}

bool AclSelector::KeyFits(std::string_view key, std::uint16_t key_flags) const {
  std::uint8_t needed = 0;
  if (key_flags & engine::kAccess) needed |= kReadKey;
  if (key_flags & (kInsert | kDelete | kUpdate)) needed |= kWriteKey;
  return std::any_of(keys_.begin(), keys_.end(), [&](const KeyPattern& known) {
    return (known.permissions & needed) == needed && GlobMatch(known.pattern, key);
  });
}

// A pattern to subscribe to must be one of ours, letter by letter.
bool AclSelector::ChannelFits(std::string_view channel, bool is_pattern) const {
  if (all_channels_) return true;
  return std::any_of(channels_.begin(), channels_.end(), [&](const std::string& known) {
    return is_pattern ? known == channel : GlobMatch(known, channel);
  });
}

AclVerdict AclSelector::Check(const Command& command,
                              std::span<const std::string_view> args) const {
  if (!CommandFits(command, args)) return {AclDenial::kCommand};
  if (!all_keys_ && command.keys[0].begin != KeySpec::Begin::kNone) {
    std::vector<KeyPosition> keys;
    if (!FindUsedKeys(command, args, &keys)) keys.clear();  // the command will say so
    for (const KeyPosition& key : keys) {
      if (!KeyFits(args[key.index], key.flags)) return {AclDenial::kKey, key.index};
    }
  }
  if (!all_channels_ && (command.flags & kPubsub)) {
    const Channels channels = ChannelsOf(command, args.size());
    for (std::size_t i = channels.first; i < channels.end && i < args.size(); ++i) {
      if (!ChannelFits(args[i], channels.are_patterns)) {
        return {AclDenial::kChannel, static_cast<std::uint32_t>(i)};
      }
    }
  }
  return {};
}

bool AclSelector::MayReadAllKeys(const Command& command) const {
  if (!CommandFits(command, {})) return false;
  return all_keys_ || std::any_of(keys_.begin(), keys_.end(), [](const KeyPattern& known) {
           return known.pattern == "*" && (known.permissions & kReadKey);
         });
}

// --- AclSelector: texts ----------------------------------------------------------------------

std::string AclSelector::KeyPattern::Text() const {
  const std::string_view prefix = permissions == kAllAccess ? "~"
                                  : permissions == kReadKey ? "%R~"
                                                            : "%W~";
  return std::string(prefix) + pattern;
}

// Rules that give the same bits: first +@all or -@all, then the categories that fit best, one
// after the other, then what is left as single commands.
std::string AclSelector::CommandsText() const {
  const bool adding = !future_commands_;
  std::string text = adding ? "-@all" : "+@all";
  AclSelector shown(*commands_, false);
  shown.AllowAll(!adding);
  AclSelector rest = *this;
  std::uint32_t applied = 0;
  while (true) {
    // For each category the rows of it that the rest has and has not.
    std::array<std::pair<int, int>, std::size(kCategories)> counts{};
    for (std::size_t i = 0; i < commands_->indexes(); ++i) {
      const Command& command = commands_->at(i);
      const bool same = rest.has(command) == adding;
      for (std::uint32_t mask = command.acl_mask; mask != 0; mask &= mask - 1) {
        auto& count = counts[static_cast<std::size_t>(std::countr_zero(mask))];
        ++(same ? count.first : count.second);
      }
    }
    std::size_t best = std::size(kCategories);
    for (std::size_t i = 0; i < std::size(kCategories); ++i) {
      const auto [same, differ] = counts[i];
      if ((applied >> i & 1) != 0 || same <= differ) continue;
      const bool better = best == std::size(kCategories) || differ < counts[best].second ||
                          (differ == counts[best].second && same > counts[best].first);
      if (better) best = i;
    }
    if (best == std::size(kCategories)) break;
    AddWord(text, (adding ? "+@" : "-@") + std::string(kCategories[best]));
    shown.AllowCategory(1u << best, adding);
    rest.AllowCategory(1u << best, !adding);
    applied |= 1u << best;
  }
  const auto add = [&](const Command& command) {
    const bool allow = has(command);
    const std::string name = CommandTable::FullName(command);
    if (allow != shown.has(command)) {
      AddWord(text, (allow ? "+" : "-") + name);
      shown.Allow(command, allow);
    }
    const std::vector<std::string>* parts = allow ? nullptr : FirstArgs(command);
    if (parts == nullptr) return;
    for (const std::string& part : *parts) AddWord(text, "+" + name + "|" + part);
  };
  for (const Command* command : commands_->all()) {
    add(*command);
    for (const Command& row : command->subcommands) add(row);
  }
  return text;
}

std::string AclSelector::KeysText() const {
  std::string text = all_keys_ ? "~*" : "";
  for (const KeyPattern& known : keys_) AddWord(text, known.Text());
  return text;
}

std::string AclSelector::ChannelsText() const {
  std::string text = all_channels_ ? "&*" : "";
  for (const std::string& known : channels_) AddWord(text, "&" + known);
  return text;
}

std::string AclSelector::Text() const {
  std::string text = KeysText();
  if (!all_channels_) AddWord(text, "resetchannels");
  const std::string channels = ChannelsText();
  if (!channels.empty()) AddWord(text, channels);
  AddWord(text, CommandsText());
  return text;
}

// --- AclUser -----------------------------------------------------------------------------------

AclUser::AclUser(std::string name, const CommandTable& commands, bool all_channels)
    : name_(std::move(name)), commands_(&commands), new_selectors_all_channels_(all_channels) {
  selectors_.emplace_back(commands, all_channels);
}

Result<void> AclUser::AddHash(std::string_view word) {
  if (word[0] == '#' && !IsHash(word.substr(1))) return Wrong(kBadHash);
  std::string hash = word[0] == '#' ? std::string(word.substr(1)) : Sha256Hex(word.substr(1));
  if (std::find(hashes_.begin(), hashes_.end(), hash) == hashes_.end()) {
    hashes_.push_back(std::move(hash));
  }
  no_password_ = false;
  return {};
}

Result<void> AclUser::RemoveHash(std::string_view word) {
  if (word[0] == '!' && !IsHash(word.substr(1))) return Wrong(kBadHash);
  const std::string hash = word[0] == '!' ? std::string(word.substr(1)) : Sha256Hex(word.substr(1));
  if (std::erase(hashes_, hash) == 0) return Wrong(kNoSuchPassword);
  return {};
}

Result<void> AclUser::AddSelector(std::string_view word) {
  AclSelector selector(*commands_, new_selectors_all_channels_);
  const auto words = SplitArgs(word.substr(1, word.size() - 2));
  if (words) {  // else, as Redis has it, a selector without rules
    for (const std::string& rule : *words) SATCHEL_TRY(selector.Apply(rule));
  }
  selectors_.push_back(std::move(selector));
  return {};
}

void AclUser::Reset() {
  enabled_ = no_password_ = false;
  sanitize_ = Sanitize::kYes;
  hashes_.clear();
  selectors_.clear();
  selectors_.emplace_back(*commands_, new_selectors_all_channels_);
}

Result<void> AclUser::Apply(std::string_view word) {
  auto applied = ApplyWord(word);
  unrestricted_ = selectors_.front().unrestricted();
  return applied;
}

Result<void> AclUser::ApplyWord(std::string_view word) {
  const auto is = [&](std::string_view name) { return EqualIgnoreCase(word, name); };
  if (word.empty()) return {};
  if (is("on") || is("off")) {
    enabled_ = is("on");
  } else if (is("nopass") || is("resetpass")) {
    no_password_ = is("nopass");
    hashes_.clear();
  } else if (is("skip-sanitize-payload") || is("sanitize-payload")) {
    sanitize_ = is("sanitize-payload") ? Sanitize::kYes : Sanitize::kSkip;
  } else if (word[0] == '>' || word[0] == '#') {
    return AddHash(word);
  } else if (word[0] == '<' || word[0] == '!') {
    return RemoveHash(word);
  } else if (word.size() >= 2 && word.front() == '(' && word.back() == ')') {
    return AddSelector(word);
  } else if (is("clearselectors")) {
    selectors_.erase(selectors_.begin() + 1, selectors_.end());
  } else if (is("reset")) {
    Reset();
  } else {
    return selectors_.front().Apply(word);
  }
  return {};
}

bool AclUser::PasswordFits(std::string_view password) const {
  if (no_password_) return true;
  const std::string hash = Sha256Hex(password);
  bool fits = false;
  for (const std::string& known : hashes_) fits |= EqualConstantTime(known, hash);
  return fits;
}

AclVerdict AclUser::Check(const Command& command, std::span<const std::string_view> args) const {
  AclVerdict told{AclDenial::kCommand, 0};
  for (const AclSelector& selector : selectors_) {
    const AclVerdict verdict = selector.Check(command, args);
    if (verdict.allowed()) return verdict;
    const bool later =
        verdict.denial > told.denial || (verdict.denial == told.denial && verdict.arg > told.arg);
    if (later) told = verdict;
  }
  return told;
}

bool AclUser::MayReadAllKeys(const Command& command) const {
  return std::any_of(selectors_.begin(), selectors_.end(),
                     [&](const AclSelector& selector) { return selector.MayReadAllKeys(command); });
}

bool AclUser::MayHear(std::string_view name, bool is_pattern) const {
  return std::any_of(selectors_.begin(), selectors_.end(), [&](const AclSelector& selector) {
    return selector.ChannelFits(name, is_pattern);
  });
}

std::vector<std::string_view> AclUser::Flags() const {
  std::vector<std::string_view> flags = {enabled_ ? "on" : "off"};
  if (no_password_) flags.push_back("nopass");
  if (sanitize_ == Sanitize::kSkip) flags.push_back("skip-sanitize-payload");
  if (sanitize_ == Sanitize::kYes) flags.push_back("sanitize-payload");
  return flags;
}

std::string AclUser::Text() const {
  std::string text;
  for (std::string_view flag : Flags()) AddWord(text, flag);
  for (const std::string& hash : hashes_) AddWord(text, "#" + hash);
  AddWord(text, selectors_.front().Text());
  for (std::size_t i = 1; i < selectors_.size(); ++i) {
    AddWord(text, "(" + selectors_[i].Text() + ")");
  }
  return text;
}

void AclUser::CopyRulesOf(const AclUser& other) {
  enabled_ = other.enabled_;
  no_password_ = other.no_password_;
  sanitize_ = other.sanitize_;
  hashes_ = other.hashes_;
  selectors_ = other.selectors_;
  unrestricted_ = other.unrestricted_;
}

Result<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> words) {
  std::vector<std::string> joined;
  std::string_view open;  // the word that began a selector
  std::string selector;
  for (std::string_view word : words) {
    const bool closes = !word.empty() && word.back() == ')';
    if (open.empty() && !word.empty() && word.front() == '(' && !closes) {
      open = selector = word;
    } else if (!open.empty()) {
      (selector += ' ') += word;
      if (!closes) continue;
      joined.push_back(std::move(selector));
      open = {};
    } else {
      joined.emplace_back(word);
    }
  }
  if (!open.empty()) return Wrong(open);
  return joined;
}

// --- Acl ---------------------------------------------------------------------------------------

Acl::Acl(const CommandTable& commands) : commands_(commands) {
  auto user = NewUser("default");
  for (std::string_view word : {"+@all", "~*", "&*", "on", "nopass"}) {
    SATCHEL_CHECK(user->Apply(word));
  }
  default_user_ = user.get();
  users_.emplace("default", std::move(user));
}

AclUser* Acl::Find(std::string_view name) const {
  auto it = users_.find(name);
  return it == users_.end() ? nullptr : it->second.get();
}

std::unique_ptr<AclUser> Acl::NewUser(std::string_view name) const {
  return std::make_unique<AclUser>(std::string(name), commands_, channels_by_default);
}

AclUser& Acl::Put(const AclUser& rules) {
  AclUser* user = Find(rules.name());
  if (user == nullptr) {
    user = users_.emplace(rules.name(), NewUser(rules.name())).first->second.get();
  }
  user->CopyRulesOf(rules);
  return *user;
}

std::unique_ptr<AclUser> Acl::Remove(std::string_view name) {
  auto it = users_.find(name);
  if (it == users_.end()) return nullptr;
  SATCHEL_CHECK(it->second.get() != default_user_);
  auto user = std::move(it->second);
  users_.erase(it);
  return user;
}

AclUser* Acl::Authenticate(std::string_view name, std::string_view password) const {
  AclUser* user = Find(name);
  if (user == nullptr || !user->enabled() || !user->PasswordFits(password)) return nullptr;
  return user;
}

void Acl::SetDefaultPassword(std::string_view password) {
  SATCHEL_CHECK(default_user_->Apply("resetpass"));
  SATCHEL_CHECK(default_user_->Apply(password.empty() ? "nopass" : ">" + std::string(password)));
}

// --- The file ----------------------------------------------------------------------------------

Result<std::vector<std::unique_ptr<AclUser>>> Acl::ParseFile(std::string_view path,
                                                             std::string_view text) const {
  std::vector<std::unique_ptr<AclUser>> users;
  std::string errors;
  const auto lines = Split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = Trim(lines[i]);
    if (line.empty()) continue;
    const std::string number = FormatInt(static_cast<std::int64_t>(i) + 1);
    const std::string place = std::string(path) + ":" + number;
    const auto words = Split(line, ' ');
    if (words[0] != "user" || words.size() < 2) {
      errors += place + " should start with user keyword followed by the username. ";
      continue;
    }
    if (HasBlanks(words[1])) {
      errors += place + ": username '" + std::string(words[1]) + "' contains invalid characters. ";
      continue;
    }
    const bool known = std::any_of(users.begin(), users.end(),
                                   [&](const auto& user) { return user->name() == words[1]; });
    if (known) {
      errors +=
          "WARNING: Duplicate user '" + std::string(words[1]) + "' found on line " + number + ". ";
      continue;
    }
    auto user = NewUser(words[1]);
    const auto rules = JoinSelectors(std::span(words).subspan(2));
    if (!rules) {
      errors += place + ": Unmatched parenthesis in selector definition.";
      continue;
    }
    for (const std::string& rule : *rules) {
      const auto applied = user->Apply(Trim(rule));
      if (applied) continue;
      const std::string& detail = applied.error().detail;
      errors += place + ": ";
      if (detail == kUnknownName) errors += "Error in applying operation '" + rule + "': ";
      errors += detail + ". ";
      break;
    }
    users.push_back(std::move(user));
  }
  if (errors.empty()) return users;
  return MakeError(ErrorCode::kConfig,
                   errors +
                       "WARNING: ACL errors detected, no change to the previously active ACL rules "
                       "was performed");
}

std::string Acl::FileText() const {
  std::string text;
  for (const auto& [name, user] : users_) text += "user " + name + " " + user->Text() + "\n";
  return text;
}

// --- The log -----------------------------------------------------------------------------------

void Acl::Log(AclLogEntry entry) {
  constexpr std::size_t kLookedAt = 10;
  constexpr std::int64_t kSameEventMs = 60'000;
  const auto end = log_.begin() + static_cast<std::ptrdiff_t>(std::min(kLookedAt, log_.size()));
  const auto same = std::find_if(log_.begin(), end, [&](const AclLogEntry& known) {
    return known.reason == entry.reason && known.context == entry.context &&
           entry.time_ms - known.time_ms <= kSameEventMs && known.object == entry.object &&
           known.user == entry.user;
  });
  if (same != end) {
    entry.count = same->count + 1;
    log_.erase(same);
  }
  log_.push_front(std::move(entry));
  while (log_.size() > static_cast<std::size_t>(std::max<std::int64_t>(0, max_log_entries))) {
    log_.pop_back();
  }
}

}  // namespace satchel::engine
