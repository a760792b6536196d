// Expressions, functions and names of the parser.

#include <algorithm>

#include "lua/arguments.h"
#include "lua/number_text.h"
#include "lua/parser.h"

namespace satchel::lua {
namespace {

struct Priority {
  int left, right;
};

// Of binary operators; left 0 for other tokens.
Priority PriorityOf(int token) {
  switch (token) {
    case kOr:
      return {1, 1};
    case kAnd:
      return {2, 2};
    case '<':
    case '>':
    case kLessEqual:
    case kGreaterEqual:
    case kNotEqual:
    case kEqual:
      return {3, 3};
    case kConcat:
      return {5, 4};
    case '+':
    case '-':
      return {6, 6};
    case '*':
    case '/':
    case '%':
      return {7, 7};
    case '^':
      return {10, 9};
    default:
      return {0, 0};
  }
}
constexpr int kUnaryPriority = 8;

// As a string literal on one line.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 || byte == 127 || c == '"' || c == '\\') {
      const std::string digits = std::to_string(byte);
      out += "\\" + std::string(3 - digits.size(), '0') + digits;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// The names of operands, one a line, as the last or first argument of a helper.
std::string QuotedNames(const std::string& left, const std::string& right) {
  return Quoted(left + "\n" + right);
}

}  // namespace

// --- Names ---------------------------------------------------------------------------------

bool Parser::MustRename(std::string_view name) {
  return name == "goto" || name == "_ENV" ||
         name.substr(0, kReservedPrefix.size()) == kReservedPrefix;
}

std::string Parser::Renamed(std::string_view name) {
  return std::string(kReservedPrefix) + std::string(name);
}

void Parser::Rename(std::string_view name, std::size_t begin, std::size_t end) {
  if (MustRename(name)) edits_.Replace(begin, end, Renamed(name));
}

// Adds `name` to the upvalues of every function between its owner and the user.
Parser::Found Parser::Find(Function* function, std::string_view name) {
  if (function == nullptr) return Found::kGlobal;
  for (auto local = function->locals.rbegin(); local != function->locals.rend(); ++local) {
    if (local->name != name) continue;
    if (local->is_arg) function->uses_arg = true;
    return Found::kLocal;
  }
  if (std::find(function->upvalues.begin(), function->upvalues.end(), name) !=
      function->upvalues.end()) {
    return Found::kUpvalue;
  }
  if (Find(function->outer, name) == Found::kGlobal) return Found::kGlobal;
  constexpr std::size_t kMaxUpvalues = 60;
  function->upvalues.push_back(name);
  if (function->upvalues.size() > kMaxUpvalues) {
    std::swap(function, function_);  // the message names the function that has too many
    CheckLimit(function_->upvalues.size(), kMaxUpvalues, "upvalues");
  }
  return Found::kUpvalue;
}

Parser::Expression Parser::Variable() {
  Expression variable{.begin = begin()};
  const std::string_view name = TakeName();
  variable.end = last_end();
  const std::string quoted = " '" + std::string(name) + "'";
  variable.copy = MustRename(name) ? Renamed(name) : std::string(name);
  switch (Find(function_, name)) {
    case Found::kLocal:
      variable.kind = Kind::kLocal;
      variable.name = "local" + quoted;
      Rename(name, variable.begin, variable.end);
      break;
    case Found::kUpvalue:
      variable.kind = Kind::kUpvalue;
      variable.name = "upvalue" + quoted;
      Rename(name, variable.begin, variable.end);
      break;
    case Found::kGlobal:
      variable.kind = Kind::kGlobal;
      variable.copy.clear();
      variable.name = "global" + quoted;
      if (MustRename(name)) {
        edits_.Replace(variable.begin, variable.end, "_ENV[" + Quoted(name) + "]");
      }
  }
  return variable;
}

// --- Suffixed expressions ------------------------------------------------------------------

Parser::Expression Parser::Primary() {
  if (token() == kName) return Variable();
  if (token() != '(') lexer_.Fail("unexpected symbol");
  const int line = lexer_.line();
  const std::size_t start = begin();
  Next();
  Expression inner = Value();
  ExpectClosing(')', '(', line);
  // The parentheses cut to one value; a variable keeps its name in messages.
  return {.kind = inner.kind == Kind::kString ? Kind::kString : Kind::kOther,
          .begin = start,
          .end = last_end(),
          .name = std::move(inner.name)};
}

Parser::Expression Parser::Suffixed() {
  Expression result = Primary();
  while (true) {
    switch (token()) {
      case '.':
        Field(&result);
        break;
      case '[':
        Index(&result);
        break;
      case ':':
        Method(&result);
        break;
      case '(':
      case '{':
      case kString:
        Arguments(&result, lexer_.line());
        break;
      default:
        return result;
    }
    result.end = last_end();
    result.copy.clear();
  }
}

void Parser::Field(Expression* of) {
  const std::size_t dot = begin();
  Next();
  const std::string_view name = TakeName();
  if (name == "goto") edits_.Replace(dot, last_end(), "[\"goto\"]");
  of->kind = Kind::kIndexed;
  of->name = "field '" + std::string(name) + "'";
}

void Parser::Index(Expression* of) {
  Next();
  const Expression key = Value();
  Expect(']');
  if (key.edit != kNoEdit && key.integer && keeps_indices_) edits_.Drop(key.edit);
  of->kind = Kind::kIndexed;
  of->name =
      key.kind == Kind::kString ? "field '" + std::string(key.string.c_str()) + "'" : "field '?'";
}

// `o:goto(a)` becomes m(o,"goto",a).
void Parser::Method(Expression* of) {
  const std::size_t colon = begin();
  Next();
  const std::string_view name = TakeName();
  if (name != "goto") return Arguments(of, lexer_.line());
  edits_.Open(of->begin, Call(Helper::kMethod));
  std::string argument = ",\"goto\"";
  const std::size_t name_end = last_end();
  if (token() == '(') {
    const std::size_t parenthesis = begin();
    const int line = lexer_.line();
    const bool empty = lexer_.Lookahead().kind == ')';
    edits_.Replace(colon, name_end, argument);
    edits_.Replace(parenthesis, parenthesis + 1, empty ? "" : ",");
    return Arguments(of, line);
  }
  edits_.Replace(colon, name_end, argument + ",");
  Arguments(of, lexer_.line());
  edits_.Close(last_end(), ")");
}

void Parser::Arguments(Expression* of, int line) {
  switch (token()) {
    case '(': {
      if (line != lexer_.last_line()) {
        lexer_.Fail("ambiguous syntax (function call x new statement)");
      }
      Next();
      if (token() != ')') ValueList(nullptr);
      ExpectClosing(')', '(', line);
      break;
    }
    case '{':
      Constructor();
      break;
    case kString:
      Next();
      break;
    default:
      lexer_.Fail("function arguments expected");
  }
  of->kind = Kind::kCall;
  of->name.clear();
}

std::size_t Parser::ValueList(Expression* last) {
  std::size_t count = 1;
  Expression value = Value();
  for (; Accept(','); ++count) value = Value();
  if (last != nullptr) *last = std::move(value);
  return count;
}

// --- Constructors --------------------------------------------------------------------------

void Parser::Constructor() {
  const int line = lexer_.line();
  Expect('{');
  do {
    if (token() == '}') break;
    if (token() == '[' || (token() == kName && lexer_.Lookahead().kind == '=')) {
      KeyedField();
    } else {
      Value();
    }
  } while (Accept(',') || Accept(';'));
  ExpectClosing('}', '{', line);
}

void Parser::KeyedField() {
  if (token() == kName) {
    const std::size_t start = begin();
    const std::string_view name = TakeName();
    if (name == "goto") edits_.Replace(start, start + name.size(), "[\"goto\"]");
  } else {
    Expression ignored;
    Index(&ignored);
  }
  Expect('=');
  Value();
}

// --- Functions -----------------------------------------------------------------------------

// From the parenthesis on. `inserted_self` is put before the parameters where the name of a
// method could not keep its colon.
void Parser::FunctionBody(bool method, int line, std::string_view inserted_self) {
  Function function{.outer = function_, .line = line};
  function_ = &function;
  Expect('(');
  if (method) {
    Declare("self");
    Activate();
  }
  Parameters(inserted_self);
  Expect(')');
  function.body = last_end();
  CountCalls();
  Chunk();
  ExpectClosing(kEnd, kFunction, line);
  CloseFunction();
}

void Parser::Parameters(std::string_view inserted_self) {
  const std::size_t start = last_end();
  if (!inserted_self.empty()) {
    edits_.Open(start, std::string(inserted_self) + (token() == ')' ? "" : ","));
  }
  if (token() != ')') {
    do {
      if (token() == kName) {
        DeclareHere();
      } else if (token() == kDots) {
        Next();
        Declare("arg", true);
        function_->vararg = true;
      } else {
        lexer_.Fail("<name> or '...' expected");
      }
    } while (!function_->vararg && Accept(','));
  }
  Activate();
}

void Parser::CloseFunction() {
  if (function_->uses_arg) {
    const std::string value =
        function_->uses_dots ? std::string() : "=" + Call(Helper::kArg) + "...)";
    edits_.Close(function_->body, " local arg" + value + " ");
  }
  function_ = function_->outer;
}

// --- Operators -----------------------------------------------------------------------------

Parser::Expression Parser::NumberLiteral() {
  const Token& literal = lexer_.token();
  const std::string_view text = lexer_.TextOf(literal);
  Expression number{
      .kind = Kind::kNumber, .begin = literal.begin, .end = literal.end, .number = literal.number};
  const bool digits = text.find_first_not_of("0123456789") == text.npos;
  constexpr double kExact = 9007199254740992.0;
  number.integer = digits && literal.number < kExact;
  if (digits) {
    number.edit = edits_.Close(literal.end, ".0");
    number.copy = std::string(text) + ".0";
  } else if (text.find_first_of("xX") != text.npos) {
    char buffer[kNumberTextSize];
    std::string decimal(buffer, WriteNumberExact(literal.number, buffer));
    if (decimal == "inf") decimal = "1e999";
    if (decimal.find_first_of(".e") == decimal.npos) decimal += ".0";
    edits_.Replace(literal.begin, literal.end, decimal);
    number.copy = decimal;
  } else {
    number.copy = text;
  }
  return number;
}

Parser::Expression Parser::Simple() {
  Expression value{.begin = begin()};
  switch (token()) {
    case kNumber:
      value = NumberLiteral();
      break;
    case kString:
      value.kind = Kind::kString;
      value.string = lexer_.token().string;
      break;
    case kNil:
    case kTrue:
    case kFalse:
      value.kind = Kind::kConstant;
      break;
    case kDots:
      if (!function_->vararg) lexer_.Fail("cannot use '...' outside a vararg function");
      function_->uses_dots = true;
      value.kind = Kind::kVararg;
      break;
    case '{':
      Constructor();
      value.end = last_end();
      return value;
    case kFunction: {
      Next();
      FunctionBody(false, lexer_.line(), {});
      value.end = last_end();
      return value;
    }
    default:
      return Suffixed();
  }
  Next();
  value.end = last_end();
  return value;
}

Parser::Expression Parser::Unary(int op) {
  Expression result{.begin = begin()};
  Next();
  Expression operand = Operand(kUnaryPriority);
  result.end = last_end();
  if (op == '-' && operand.kind == Kind::kNumber) {
    operand.begin = result.begin;
    operand.number = -operand.number;
    operand.edit = kNoEdit;
    operand.copy.clear();
    return operand;
  }
  if (op == '#') {
    result.kind = Kind::kLength;
    if (has_length_metamethods_) {
      if (operand.multiple()) Enclose(operand);
      edits_.Replace(result.begin, result.begin + 1, Call(Helper::kLength));
      edits_.Close(result.end, operand.name.empty() ? ")" : "," + Quoted(operand.name) + ")");
    } else {
      edits_.Open(result.begin, "(");
      edits_.Close(result.end, "+0.0)");
    }
  }
  return result;
}

Parser::Expression Parser::Operand(int limit) {
  const Level level(*this);
  const int unary = token();
  Expression left = unary == kNot || unary == '-' || unary == '#' ? Unary(unary) : Simple();
  while (PriorityOf(token()).left > limit) {
    const int op = token();
    const std::size_t op_begin = begin();
    Next();
    const std::size_t op_end = last_end();
    if (left.kind == Kind::kConcat) Finish(&left);
    Expression right = Operand(PriorityOf(op).right);
    left = Combine(op, std::move(left), std::move(right), op_begin, op_end);
  }
  return left;
}

Parser::Expression Parser::Combine(int op, Expression left, Expression right, std::size_t op_begin,
                                   std::size_t op_end) {
  Expression result{.begin = left.begin, .end = right.end};
  if (op == kConcat) {
    edits_.Replace(op_begin, op_end, ",");
    result.kind = Kind::kConcat;
    result.chain.push_back(std::move(left));
    if (right.kind == Kind::kConcat) {
      for (Expression& operand : right.chain) result.chain.push_back(std::move(operand));
    } else {
      result.chain.push_back(std::move(right));
    }
    return result;
  }
  if (right.kind == Kind::kConcat) Finish(&right);
  const bool native_power = right.kind == Kind::kNumber && right.number != 2;
  if (op != '%' && (op != '^' || native_power)) return result;
  if (op == '%' && InlineModulo(left, right, op_begin, op_end)) return result;
  if (right.multiple()) Enclose(right);
  edits_.Open(result.begin, Call(op == '%' ? Helper::kModulo : Helper::kPower));
  edits_.Replace(op_begin, op_end, ",");
  const bool named = !left.name.empty() || !right.name.empty();
  edits_.Close(result.end, named ? "," + QuotedNames(left.name, right.name) + ")" : ")");
  return result;
}

// `a%b` of variables and literals becomes (a- a//b*b), which is what 5.1 computes, where no
// metamethod can tell.
bool Parser::InlineModulo(const Expression& left, const Expression& right, std::size_t op_begin,
                          std::size_t op_end) {
  if (!has_no_metamethods_ || left.copy.empty() || right.copy.empty()) return false;
  edits_.Open(left.begin, "(");
  edits_.Replace(op_begin, op_end, "- " + left.copy + "//" + right.copy + "*");
  edits_.Close(right.end, ")");
  return true;
}

// Records the edits of a chain of `..`, which is known to be complete.
void Parser::Finish(Expression* expression) {
  Expression& last = expression->chain.back();
  if (last.multiple()) Enclose(last);
  std::string names;
  bool named = false;
  for (const Expression& operand : expression->chain) {
    if (&operand != &expression->chain.front()) names += '\n';
    names += operand.name;
    named = named || !operand.name.empty();
  }
  edits_.Open(expression->begin,
              named ? Call(Helper::kConcatNamed) + Quoted(names) + "," : Call(Helper::kConcat));
  edits_.Close(expression->end, ")");
  expression->kind = Kind::kOther;
  expression->chain.clear();
}

Parser::Expression Parser::Value() {
  Expression value = Operand(0);
  if (value.kind == Kind::kConcat) Finish(&value);
  return value;
}

void Parser::Enclose(const Expression& expression) {
  edits_.Open(expression.begin, "(");
  edits_.Close(expression.end, ")");
}

std::string Parser::Call(Helper helper) {
  used_ |= 1u << Bit(helper);
  return std::string(kReservedPrefix) + static_cast<char>(helper) + "(";
}

}  // namespace satchel::lua
