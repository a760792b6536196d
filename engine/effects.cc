#include "engine/effects.h"

#include "base/bytes.h"

namespace satchel::engine {

void EffectBuffer::Add(int db, std::span<const std::string_view> args) {
  AppendLe(bytes_, static_cast<std::uint32_t>(db));
  AppendLe(bytes_, static_cast<std::uint32_t>(args.size()));
  for (std::string_view arg : args) {
    AppendLe(bytes_, static_cast<std::uint32_t>(arg.size()));
    bytes_.append(arg);
  }
  ++count_;
}

void EffectBuffer::Clear() {
  bytes_.clear();
  count_ = 0;
}

std::uint32_t EffectBuffer::ReadU32(std::size_t* at) const {
  const auto value = LoadLe<std::uint32_t>(bytes_.data() + *at);
  *at += sizeof value;
  return value;
}

}  // namespace satchel::engine
