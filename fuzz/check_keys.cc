// A key taken apart: what is understood has the parts that the grammar says.

#include <cstdlib>
#include <string_view>

#include "repos/check/key_parts.h"
#include "repos/keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view key(reinterpret_cast<const char*>(data), size);
  const auto parts = satchel::repos::check::PartsOf("s:v1", key);
  if (!parts) return 0;
  std::string base = "s:v1:" + parts->domain + ":{" + parts->kind;
  for (const std::string& raw : parts->tag) base += ":" + satchel::repos::Escape(raw);
  std::string whole = base + "}";
  if (parts->tag.empty() || parts->name.empty() || parts->base != whole) std::abort();
  for (const std::string& name : parts->name) whole += ":" + name;
  if (whole != key) std::abort();
  return 0;
}
