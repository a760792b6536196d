// The C++ example of docs/scripting.md; named_script_test.cc runs it and compares the texts.

#include "tests/store/scripting_example.h"

// [example]
#include "store/named_script.h"

using satchel::Result;
using satchel::store::NamedScript;
using satchel::store::Store;

// Moves coins between two accounts; gives what the sender has left. Fails when it is too poor.
Result<std::int64_t> Transfer(Store& store, std::string_view from, std::string_view to,
                              std::string_view coins) {
  static const auto script =
      NamedScript::Make(R"(
    local left = tonumber(redis.call('GET', sender) or 0) - tonumber(coins)
    if left < 0 then return redis.error_reply('POOR not enough coins') end
    redis.call('SET', sender, left)
    redis.call('INCRBY', receiver, coins)
    return left
  )",
                        {.keys = {"sender", "receiver"}, .arguments = {"coins"}});
  auto left = script->Run(store, {{"sender", from}, {"receiver", to}}, {{"coins", coins}});
  if (!left) return left.error();
  return left->integer;
}
// [example]
