#include "lua/convert.h"

#include <string>

#include "base/check.h"
#include "base/text.h"
#include "engine/error_text.h"
#include "lua/arguments.h"
#include "lua/error_text.h"
#include "lua/number_text.h"
#include "lua/redis_api.h"

namespace satchel::lua {

// --- Replies to Lua ------------------------------------------------------------------------

void StackSink::PushField(const char* name, std::string_view text) {
  PushString(state_, text);
  lua_setfield(state_, -2, name);
}

void StackSink::Status(std::string_view text) {
  lua_createtable(state_, 0, 1);
  PushField("ok", text);
  Added();
}

void StackSink::WriteError(std::string_view text) {
  PushCountedErrorTable(state_, text);
  Added();
}

void StackSink::Integer(std::int64_t value) {
  lua_pushnumber(state_, static_cast<double>(value));
  Added();
}

void StackSink::Bulk(std::string_view bytes) {
  PushString(state_, bytes);
  Added();
}

void StackSink::Null() {
  if (resp3_) {
    lua_pushnil(state_);
  } else {
    lua_pushboolean(state_, 0);
  }
  Added();
}

void StackSink::Double(double value) {
  if (!resp3_) return Bulk(FormatDouble(value));
  lua_createtable(state_, 0, 1);
  lua_pushnumber(state_, value);
  lua_setfield(state_, -2, "double");
  Added();
}

void StackSink::Boolean(bool value) {
  if (!resp3_) return Integer(value ? 1 : 0);
  lua_pushboolean(state_, value ? 1 : 0);
  Added();
}

void StackSink::BigNumber(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  lua_createtable(state_, 0, 1);
  PushField("big_number", digits);
  Added();
}

void StackSink::Verbatim(std::string_view format, std::string_view bytes) {
  if (!resp3_) return Bulk(bytes);
  lua_createtable(state_, 0, 1);
  lua_createtable(state_, 0, 2);
  PushField("string", bytes);
  PushField("format", format);
  lua_setfield(state_, -2, "verbatim_string");
  Added();
}

void StackSink::StartFrame(Aggregate kind, std::size_t missing) {
  luaL_checkstack(state_, 8, "reply nested too deep");
  const bool wrapped = kind == Aggregate::kMap || kind == Aggregate::kSet;
  if (wrapped) lua_createtable(state_, 0, 1);  // receives the content under its name
  lua_createtable(
      state_, missing == kOpen ? 0 : static_cast<int>(std::min<std::size_t>(missing, 1 << 20)), 0);
  frames_.push_back({kind, missing});
  if (wrapped) frames_.back().filler.emplace(state_);
  if (missing == 0) EndFrame();
}

void StackSink::Begin(Aggregate kind, std::size_t count) {
  if (kind == Aggregate::kPush) kind = Aggregate::kArray;
  const std::size_t values = kind == Aggregate::kMap ? 2 * count : count;
  StartFrame(resp3_ ? kind : Aggregate::kArray, values);
}

std::size_t StackSink::Open(Aggregate kind) {
  StartFrame(resp3_ ? kind : Aggregate::kArray, kOpen);
  return frames_.size();
}

void StackSink::Close(std::size_t mark, std::size_t) {
  SATCHEL_CHECK(mark == frames_.size() && frames_.back().missing == kOpen);
  EndFrame();
}

void StackSink::EndFrame() {
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (frame.filler) frame.filler->Finish();
  if (frame.kind == Aggregate::kMap) lua_setfield(state_, -2, "map");
  if (frame.kind == Aggregate::kSet) lua_setfield(state_, -2, "set");
  Added();
}

void StackSink::Added() {
  if (frames_.empty()) return;
  Frame& frame = frames_.back();
  switch (frame.kind) {
    case Aggregate::kMap:
      if (!frame.has_key) {
        frame.has_key = true;
        break;
      }
      frame.has_key = false;
      if (lua_isnil(state_, -2)) {
        lua_pop(state_, 2);  // a null cannot be a key
      } else {
        frame.filler->Put();
      }
      break;
    case Aggregate::kSet:
      if (lua_isnil(state_, -1)) {
        lua_pop(state_, 1);
      } else {
        lua_pushboolean(state_, 1);
        frame.filler->Put();
      }
      break;
    default:
      lua_rawseti(state_, -2, frame.next++);
  }
  if (frame.missing != kOpen && --frame.missing == 0) EndFrame();
}

// --- Lua to replies ------------------------------------------------------------------------

namespace {

constexpr int kMaxDepth = 200;

class Replier {
 public:
  Replier(lua_State* state, bool resp3, Reply& reply)
      : state_(state), resp3_(resp3), reply_(reply) {}

