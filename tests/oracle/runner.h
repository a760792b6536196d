// Sends one file's lines to redis-server (the reference) and to the subject, and reports where
// they answer differently.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/oracle/script.h"
#include "tests/support/frame.h"
#include "tests/support/server.h"

namespace satchel::oracle {

struct Mismatch {
  int line = 0;
  std::string text;  // the line and both replies
};

class Runner {
 public:
  // Both servers must outlive the runner. With `equal_servers` the subject is a redis-server,
  // too: then differences that the file announces are not expected.
  Runner(ServerProcess& reference, ServerProcess& subject, int protocol, bool equal_servers);

  // Stops early when a server died or too much differed.
  std::vector<Mismatch> Run(const std::vector<Line>& lines);

 private:
  struct Side {
    ServerProcess* server;  // borrowed
    std::map<std::string, std::unique_ptr<Connection>> connections;
    std::map<std::string, Frame> saved;

    std::string digest;
  };
  using Frames = std::vector<Frame>;

  Connection& Get(Side& side, const std::string& name, bool plain = false);
  Frame Control(Side& side, const std::vector<std::string>& args);
  std::vector<std::string> Substitute(Side& side, const Line& line) const;
  Frames Perform(Side& side, const Line& line);
  Frames Drain(Side& side, const std::string& connection);
  Frames Scan(Side& side, const Line& line);
  Frame Block(Side& side, const Line& line);
  std::int64_t BlockedClients(Side& side);

  void RunLine(const Line& line);
  void Compare(const Line& line, const Frames& expected, const Frames& actual);
  void CompareFollowed(const Line& line);
  // The data of both servers, by DEBUG DIGEST.
  void CompareData(const Line& line);
  bool DataAgrees();
  void Report(const Line& line, std::string text);

  Side reference_;
  Side subject_;
  int protocol_;
  bool equal_servers_;
  bool data_agreed_ = true;
  std::set<std::string> followed_;
  std::vector<Mismatch> mismatches_;
  int timeouts_ = 0;
};

}  // namespace satchel::oracle
