// Acl: users, what each may do, and the log of what was refused.
//
// A user has a root selector and may have more; a call is allowed when one selector allows the
// command, every key of it and every channel. Commands are bits by Command::index; bits of
// containers and of their subcommands are apart. A user that may do everything is marked
// unrestricted(), so that a call of such a user costs one test.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, ACL; differences in docs/compat.md.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/command_table.h"

namespace satchel::engine {

// Why a call is refused, in Redis' order: of several selectors the latest reason is told.
enum class AclDenial : std::uint8_t { kNone, kCommand, kKey, kAuth, kChannel };

struct AclVerdict {
  AclDenial denial = AclDenial::kNone;
  std::uint32_t arg = 0;  // index of the key or channel that was refused
  bool allowed() const { return denial == AclDenial::kNone; }
};

// The rules of one selector. Every operation is a word of ACL SETUSER.
class AclSelector {
 public:
  AclSelector(const CommandTable& commands, bool all_channels)
      : commands_(&commands), bits_((commands.indexes() + 63) / 64), all_channels_(all_channels) {}

  // The error's detail is the text behind "Error in ACL SETUSER modifier". Nothing has changed
  // then.
  Result<void> Apply(std::string_view word);

  AclVerdict Check(const Command& command, std::span<const std::string_view> args) const;
  bool ChannelFits(std::string_view channel, bool is_pattern) const;

  bool unrestricted() const { return all_commands_ && all_keys_ && all_channels_; }
  bool all_commands() const { return all_commands_; }
  bool all_keys() const { return all_keys_; }
  bool all_channels() const { return all_channels_; }
  const std::vector<std::string>& channels() const { return channels_; }
  // May run the command as far as commands go, and read any key: SORT BY, GET.
  bool MayReadAllKeys(const Command& command) const;

  // As ACL GETUSER prints: "-@all +get", "~a %R~b", "&c".
  std::string CommandsText() const;
  std::string KeysText() const;
  std::string ChannelsText() const;
  // As ACL LIST prints: keys, channels, commands.
  std::string Text() const;

 private:
  enum Permission : std::uint8_t { kReadKey = 1, kWriteKey = 2, kAllAccess = 3 };
  struct KeyPattern {
    std::string pattern;
    std::uint8_t permissions;
    std::string Text() const;
  };

  bool has(const Command& command) const {
    return (bits_[command.index / 64] >> (command.index % 64) & 1) != 0;
  }
  void SetBit(const Command& command, bool allow);
  void Allow(const Command& command, bool allow);
  void AllowAll(bool allow);
  void AllowCategory(std::uint32_t mask, bool allow);
  Result<void> ApplyKey(std::string_view word);
  Result<void> ApplyChannel(std::string_view pattern);
  Result<void> ApplyCommand(std::string_view word);
  Result<void> AllowPart(std::string_view name);
  const std::vector<std::string>* FirstArgs(const Command& command) const;
  bool CommandFits(const Command& command, std::span<const std::string_view> args) const;
  bool KeyFits(std::string_view key, std::uint16_t key_flags) const;

  const CommandTable* commands_;  // borrowed; of the engine
  std::vector<std::uint64_t> bits_;
  // Commands allowed with one first argument only, by Command::index: +select|0.
  std::map<std::uint16_t, std::vector<std::string>> first_args_;
  std::vector<KeyPattern> keys_;
  std::vector<std::string> channels_;
  bool all_commands_ = false;     // and nothing was taken away since
  bool future_commands_ = false;  // rules begin with +@all
  bool all_keys_ = false;
  bool all_channels_;
};

class AclUser {
 public:
  enum class Sanitize : std::uint8_t { kUnset, kSkip, kYes };

  AclUser(std::string name, const CommandTable& commands, bool all_channels);

  // One word of ACL SETUSER; errors as AclSelector::Apply.
  Result<void> Apply(std::string_view word);

  const std::string& name() const { return name_; }
  bool enabled() const { return enabled_; }
  bool no_password() const { return no_password_; }
  // May run every command on every key and channel. Whether it is enabled does not matter to
  // who is in already.
  bool unrestricted() const { return unrestricted_; }
  bool PasswordFits(std::string_view password) const;
  AclVerdict Check(const Command& command, std::span<const std::string_view> args) const;
  bool MayReadAllKeys(const Command& command) const;
  // As subscriber of a channel, or of a pattern.
  bool MayHear(std::string_view name, bool is_pattern) const;

