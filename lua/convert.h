// Values between replies and Lua: StackSink, the Reply that pushes onto a Lua stack, and the
// reply that a script's return value becomes.
// Source: redis 7.0.15, conversions in both protocols; docs/compat.md.

#pragma once

#include <lua.hpp>
#include <optional>
#include <vector>

#include "base/reply.h"
#include "lua/table_order.h"

namespace satchel::lua {

// Pushes exactly one Lua value per reply. Errors become {err=text}; with RESP3 shapes maps are
// {map=}, sets {set={member=true}}, doubles {double=}, null is nil; without, null is false.
class StackSink final : public Reply {
 public:
  StackSink(lua_State* state, bool resp3) : state_(state), resp3_(resp3) {}

  void Status(std::string_view text) override;
  void Integer(std::int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void NullArray() override { Null(); }
  void Double(double value) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  void Verbatim(std::string_view format, std::string_view bytes) override;
  void Begin(Aggregate kind, std::size_t count) override;
  std::size_t Open(Aggregate kind) override;
  void Close(std::size_t mark, std::size_t count) override;
  bool is_resp3() const override { return resp3_; }

 protected:
  void WriteError(std::string_view text) override;

 private:
  static constexpr std::size_t kOpen = static_cast<std::size_t>(-1);
  struct Frame {
    Aggregate kind;
    std::size_t missing;                     // values still to come, or kOpen
    lua_Integer next = 1;                    // array index
    bool has_key = false;                    // kMap: the key lies on the stack
    std::optional<TableFiller> filler = {};  // kMap, kSet
  };

  void StartFrame(Aggregate kind, std::size_t missing);
  void PushField(const char* name, std::string_view text);
  void Added();  // a whole value lies on top
  void EndFrame();

  lua_State* state_;  // borrowed
  bool resp3_;
  std::vector<Frame> frames_;
};

// Replies the value at the top of the stack, which stays there. `resp3`: the script chose
// RESP3, so that booleans are booleans.
void ReplyLuaValue(lua_State* state, bool resp3, Reply& reply);

// A number as a command's argument: %.17g.
std::string_view NumberText(lua_State* state, int index, char (&buffer)[32]);

}  // namespace satchel::lua
