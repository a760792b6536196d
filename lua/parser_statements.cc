// Statements and tokens of the parser.

#include <cmath>

#include "lua/arguments.h"
#include "lua/parser.h"

namespace satchel::lua {

Parser::Parser(std::string_view source, std::string_view chunk_name, int levels)
    : source_(source),
      lexer_(source, chunk_name),
      levels_(levels),
      keeps_indices_(source.find("setmetatable") == source.npos),
      has_length_metamethods_(source.find("__len") != source.npos),
      has_no_metamethods_(keeps_indices_ && source.find("getmetatable") == source.npos &&
                          source.find("load") == source.npos && source.find("_G") == source.npos) {}

void Parser::ParseChunk() {
  Function main{.vararg = true};
  function_ = &main;
  Next();
  Chunk();
  Check(kEndOfSource);
  function_ = nullptr;
  for (std::size_t backslash : lexer_.idle_backslashes()) {
    edits_.Replace(backslash, backslash + 1, "");
  }
}

// --- Tokens --------------------------------------------------------------------------------

bool Parser::Accept(int kind) {
  if (token() != kind) return false;
  Next();
  return true;
}

void Parser::FailExpected(int kind) { lexer_.Fail("'" + Lexer::NameOf(kind) + "' expected"); }

void Parser::Check(int kind) {
  if (token() != kind) FailExpected(kind);
}

void Parser::Expect(int kind) {
  Check(kind);
  Next();
}

void Parser::ExpectClosing(int kind, int opening, int line) {
  if (Accept(kind)) return;
  if (line == lexer_.line()) FailExpected(kind);
  lexer_.Fail("'" + Lexer::NameOf(kind) + "' expected (to close '" + Lexer::NameOf(opening) +
              "' at line " + std::to_string(line) + ")");
}

std::string_view Parser::TakeName() {
  Check(kName);
  const std::string_view name = lexer_.TextOf(lexer_.token());
  Next();
  return name;
}

// --- Scopes --------------------------------------------------------------------------------

void Parser::CheckLimit(std::size_t value, std::size_t limit, const char* what) {
  if (value <= limit) return;
  const std::string amount = std::to_string(limit) + " " + what;
  if (function_->line == 0) lexer_.Fail("main function has more than " + amount, 0);
  lexer_.Fail("function at line " + std::to_string(function_->line) + " has more than " + amount,
              0);
}

void Parser::Declare(std::string_view name, bool is_arg) {
  constexpr std::size_t kMaxLocals = 200;
  CheckLimit(function_->locals.size() + function_->pending.size() + 1, kMaxLocals,
             "local variables");
  function_->pending.push_back({name, is_arg});
}

void Parser::DeclareHere() {
  const std::size_t start = begin();
  const std::string_view name = TakeName();
  Rename(name, start, start + name.size());
  Declare(name);
}

void Parser::Activate() {
  auto& pending = function_->pending;
  function_->locals.insert(function_->locals.end(), pending.begin(), pending.end());
  pending.clear();
}

void Parser::CloseBlock() {
  function_->locals.resize(function_->blocks.back().locals);
  function_->blocks.pop_back();
}

// --- Statements ----------------------------------------------------------------------------

bool Parser::BlockEnds() const {
  switch (token()) {
    case kElse:
    case kElseif:
    case kEnd:
    case kUntil:
    case kEndOfSource:
      return true;
    default:
      return false;
  }
}

void Parser::Chunk() {
  const Level level(*this);
  bool last = false;
  while (!last && !BlockEnds()) {
    last = Statement();
    Accept(';');
  }
}

void Parser::BlockBody() {
  OpenBlock(false);
  Chunk();
  CloseBlock();
}

bool Parser::Statement() {
  const int line = lexer_.line();
  switch (token()) {
    case kIf:
      If();
      return false;
    case kWhile:
      While();
      return false;
    case kDo:
      Next();
      BlockBody();
      ExpectClosing(kEnd, kDo, line);
      return false;
    case kFor:
      For();
      return false;
    case kRepeat:
      Repeat();
      return false;
    case kFunction:
      FunctionStatement();
      return false;
    case kLocal:
      Next();
      if (Accept(kFunction)) {
        LocalFunction();
      } else {
        LocalNames();
      }
      return false;
    case kReturn:
      Return();
      return true;
    case kBreak:
      Next();
      Break();
      return true;
    default:
      ExpressionStatement();
      return false;
  }
}

// --- Interrupts ----------------------------------------------------------------------------
//
// Whatever runs for long goes round in loops or calls functions, and these count down to the next
// look at the clock: a count hook of Lua 5.4 would slow every instruction. All functions share one
// count, an upvalue. The loops of a function count in a local variable, which is set where the
// outermost one begins.

void Parser::CountCalls() {
  const std::string count = std::string(kReservedPrefix) + "k";
  edits_.Close(last_end(), " " + count + "=" + count + "-1 if " + count + "<0 then " + count + "=" +
                               Call(Helper::kInterrupt) + ") end ");
}

void Parser::CountRounds() {
  const std::string count = std::string(kReservedPrefix) + "j";
  edits_.Close(last_end(), " " + count + "=" + count + "-1 if " + count + "<0 then " + count + "=" +
                               Call(Helper::kInterrupt) + ") end ");
}

// At the loop's first word.
bool Parser::BeginLoop() {
  for (const Block& block : function_->blocks) {
    if (block.loop) return false;
  }
  edits_.Open(begin(), "do local " + std::string(kReservedPrefix) + "j=200 ");
  return true;
}

void Parser::EndLoop(bool outermost) {
  if (outermost) edits_.Close(last_end(), " end");
}

// --- Control structures --------------------------------------------------------------------

void Parser::IfBranch() {
  Next();
  Value();
  Expect(kThen);
  BlockBody();
}

void Parser::If() {
  const int line = lexer_.line();
  IfBranch();
  while (token() == kElseif) IfBranch();
  if (Accept(kElse)) BlockBody();
  ExpectClosing(kEnd, kIf, line);
}

void Parser::While() {
  const int line = lexer_.line();
  const bool outermost = BeginLoop();
  Next();
  Value();
  OpenBlock(true);
  Expect(kDo);
  CountRounds();
  BlockBody();
  ExpectClosing(kEnd, kWhile, line);
  EndLoop(outermost);
  CloseBlock();
}

void Parser::Repeat() {
  const int line = lexer_.line();
  const bool outermost = BeginLoop();
  OpenBlock(true);
  OpenBlock(false);
  Next();
  CountRounds();
  Chunk();
  ExpectClosing(kUntil, kRepeat, line);
  Value();  // sees the locals of the body
  EndLoop(outermost);
  CloseBlock();
  CloseBlock();
}

void Parser::For() {
  const int line = lexer_.line();
  const bool outermost = BeginLoop();
  OpenBlock(true);
  Next();
  Check(kName);
  const std::size_t name_begin = begin();
  const std::string_view name = TakeName();
  Rename(name, name_begin, name_begin + name.size());
  if (token() != '=' && token() != ',' && token() != kIn) lexer_.Fail("'=' or 'in' expected");
  const bool numeric = token() == '=';
  for (const char* hidden : {"(for 1)", "(for 2)", "(for 3)"}) Declare(hidden);
  Declare(name);
  if (numeric) {
    NumericFor();
  } else {
    GenericFor();
  }
  ExpectClosing(kEnd, kFor, line);
  EndLoop(outermost);
  CloseBlock();
}

void Parser::NumericFor() {
  Next();
  Expression first = Value();
  Expect(',');
  Expression limit = Value();
  Expression step;
  const bool has_step = Accept(',');
  if (has_step) step = Value();
  EditFor(first, limit, has_step ? &step : nullptr);
  ForBody();
}

// A loop that begins with an integer literal and steps by one stays as it is, but for a limit
// that must be looked at. Any other gets its three values from helpers.
void Parser::EditFor(Expression& first, Expression& limit, Expression* step) {
  const bool plain_step =
      step == nullptr || (step->kind == Kind::kNumber && step->integer && step->number != 0);
  const bool plain_first = first.kind == Kind::kNumber && first.integer &&
                           !(first.number == 0 && std::signbit(first.number));
  if (plain_first && plain_step) {
    if (limit.kind == Kind::kNumber || limit.kind == Kind::kLength) return;
    edits_.Open(limit.begin, Call(Helper::kForLimit));
    edits_.Close(limit.end, step != nullptr && step->number < 0 ? ",-1.0)" : ",1.0)");
    return;
  }
  const Expression& last = step != nullptr ? *step : limit;
  if (last.multiple()) Enclose(last);
  edits_.Open(first.begin, Call(Helper::kForPrepare));
  std::string rest = ")," + Call(Helper::kForValue) + "2.0)";
  if (step != nullptr) rest += "," + Call(Helper::kForValue) + "3.0)";
  edits_.Close(last.end, rest);
}

void Parser::GenericFor() {
  while (Accept(',')) DeclareHere();
  Expect(kIn);
  ValueList(nullptr);
  ForBody();
}

void Parser::ForBody() {
  Activate();
  Expect(kDo);
  CountRounds();
  BlockBody();
}

void Parser::LocalFunction() {
  DeclareHere();
  Activate();
  FunctionBody(false, lexer_.line(), {});
}

void Parser::LocalNames() {
  do {
    DeclareHere();
  } while (Accept(','));
  if (Accept('=')) ValueList(nullptr);
  Activate();
}

// `function t.goto()` becomes t["goto"]=function(): Lua 5.4 takes no other name there.
void Parser::FunctionStatement() {
  const int line = lexer_.line();
  const std::size_t start = begin();
  Next();
  const std::size_t name_begin = begin();
  const std::string_view first = TakeName();
  const Found found = Find(function_, first);
  bool assigned = MustRename(first) && found == Found::kGlobal;
  std::string target = !MustRename(first)        ? std::string(first)
                       : found == Found::kGlobal ? "_ENV[\"" + std::string(first) + "\"]"
                                                 : Renamed(first);
  bool method = false;
  while (token() == '.' || token() == ':') {
    method = token() == ':';
    Next();
    const std::string_view name = TakeName();
    assigned = assigned || name == "goto";
    target += name == "goto" ? "[\"goto\"]" : "." + std::string(name);
    if (method) break;
  }
  if (assigned) {
    // Lines within the name stay where they are.
    edits_.Replace(start, last_end(), "");
    std::string lines;
    for (char c : source_.substr(start, last_end() - start)) lines += c == '\n' ? "\n" : "";
    edits_.Close(start, target + lines + "=function");
  } else if (MustRename(first)) {
    edits_.Replace(name_begin, name_begin + first.size(), Renamed(first));
  }
  FunctionBody(method, line, assigned && method ? "self" : "");
}

void Parser::Return() {
  Next();
  if (BlockEnds() || token() == ';') return;
  ValueList(nullptr);
}

void Parser::Break() {
  for (auto block = function_->blocks.rbegin(); block != function_->blocks.rend(); ++block) {
    if (block->loop) return;
  }
  lexer_.Fail("no loop to break");
}

void Parser::ExpressionStatement() {
  Expression target = Suffixed();
  if (target.kind != Kind::kCall) Assignment(std::move(target), 1);
}

void Parser::Assignment(Expression target, int targets) {
  if (!target.assignable()) lexer_.Fail("syntax error");
  if (Accept(',')) {
    Expression next = Suffixed();
    CheckLimit(static_cast<std::size_t>(targets), static_cast<std::size_t>(Level::kMax - levels_),
               "variables in assignment");
    return Assignment(std::move(next), targets + 1);
  }
  Expect('=');
  ValueList(nullptr);
}

}  // namespace satchel::lua
