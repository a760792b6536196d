// Effects: what a unit changed, in Redis' own commands from a closed list: deterministic,
// without clock or chance, ready to be replayed. One unit gives one EffectBuffer.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::engine {

class EffectBuffer {
 public:
  // Adds one command that applies to database `db`.
  void Add(int db, std::span<const std::string_view> args);
  void Clear();
  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }

  // What was added after a mark can be taken back, until Clear.
  struct Mark {
    std::size_t bytes;
    std::size_t count;
  };
  Mark mark() const { return {bytes_.size(), count_}; }
  void Truncate(const Mark& mark) {
    bytes_.resize(mark.bytes);
    count_ = mark.count;
  }

  // Calls visit(db, args) for each effect in order.
  template <class Visit>
  void ForEach(Visit visit) const {
    std::vector<std::string_view> args;
    std::size_t at = 0;
    while (at < bytes_.size()) {
      const int db = static_cast<int>(ReadU32(&at));
      args.resize(ReadU32(&at));
      for (std::string_view& arg : args) {
        const std::uint32_t size = ReadU32(&at);
        arg = std::string_view(bytes_).substr(at, size);
        at += size;
      }
      visit(db, std::span<const std::string_view>(args));
    }
  }

 private:
  std::uint32_t ReadU32(std::size_t* at) const;

  std::string bytes_;  // u32 db, u32 args, then u32 size and bytes of each
  std::size_t count_ = 0;
};

// Receives the effects of each unit that had any; a journal, or the proof of effects.
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  // Returns the unit's LSN. Under the execution lock: memory only.
  virtual std::uint64_t Append(std::int64_t now_ms, const EffectBuffer& effects) = 0;
};

}  // namespace satchel::engine
