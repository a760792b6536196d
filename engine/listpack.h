// Elements of a listpack: the packed form that Redis keeps blocks of a stream in, in memory and
// on disk. We keep it too, so that blocks are filled and cut at the same places.
//
//     listpack = u32 bytes, u16 elements (0xFFFF: or more), element..., 0xFF
//     element  = encoding and content, then the size of both as 1 to 5 bytes read from the right
//
// Texts that are integers are stored as integers. The functions trust the bytes: what comes from
// outside passes VisitListpack (engine/rdb) first.
// Source: redis 7.0.15, the format of the same name.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace satchel::engine::listpack {

inline constexpr std::size_t kHeaderBytes = 6;
inline constexpr unsigned char kEnd = 0xFF;
inline constexpr std::uint16_t kManyElements = 0xFFFF;

// What an element takes.
std::size_t ElementBytes(std::string_view text);
std::size_t IntegerBytes(std::int64_t value);

// Writes an element and returns its end. Requires that much room.
char* Write(char* at, std::string_view text);
char* WriteInteger(char* at, std::int64_t value);

// Reads an element; an integer's text is made in `digits` (kMaxIntText bytes).
std::string_view Read(const char* at, char* digits);
// Whether it is stored as an integer, and which. ReadInteger requires that it is.
bool IsInteger(const char* at);
std::int64_t ReadInteger(const char* at);

const char* Next(const char* at);
// The element that ends where `at` points.
const char* Previous(const char* at);

// An element's text, whatever its form. Not copyable: the view may point inside.
class Text {
 public:
  explicit Text(const char* at) : view_(Read(at, digits_)) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  std::string_view view() const { return view_; }

 private:
  char digits_[kMaxIntText];
  std::string_view view_;
};

}  // namespace satchel::engine::listpack
