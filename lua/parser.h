// Parser: the grammar of Lua 5.1, with the same order of checks, recording the edits that make a
// text of Lua 5.4 out of the source. Only lua/rewriter.cc uses it.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lua/edits.h"
#include "lua/lexer.h"

namespace satchel::lua {

// The helpers that a rewritten script calls; one letter each.
enum class Helper : char {
  kArg = 'a',          // the table `arg` of a vararg function
  kConcat = 'c',       // c(x, y, ...)
  kConcatNamed = 'h',  // h("names", x, y, ...)
  kForPrepare = 'f',   // for i = f(first, limit, step), g(2.0), g(3.0)
  kForValue = 'g',
  kForLimit = 'n',   // the limit of a loop whose first value is an integer literal
  kInterrupt = 'i',  // lets others have a word; returns how often not to ask again
  kLength = 'l',
  kMethod = 'm',  // m(object, "name", ...)
  kModulo = 'p',
  kPower = 'w',
};

class Parser {
 public:
  Parser(std::string_view source, std::string_view chunk_name, int levels);

  // Throws SyntaxError.
  void ParseChunk();
  std::string Text() { return edits_.Apply(source_); }
  bool uses(Helper helper) const { return (used_ >> Bit(helper) & 1) != 0; }

 private:
  enum class Kind : std::uint8_t {
    kOther,   // a value without a name: results of operators, constructors, functions
    kNumber,  // a literal, perhaps behind a minus
    kString,
    kConstant,  // nil, true, false
    kVararg,
    kCall,
    kLength,  // #x: always a number
    kLocal,
    kUpvalue,
    kGlobal,
    kIndexed,
    kConcat,  // a chain whose edits are not recorded yet
  };
  struct Expression {
    Kind kind = Kind::kOther;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string name;               // as messages say it: local 'x'; empty without
    bool integer = false;           // kNumber: digits only, exact as a double
    double number = 0;              // kNumber
    std::string string;             // kString
    std::string copy;               // what gives the value once more; empty if nothing may
    std::size_t edit = kNoEdit;     // kNumber: what made it a float
    std::vector<Expression> chain;  // kConcat: the operands
    bool assignable() const {
      return kind == Kind::kLocal || kind == Kind::kUpvalue || kind == Kind::kGlobal ||
             kind == Kind::kIndexed;
    }
    bool multiple() const { return kind == Kind::kCall || kind == Kind::kVararg; }
  };
  struct Local {
    std::string_view name;
    bool is_arg = false;  // the implicit table of a vararg function
  };
  struct Block {
    std::size_t locals;  // active when it began
    bool loop;
  };
  struct Function {
    Function* outer = nullptr;
    int line = 0;                            // 0: the main chunk
    std::vector<Local> locals;               // active ones
    std::vector<Local> pending;              // declared, not yet active
    std::vector<std::string_view> upvalues;  // names, each counted once
    std::vector<Block> blocks;
    std::size_t body = 0;  // offset after the parameters
    bool vararg = false;
    bool uses_dots = false;
    bool uses_arg = false;
  };
  enum class Found : std::uint8_t { kGlobal, kLocal, kUpvalue };
  class Level;

  static constexpr std::size_t kNoEdit = static_cast<std::size_t>(-1);
  static int Bit(Helper helper) { return static_cast<char>(helper) - 'a'; }

  // Tokens.
  int token() const { return lexer_.token().kind; }
  std::size_t begin() const { return lexer_.token().begin; }
  std::size_t last_end() const { return lexer_.last_end(); }
  void Next() { lexer_.Next(); }
  bool Accept(int kind);
  void Check(int kind);
  void Expect(int kind);
  void ExpectClosing(int kind, int opening, int line);
  [[noreturn]] void FailExpected(int kind);
  std::string_view TakeName();

  // Names and scopes.
  void Declare(std::string_view name, bool is_arg = false);
  void DeclareHere();  // the name that is the current token; takes it
  void Activate();     // all that were declared
  void OpenBlock(bool loop) { function_->blocks.push_back({function_->locals.size(), loop}); }
  void CloseBlock();
  Found Find(Function* function, std::string_view name);
  void CheckLimit(std::size_t value, std::size_t limit, const char* what);
  static bool MustRename(std::string_view name);
  static std::string Renamed(std::string_view name);

  // Statements.
  void Chunk();
  void BlockBody();
  bool Statement();  // whether it must be the last one
  bool BlockEnds() const;
  void If();
  void IfBranch();
  void While();
  void For();
  void NumericFor();
  void GenericFor();
  void ForBody();
  void EditFor(Expression& first, Expression& limit, Expression* step);
  void Repeat();
  void FunctionStatement();
  void LocalFunction();
  void LocalNames();
  void Return();
  void Break();
  void ExpressionStatement();
  void Assignment(Expression target, int targets);

  // Expressions.
  Expression Value();  // a whole expression
  Expression Operand(int limit);
  Expression Unary(int op);
  Expression Simple();
  Expression Suffixed();
  Expression Primary();
  Expression Variable();
  void Field(Expression* of);
  void Index(Expression* of);
  void Method(Expression* of);
  void Arguments(Expression* of, int line);
  std::size_t ValueList(Expression* last);
  void Constructor();
  void KeyedField();
  Expression NumberLiteral();
  void FunctionBody(bool method, int line, std::string_view inserted_self);
  void Parameters(std::string_view inserted_self);
  void CloseFunction();
  Expression Combine(int op, Expression left, Expression right, std::size_t op_begin,
                     std::size_t op_end);
  bool InlineModulo(const Expression& left, const Expression& right, std::size_t op_begin,
                    std::size_t op_end);
  void Finish(Expression* chain);

  // Edits.
  std::string Call(Helper helper);
  void Enclose(const Expression& expression);
  void CountCalls();
  void CountRounds();
  bool BeginLoop();
  void EndLoop(bool outermost);
  void Rename(std::string_view name, std::size_t begin, std::size_t end);

  std::string_view source_;
  Lexer lexer_;
  Edits edits_;
  Function* function_ = nullptr;
  int levels_;
  std::uint32_t used_ = 0;
  bool keeps_indices_;  // no metatable can see an integer key
  bool has_length_metamethods_;
  bool has_no_metamethods_;  // of its own, and no way to get some
};

// One more nested construct, while it lives.
class Parser::Level {
 public:
  explicit Level(Parser& parser) : parser_(parser) {
    if (++parser_.levels_ > kMax) parser_.lexer_.Fail("chunk has too many syntax levels", 0);
  }
  ~Level() { --parser_.levels_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

  static constexpr int kMax = 200;

 private:
  Parser& parser_;
};

}  // namespace satchel::lua
