#include "tests/oracle/runner.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text.h"

namespace satchel::oracle {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReplyTimeout{5'000};
constexpr milliseconds kQuietWait{40};
constexpr milliseconds kBlockTimeout{2'000};
// For what a server does in its own time: active expiry, wake-ups.
constexpr milliseconds kSettleTimeout{1'000};
constexpr int kMaxTimeouts = 3;
constexpr std::size_t kMaxMismatches = 200;
constexpr char kMarker[] = "~oracle-marker~";

bool IsBroken(const Frame& frame, std::string_view text) {
  return frame.type == Frame::kBroken && frame.text == text;
}

std::string DescribeAll(const std::vector<Frame>& frames) {
  if (frames.empty()) return "(nothing)";
  std::string out;
  for (auto& frame : frames) out += (out.empty() ? "" : "  ") + Describe(frame);
  return out;
}

// Whether everything that the line asked for was refused. Scripts may fail after they wrote.
bool IsRefused(const Line& line, const std::vector<Frame>& replies) {
  if (line.action != Action::kCommand || line.args.empty() || replies.empty()) return false;
  const std::string_view name = line.args[0];
  const bool is_script =
      EqualIgnoreCase(name.substr(0, 4), "EVAL") || EqualIgnoreCase(name.substr(0, 5), "FCALL");
  if (is_script && !line.raw) return false;
  return std::all_of(replies.begin(), replies.end(),
                     [](const Frame& frame) { return frame.type == '-' || frame.type == '!'; });
}

}  // namespace

Runner::Runner(ServerProcess& reference, ServerProcess& subject, int protocol, bool equal_servers)
    : reference_{.server = &reference},
      subject_{.server = &subject},
      protocol_(protocol),
      equal_servers_(equal_servers) {}

std::vector<Mismatch> Runner::Run(const std::vector<Line>& lines) {
  for (auto& line : lines) {
    if (line.protocol != 0 && line.protocol != protocol_) continue;
    RunLine(line);
    for (Side* side : {&reference_, &subject_}) {
      if (side->server->Running()) continue;
      Report(line, side->server->name() + " died:\n" + side->server->OutputTail());
      return std::move(mismatches_);
    }
    if (timeouts_ < kMaxTimeouts && mismatches_.size() < kMaxMismatches) continue;
    Report(line, "too much went wrong; the rest of the file was left out");
    return std::move(mismatches_);
  }
  const Line end{.number = lines.empty() ? 0 : lines.back().number, .source = "(end of file)"};
  if (data_agreed_) CompareData(end);
  if (!DataAgrees()) Report(end, "the data differ at the end of the file (DEBUG DIGEST)");
  return std::move(mismatches_);
}

void Runner::RunLine(const Line& line) {
  switch (line.action) {
    case Action::kSleep:
      std::this_thread::sleep_for(milliseconds(line.sleep_ms));
      return;
    case Action::kFollow:
      followed_.insert(line.connection);
      return;
    case Action::kUnfollow:
      followed_.erase(line.connection);
      return;
    default:
      break;
  }
  // The reference waits for its answer before the subject starts: both are alone on the machine.
  const Frames expected = Perform(reference_, line);
  const Frames actual = Perform(subject_, line);
  for (auto* frames : {&expected, &actual})
    for (auto& frame : *frames)
      if (IsBroken(frame, "no reply")) ++timeouts_;
  if (!expected.empty() && IsBroken(expected.back(), "no reply"))
    Report(line, "redis gave no reply: the line is wrong");
  if (!line.save_as.empty() && !expected.empty() && !actual.empty()) {
    reference_.saved[line.save_as] = expected[0];
    subject_.saved[line.save_as] = actual[0];
  }
  if (!line.ignore) Compare(line, expected, actual);
  CompareFollowed(line);
  const std::string reference_before = reference_.digest;
  const std::string subject_before = subject_.digest;
  CompareData(line);
  const bool changed = !subject_before.empty() && subject_before != subject_.digest;
  // When the reference's data changed as well, a deadline passed.
  if (changed && reference_before == reference_.digest && IsRefused(line, actual))
    Report(line, "an error changed the data of " + subject_.server->name() + " (DEBUG DIGEST)");
  // What was only sent may be carried out after the data were looked at.
  if (line.action == Action::kSend) subject_.digest.clear();
}

Connection& Runner::Get(Side& side, const std::string& name, bool plain) {
  auto& connection = side.connections[name];
  if (connection) return *connection;
  connection = Connection::Open(side.server->port());
  if (!connection) {
    // The server is gone; Run sees that. Until then any listener will do.
    connection = Connection::Open(reference_.server->port());
  }
  if (!plain && protocol_ == 3) connection->Call({"HELLO", "3"});
  return *connection;
}

Frame Runner::Control(Side& side, const std::vector<std::string>& args) {
  Frame frame = Get(side, "(control)", true).Call(args);
  if (!IsBroken(frame, "closed")) return frame;
  side.connections.erase("(control)");  // CLIENT KILL may have hit it
  return Get(side, "(control)", true).Call(args);
}

std::vector<std::string> Runner::Substitute(Side& side, const Line& line) const {
  std::vector<std::string> args = line.args;
  for (auto& arg : args) {
    if (arg.size() < 2 || arg[0] != '$') continue;
    const auto saved = side.saved.find(arg.substr(1));
    if (saved != side.saved.end()) arg = saved->second.text;
  }
  return args;
}

Runner::Frames Runner::Perform(Side& side, const Line& line) {
  Connection& connection = Get(side, line.connection);
  Frames frames;
  const auto read = [&](int count) {
    for (int i = 0; i < count; ++i) {
      frames.push_back(connection.Receive(kReplyTimeout));
      if (frames.back().type != Frame::kBroken) continue;
      side.connections.erase(line.connection);
      break;
    }
  };
  const auto send = [&] {
    if (line.raw)
      connection.SendRaw(line.args[0]);
    else
      connection.Send(Substitute(side, line));
  };
  switch (line.action) {
    case Action::kCommand:
      send();
      read(line.replies);
      break;
    case Action::kAll:
      send();
      return Drain(side, line.connection);
    case Action::kDrain:
      return Drain(side, line.connection);
    case Action::kSend:
      send();
      break;
    case Action::kBlock:
      frames.push_back(Block(side, line));
      break;
    case Action::kRead:
      read(line.replies);
      break;
    case Action::kQuiet:
      if (!connection.Quiet(kQuietWait)) read(1);
      break;
    case Action::kClosed:
      read(1);
      break;
    case Action::kClose:
      side.connections.erase(line.connection);
      break;
    case Action::kScan:
      return Scan(side, line);
    default:
      break;
  }
  return frames;
}

Runner::Frames Runner::Drain(Side& side, const std::string& name) {
  Connection& connection = Get(side, name);
  connection.Send({"PING", kMarker});
  Frames frames;
  while (true) {
    Frame frame = connection.Receive(kReplyTimeout);
    if (Contains(frame, kMarker)) return frames;
    frames.push_back(std::move(frame));
    if (frames.back().type != Frame::kBroken) continue;
    side.connections.erase(name);
    return frames;
  }
}

// The elements of all steps as one sorted frame without duplicates (SCAN may repeat itself);
// or the first reply that is not a scan's.
Runner::Frames Runner::Scan(Side& side, const Line& line) {
  Connection& connection = Get(side, line.connection);
  std::vector<std::string> args = Substitute(side, line);
  const auto cursor = std::find(args.begin(), args.end(), "0");
  if (cursor == args.end()) return {Frame{.text = "a scan line needs the cursor 0"}};
  const bool in_pairs = EqualIgnoreCase(args[0], "HSCAN") || EqualIgnoreCase(args[0], "ZSCAN");
  std::set<std::vector<std::string>> found;
  for (int step = 0; step < 100'000; ++step) {
    Frame reply = connection.Call(args);
    if (reply.type != '*' || reply.items.size() != 2 || reply.items[1].type != '*') return {reply};
    auto& items = reply.items[1].items;
    for (std::size_t i = 0; i < items.size(); i += in_pairs ? 2 : 1) {
      std::vector<std::string> element{items[i].text};
      if (in_pairs && i + 1 < items.size()) element.push_back(items[i + 1].text);
      found.insert(std::move(element));
    }
    *cursor = reply.items[0].text;
    if (*cursor == "0") break;
  }
  Frame all{.type = '*'};
  for (auto& element : found)
    for (auto& text : element) all.items.push_back(Frame{.type = '$', .text = text});
  return {all};
}

std::int64_t Runner::BlockedClients(Side& side) {
  const std::string info = Control(side, {"INFO", "clients"}).text;
  const std::string_view name = "blocked_clients:";
  const std::size_t at = info.find(name);
  if (at == std::string::npos) return -1;
  return std::atoll(info.c_str() + at + name.size());
}

Frame Runner::Block(Side& side, const Line& line) {
  const auto before = BlockedClients(side);
  Connection& connection = Get(side, line.connection);
  connection.Send(Substitute(side, line));
  const auto deadline = steady_clock::now() + kBlockTimeout;
  while (steady_clock::now() < deadline) {
    if (BlockedClients(side) == before + 1) return Frame{.type = '+', .text = "blocked"};
    std::this_thread::sleep_for(milliseconds(1));
  }
  return Frame{.text = connection.Quiet(milliseconds(0))
                           ? "blocked_clients did not grow; no reply either"
                           : "did not block"};
}

void Runner::Compare(const Line& line, const Frames& expected, const Frames& actual) {
  if (equal_servers_ && line.action == Action::kBlock && expected[0].type == Frame::kBroken)
    Report(line, "redis " + Describe(expected[0]));
  const bool same = Same(Frame{.type = '*', .items = expected}, Frame{.type = '*', .items = actual},
                         line.comparison);
  if (!line.differs.empty() && !equal_servers_) {
    if (same) Report(line, "no longer differs; the file says: " + line.differs);
    return;
  }
  if (same) return;
  std::string text =
      "redis    " + DescribeAll(expected) + "\n" + subject_.server->name() +
      std::string(9 - std::min<std::size_t>(8, subject_.server->name().size()), ' ') +
      DescribeAll(actual);
  if (expected.size() == actual.size() && !line.comparison.unordered && !line.comparison.pairs) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == actual[i] || !expected[i].is_aggregate()) continue;
      text += "\nfirst at " + FirstDifference(expected[i], actual[i]);
      break;
    }
  }
  Report(line, std::move(text));
}