  std::vector<std::string_view> Flags() const;  // "on", "nopass", ...
  const std::vector<std::string>& password_hashes() const { return hashes_; }
  const std::vector<AclSelector>& selectors() const { return selectors_; }  // root first
  // The rules on one line, without the name.
  std::string Text() const;

  // Takes over everything but the name.
  void CopyRulesOf(const AclUser& other);

 private:
  Result<void> ApplyWord(std::string_view word);
  Result<void> AddHash(std::string_view word);
  Result<void> RemoveHash(std::string_view word);
  Result<void> AddSelector(std::string_view word);
  void Reset();

  std::string name_;
  const CommandTable* commands_;  // borrowed
  bool new_selectors_all_channels_;
  bool unrestricted_ = false;  // as the root selector
  bool enabled_ = false;
  bool no_password_ = false;
  Sanitize sanitize_ = Sanitize::kUnset;
  std::vector<std::string> hashes_;  // SHA-256, lower-case hex
  std::vector<AclSelector> selectors_;
};

// "on", "(+get ~x", "+set)" become "on", "(+get ~x +set)". The error's detail is the word whose
// parenthesis is not closed.
Result<std::vector<std::string>> JoinSelectors(std::span<const std::string_view> words);

struct AclLogEntry {
  enum class Context : std::uint8_t { kTopLevel, kMulti, kScript };
  std::uint64_t count = 1;
  AclDenial reason = AclDenial::kNone;
  Context context = Context::kTopLevel;
  std::string object;
  std::string user;
  std::int64_t time_ms = 0;
  std::string client;  // its CLIENT LIST line
};

// Where the users are kept, if anywhere: a service of the engine, implemented by who may open
// files.
class AclFile {
 public:
  virtual ~AclFile() = default;
  virtual const std::string& path() const = 0;
  virtual Result<std::string> Read() = 0;
  // Replaces the file as a whole or not at all; only the owner may read it.
  virtual Result<void> Write(std::string_view text) = 0;
};

class Acl {
 public:
  using Users = std::map<std::string, std::unique_ptr<AclUser>, std::less<>>;

  // Only the default user exists: on, without a password, unrestricted.
  explicit Acl(const CommandTable& commands);

  AclUser& default_user() { return *default_user_; }
  // Whether who has not authenticated must do so.
  bool authentication_needed() const {
    return !default_user_->no_password() || !default_user_->enabled();
  }
  AclUser* Find(std::string_view name) const;
  const Users& users() const { return users_; }  // in order of name
  // Not listed yet: for Put.
  std::unique_ptr<AclUser> NewUser(std::string_view name) const;
  // Gives the user of that name these rules, creating it if needed.
  AclUser& Put(const AclUser& rules);
  // Null when there was none. Not for the default user. Sessions must leave it first.
  std::unique_ptr<AclUser> Remove(std::string_view name);

  // Null unless the user exists, is enabled and the password is one of its.
  AclUser* Authenticate(std::string_view name, std::string_view password) const;
  // requirepass: empty means that none is needed.
  void SetDefaultPassword(std::string_view password);

  // A line of an ACL file or a `user` directive: "user NAME WORDS...". Checks all lines and
  // returns the users they define; the error names every bad line.
  Result<std::vector<std::unique_ptr<AclUser>>> ParseFile(std::string_view path,
                                                          std::string_view text) const;
  // What ParseFile reads.
  std::string FileText() const;

  // Entries of the last minute that tell the same are counted together.
  void Log(AclLogEntry entry);
  std::deque<AclLogEntry>& log() { return log_; }  // newest first

  std::int64_t max_log_entries = 128;
  bool channels_by_default = false;  // acl-pubsub-default

 private:
  const CommandTable& commands_;  // borrowed; of the engine
  Users users_;
  AclUser* default_user_;
  std::deque<AclLogEntry> log_;
};

// The categories, in Redis' order; bit i of Command::acl_mask is the i-th.
std::span<const std::string_view> AclCategoryNames();
// 0 when there is no such category; case is ignored.
std::uint32_t AclCategoryMask(std::string_view name);

}  // namespace satchel::engine