  // The value at the top of the stack, which stays as it was.
  void Run() {
    if (lua_type(state_, -1) != LUA_TTABLE || !lua_checkstack(state_, kNames + 8)) return Value(0);
    // Every table is asked for these; asking with a string that lies there costs a third.
    names_ = lua_gettop(state_);
    for (const char* name :
         {"err", "ok", "double", "big_number", "verbatim_string", "map", "set"}) {
      lua_pushstring(state_, name);
    }
    lua_pushvalue(state_, names_);
    Value(0);
    lua_settop(state_, names_);
  }

 private:
  enum Name { kErr = 1, kOk, kDouble, kBigNumber, kVerbatim, kMap, kSet };
  static constexpr int kNames = kSet;

  // The value at the top; it stays.
  void Value(int depth) {
    if (depth > kMaxDepth || !lua_checkstack(state_, 8)) return reply_.Error(kStackLimit);
    switch (lua_type(state_, -1)) {
      case LUA_TSTRING:
        return reply_.Bulk(Text(-1));
      case LUA_TNUMBER:
        return reply_.Integer(Truncated());
      case LUA_TBOOLEAN:
        return Boolean(lua_toboolean(state_, -1) != 0);
      case LUA_TTABLE:
        return Table(depth);
      default:
        return reply_.Null();
    }
  }

  std::string_view Text(int index) {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(state_, index, &size);
    return {bytes, size};
  }

  std::int64_t Truncated() { return TruncateToInt64(lua_tonumber(state_, -1)); }

  void Boolean(bool value) {
    if (resp3_) return reply_.Boolean(value);
    if (value) return reply_.Integer(1);
    reply_.Null();
  }

  // Pushes a raw field of the table at the top; false, and nothing pushed, unless it has the
  // type.
  bool Field(Name name, int type) {
    lua_pushvalue(state_, names_ + name);
    return IsType(type);
  }
  bool Field(const char* name, int type) {
    lua_pushstring(state_, name);
    return IsType(type);
  }
  bool IsType(int type) {
    if (lua_rawget(state_, -2) == type) return true;
    lua_pop(state_, 1);
    return false;
  }

  void Table(int depth) {
    if (Field(kErr, LUA_TSTRING)) return ErrorField();
    if (Field(kOk, LUA_TSTRING)) {
      reply_.Status(engine::Printed(Text(-1)));
    } else if (Field(kDouble, LUA_TNUMBER)) {
      reply_.Double(lua_tonumber(state_, -1));
    } else if (Field(kBigNumber, LUA_TSTRING)) {
      reply_.BigNumber(Text(-1));
    } else if (Field(kVerbatim, LUA_TTABLE)) {
      if (!Verbatim()) {
        lua_pop(state_, 1);
        return Array(depth);
      }
    } else if (Field(kMap, LUA_TTABLE)) {
      Pairs(depth, Aggregate::kMap);
    } else if (Field(kSet, LUA_TTABLE)) {
      Pairs(depth, Aggregate::kSet);
    } else {
      return Array(depth);
    }
    lua_pop(state_, 1);
  }

  void ErrorField() {
    reply_.Error(engine::Printed(Text(-1)));
    lua_pop(state_, 1);
  }

  bool Verbatim() {
    if (!Field("format", LUA_TSTRING)) return false;
    const std::string format(Text(-1));
    lua_pop(state_, 1);
    if (!Field("string", LUA_TSTRING)) return false;
    reply_.Verbatim((format + "   ").substr(0, 3), Text(-1));
    lua_pop(state_, 1);
    return true;
  }

  void Pairs(int depth, Aggregate kind) {
    const std::size_t mark = reply_.Open(kind);
    std::size_t count = 0;
    lua_pushnil(state_);
    while (lua_next(state_, -2) != 0) {
      lua_pushvalue(state_, -2);
      Value(depth + 1);
      lua_pop(state_, 1);
      if (kind == Aggregate::kMap) Value(depth + 1);
      lua_pop(state_, 1);
      ++count;
    }
    reply_.Close(mark, count);
  }

  // Up to the first nil. Counted first: a sink that knows the length grows nothing on the way.
  void Array(int depth) {
    lua_Integer count = 0;
    while (lua_rawgeti(state_, -1, count + 1) != LUA_TNIL) {
      lua_pop(state_, 1);
      ++count;
    }
    lua_pop(state_, 1);
    reply_.BeginArray(static_cast<std::size_t>(count));
    for (lua_Integer i = 1; i <= count; ++i) {
      lua_rawgeti(state_, -1, i);
      Value(depth + 1);
      lua_pop(state_, 1);
    }
  }

  lua_State* state_;
  bool resp3_;
  Reply& reply_;
  int names_ = 0;  // the names of Name lie above this place of the stack
};

}  // namespace

void ReplyLuaValue(lua_State* state, bool resp3, Reply& reply) {
  Replier(state, resp3, reply).Run();
}

std::string_view NumberText(lua_State* state, int index, char (&buffer)[32]) {
  return {buffer, WriteNumberExact(lua_tonumber(state, index), buffer)};
}

}  // namespace satchel::lua
