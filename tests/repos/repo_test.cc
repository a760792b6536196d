#include "tests/repos/repo_test.h"

#include <algorithm>
#include <set>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "repos/keys.h"
#include "repos/scripts.h"

namespace satchel::repos {

namespace {

// CRC16 as the cluster specification of Redis defines it (XMODEM), and the slot of a key.
std::uint16_t Crc16(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
  }
  return static_cast<std::uint16_t>(crc);
}

int SlotOf(std::string_view key) { return Crc16(TagOf(key)) % 16384; }

}  // namespace

TEST(Slots, AreComputedAsRedisClusterDoes) {
  EXPECT_EQ(Crc16("123456789"), 0x31C3);
  EXPECT_EQ(SlotOf("a:{foo}:b"), 12182);
}

std::string HomeName(Home home) {
  switch (home) {
    case Home::kMemory:
      return "Memory";
    case Home::kDirectory:
      return "Directory";
    case Home::kRedis:
      return "Redis";
  }
  return "?";
}

namespace {

// Text or digest of each script that any test has run.
class SeenScripts final : public testing::Environment {
 public:
  void Add(const std::string& script) {
    const std::lock_guard lock(mutex_);
    seen_.insert(script);
  }
  // Each script was run by some test, which has looked at the slots of its keys.
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*") return;
    for (const ScriptFile& file : ScriptFiles()) {
      if (IsScriptPart(file)) continue;
      const store::Script& script = ScriptNamed(file.name);
      EXPECT_TRUE(seen_.contains(script.sha()) || seen_.contains(script.text())) << file.name;
    }
  }

 private:
  std::mutex mutex_;
  std::set<std::string> seen_;  // guarded by mutex_
};

SeenScripts& Seen() {
  static auto* const seen = static_cast<SeenScripts*>(
      testing::AddGlobalTestEnvironment(new SeenScripts));  // gtest owns it
  return *seen;
}
[[maybe_unused]] const SeenScripts& kRegistered = Seen();

bool IsScript(const store::CommandLine& line) { return line[0] == "EVALSHA" || line[0] == "EVAL"; }

// All keys that a script names, or makes of an argument, fall into one slot.
void CheckSlots(const store::CommandLine& line) {
  if (!IsScript(line)) return;
  Seen().Add(line[1]);
  const auto keys = static_cast<std::size_t>(*ParseInt(line[2]));
  ASSERT_GT(keys, 0u);
  for (std::size_t i = 3; i < line.size(); ++i) {
    const bool is_key = i < 3 + keys;
    if (!is_key && !line[i].starts_with("satchel:v1:")) continue;
    EXPECT_NE(TagOf(line[i]), "") << line[i];
    EXPECT_EQ(SlotOf(line[i]), SlotOf(line[3])) << line[i];
  }
}

std::size_t BytesOf(const ReplyValue& value) {
  std::size_t bytes = value.text.size();
  for (const ReplyValue& item : value.items) bytes += BytesOf(item);
  return bytes;
}

}  // namespace

std::optional<Error> WatchedStore::Note(std::span<const store::CommandLine> lines) {
  for (const store::CommandLine& line : lines) CheckSlots(line);
  ++round_trips_;
  if (calls_left_ > 0 && --calls_left_ == 0) {
    const std::unique_lock lock(restarting_);
    if (!is_pinned_) {
      inner_.reset();
      inner_ = restart_();
    }
  }
  const std::lock_guard lock(mutex_);
  if (fail_all_) return fail_all_;
  for (const store::CommandLine& line : lines) {
    lines_.push_back(line);
    if (!fail_) continue;
    const bool matches = std::ranges::any_of(
        line, [&](const std::string& part) { return part.find(fail_part_) != part.npos; });
    if (matches) return std::exchange(fail_, std::nullopt);
  }
  return std::nullopt;
}

Result<ReplyValue> WatchedStore::Run(store::Args args, const store::CallOptions& options) {
  const store::CommandLine line(args.begin(), args.end());
  if (auto error = Note({&line, 1})) return *error;
  const std::shared_lock lock(restarting_);
  auto reply = inner_->Run(args, options);
  if (reply) NoteReply(BytesOf(*reply));
  return reply;
}

void WatchedStore::NoteReply(std::size_t bytes) {
  std::size_t largest = largest_reply_bytes_;
  while (largest < bytes && !largest_reply_bytes_.compare_exchange_weak(largest, bytes)) {
  }
}

std::vector<Result<ReplyValue>> WatchedStore::Pipeline(std::span<const store::CommandLine> lines,
                                                       const store::CallOptions& options) {
  if (auto error = Note(lines)) return {lines.size(), *error};
  const std::shared_lock lock(restarting_);
  auto replies = inner_->Pipeline(lines, options);
  std::size_t bytes = 0;
  for (const auto& reply : replies) bytes += reply ? BytesOf(*reply) : 0;
  NoteReply(bytes);
  return replies;
}

void WatchedStore::RunAsync(store::CommandLine line, std::function<void(Result<ReplyValue>)> done) {
  if (auto error = Note({&line, 1})) return done(*error);
  const std::shared_lock lock(restarting_);
  inner_->RunAsync(std::move(line), std::move(done));
}

void WatchedStore::PipelineAsync(std::vector<store::CommandLine> lines,
                                 std::function<void(std::vector<Result<ReplyValue>>)> done) {
  const std::shared_lock lock(restarting_);
  inner_->PipelineAsync(std::move(lines), std::move(done));
}

