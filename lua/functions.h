// Functions: the libraries of functions of one store, in a Lua state of their own.
//
// A library is a text whose first line names it ("#!lua name=mylib"); loading runs it once, with
// few globals, and it registers functions. Libraries keep what they have in local variables.
// Names of functions are one namespace and ignore case, as FCALL does; those of libraries do not.
// Thread: the one that holds the execution lock.
// Source: redis 7.0.15, FUNCTION and FCALL.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/function_libraries.h"
#include "lua/runner.h"
#include "lua/state.h"

namespace satchel::lua {

struct Function {
  std::string name;
  std::optional<std::string> description;
  std::uint32_t flags = 0;
  int callback = 0;  // reference in the registry
};

struct Library {
  std::string name;
  std::string code;
  std::vector<Function> functions;  // in the order of registering
};

class Functions final : public engine::FunctionLibraries {
 public:
  // Attaches itself to the engine as the FunctionLibraries of the store.
  Functions(engine::Engine& engine, Runner& runner);
  ~Functions() override;

  enum class Existing : std::uint8_t { kRefuse, kReplace };
  // Compiles a library and keeps it; returns its name. Errors are whole replies; after one
  // nothing has changed.
  Result<std::string> Load(std::string_view code, Existing existing);
  enum class Policy : std::uint8_t { kAppend, kReplace, kFlush };
  // Takes several at once, or none of them.
  Result<void> Restore(std::span<const std::string> codes, Policy policy);
  bool Delete(std::string_view name);
  void Flush();

  // Null when there is none. Case is ignored.
  const Function* Find(std::string_view name) const;
  const std::map<std::string, Library, std::less<>>& all() const { return libraries_; }
  // Runs a function; requires one of this store.
  struct Invocation {
    std::span<const std::string_view> keys;
    std::span<const std::string_view> args;
    bool read_only = false;  // FCALL_RO
  };
  void Run(engine::Call& call, Reply& reply, const Function& function,
           const Invocation& invocation);

  // FunctionLibraries.
  std::vector<engine::FunctionLibrary> All() const override;
  Result<void> Replace(std::span<const engine::FunctionLibrary> libraries) override;

  std::size_t count() const { return by_name_.size(); }
  std::size_t libraries() const { return libraries_.size(); }
  std::size_t text_bytes() const { return text_bytes_; }
  std::size_t vm_bytes() const { return state_ ? state_->used_bytes() : 0; }

  // While a library loads: register_function. The error is the text.
  Result<void> Register(Function function);
  bool is_loading() const { return loading_ != nullptr; }

 private:
  using Libraries = std::map<std::string, Library, std::less<>>;

  State& state();
  // Runs the code of a library, which registers its functions with it.
  Result<void> Compile(Library& library, std::string_view body);
  Result<void> RunCode(std::string_view body);
  // Compiles all; every name once.
  Result<std::vector<Library>> BuildAll(std::span<const std::string> codes);
  // Refuses names of functions that others have.
  Result<void> CheckNames(const Library& library) const;
  void Link(Library library);
  Library Unlink(const std::string& name);
  void Release(std::span<const Library> libraries);
  // Adds all, or none. Takes them over.
  Result<void> Join(std::vector<Library> fresh, Policy policy);
  static void LoadHook(lua_State* state, lua_Debug* where);

  engine::Engine& engine_;  // borrowed; outlives this
  Runner& runner_;          // borrowed
  std::unique_ptr<State> state_;
  Libraries libraries_;
  std::map<std::string, const Function*> by_name_;  // lower case; into libraries_
  std::size_t text_bytes_ = 0;
  Library* loading_ = nullptr;  // borrowed, while one loads
  std::int64_t loading_since_ = 0;
};

}  // namespace satchel::lua