void Runner::CompareFollowed(const Line& line) {
  for (auto& name : followed_) {
    if (name == line.connection) continue;
    Line drain = line;
    drain.source += "   (what @" + name + " saw)";
    drain.action = Action::kDrain;
    drain.differs.clear();
    drain.comparison = {};
    Compare(drain, Drain(reference_, name), Drain(subject_, name));
  }
}

bool Runner::DataAgrees() {
  const auto deadline = steady_clock::now() + (data_agreed_ ? kSettleTimeout : milliseconds(0));
  while (true) {
    reference_.digest = Describe(Control(reference_, {"DEBUG", "DIGEST"}));
    subject_.digest = Describe(Control(subject_, {"DEBUG", "DIGEST"}));
    if (reference_.digest == subject_.digest) return true;
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
}

// Lines with ignored or loosely compared replies may draw lots; the data may differ after them
// until the file has put that right.
void Runner::CompareData(const Line& line) {
  const bool may_differ =
      line.ignore || line.comparison.types || !line.differs.empty() || line.action == Action::kSend;
  if (may_differ) data_agreed_ = false;
  const bool agreed_before = data_agreed_;
  data_agreed_ = DataAgrees();
  if (agreed_before && !data_agreed_)
    Report(line, "the data differ from here on (DEBUG DIGEST): redis " + reference_.digest + ", " +
                     subject_.server->name() + " " + subject_.digest);
}

void Runner::Report(const Line& line, std::string text) {
  mismatches_.push_back({.line = line.number, .text = line.source + "\n" + std::move(text)});
}

}  // namespace satchel::oracle