namespace {

// Notes what a connection of its own sends, too. What it watches, reads and writes until the end
// of a transaction falls into one slot.
class WatchedConnection final : public store::Connection {
 public:
  WatchedConnection(std::unique_ptr<store::Connection> inner,
                    std::function<std::optional<Error>(const store::CommandLine&)> note)
      : inner_(std::move(inner)), note_(std::move(note)) {}
  Result<ReplyValue> Run(store::Args args, const store::CallOptions& options) override {
    const store::CommandLine line(args.begin(), args.end());
    if (auto error = note_(line)) return *error;
    const std::size_t key = IsScript(line) ? 3 : 1;
    if (line[0] == "EXEC" || line[0] == "UNWATCH" || line[0] == "DISCARD") {
      first_key_.clear();
    } else if (line.size() > key) {
      if (first_key_.empty()) first_key_ = line[key];
      EXPECT_NE(TagOf(line[key]), "") << line[key];
      EXPECT_EQ(SlotOf(line[key]), SlotOf(first_key_)) << line[key] << " beside " << first_key_;
    }
    return inner_->Run(args, options);
  }

 private:
  std::string first_key_;  // of the transaction
  std::unique_ptr<store::Connection> inner_;
  std::function<std::optional<Error>(const store::CommandLine&)> note_;
};

}  // namespace

Result<std::unique_ptr<store::Connection>> WatchedStore::Connect() {
  is_pinned_ = true;
  const std::shared_lock lock(restarting_);
  SATCHEL_ASSIGN(auto connection, inner_->Connect());
  return std::unique_ptr<store::Connection>(std::make_unique<WatchedConnection>(
      std::move(connection), [this](const store::CommandLine& line) {
        return Note({&line, 1});
      }));
}

Result<std::unique_ptr<store::Subscription>> WatchedStore::Subscribe(
    std::vector<std::string> channels, std::vector<std::string> patterns,
    std::function<void(const store::Message&)> on_message) {
  is_pinned_ = true;
  const std::shared_lock lock(restarting_);
  return inner_->Subscribe(std::move(channels), std::move(patterns), std::move(on_message));
}

void WatchedStore::RestartAfter(int calls, std::function<std::unique_ptr<store::Store>()> restart) {
  restart_ = std::move(restart);
  calls_left_ = calls;
}

void WatchedStore::ForgetCalls() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
  round_trips_ = 0;
  largest_reply_bytes_ = 0;
}

std::vector<store::CommandLine> WatchedStore::lines() {
  const std::lock_guard lock(mutex_);
  return lines_;
}

void WatchedStore::FailOnce(std::string command_part, Error error) {
  const std::lock_guard lock(mutex_);
  fail_part_ = std::move(command_part);
  fail_ = std::move(error);
}

void WatchedStore::FailAll(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  fail_all_ = std::move(error);
}

RepoTest::RepoTest() {
  switch (GetParam()) {
    case Home::kMemory:
      store.emplace(std::move(*store::EmbeddedStore::Open({.clock = &clock})));
      break;
    case Home::kDirectory: {
      dir_.emplace();
      store.emplace(OpenDirectory());
      store->RestartAfter(4, [this] { return OpenDirectory(); });
      break;
    }
    case Home::kRedis:
      store.emplace(store::OpenRemote(store::OptionsFor(store::SharedRedis())));
      EXPECT_TRUE(store->inner().Run({"FLUSHALL"}));
      break;
  }
}

RepoTest::~RepoTest() { store.reset(); }

std::unique_ptr<store::Store> RepoTest::OpenDirectory() {
  auto opened = store::EmbeddedStore::Open(
      {.clock = &clock, .data_dir = *dir_ / "data", .min_free_bytes = 0});
  SATCHEL_CHECK(opened.has_value());
  return std::move(*opened);
}

void RepoTest::Pass(std::chrono::milliseconds span) {
  for (const std::string& key : is_redis() ? Keys() : std::vector<std::string>()) {
    const std::int64_t left_ms = Run({"PTTL", key}).integer - span.count();
    if (left_ms + span.count() >= 0) Run({"PEXPIRE", key, FormatInt(left_ms)});
  }
  clock.Advance(span);
}

std::vector<std::string> RepoTest::Keys() {
  const auto reply = store->inner().Run({"KEYS", "*"});
  EXPECT_TRUE(reply);
  std::vector<std::string> keys;
  if (reply) {
    for (const ReplyValue& key : reply->items) keys.push_back(key.text);
  }
  std::ranges::sort(keys);
  return keys;
}

ReplyValue RepoTest::Run(std::vector<std::string> args) {
  const auto reply = store->inner().Run(std::vector<std::string_view>(args.begin(), args.end()));
  EXPECT_TRUE(reply) << reply.error().detail;
  return reply ? *reply : ReplyValue();
}

void RepoTest::ExpectOneSlotEach() {
  const auto lines = store->lines();
  EXPECT_TRUE(std::ranges::any_of(lines, [](const store::CommandLine& line) {
    return line[0] == "EVALSHA" || line[0] == "EVAL";
  }));
  for (const store::CommandLine& line : lines) CheckSlots(line);
}

const std::vector<std::string>& OddIds() {
  static const std::vector<std::string> ids = {
      "a:b",      "{x}", "}{", "*",      "a*?[b]",  "two words", std::string("nu\0l", 4),
      "\xc3\xa9", "%21", "!",  "a\r\nb", "\xff\xfe"};
  return ids;
}

}  // namespace satchel::repos
