// Entry: a key, its value, deadline and marks, in one allocation of the current Heap.
//
//   [8 header][8 deadline?][8 slot?][4 long key length?][key][1 length, bytes: inline string?]
//
//   header: u8 type | encoding << 4, u8 marks, u8 full-walk epoch, u24 access (LRU minutes or
//   LFU), u16 key length (0xFFFF: a u32 follows)
//
// The slot holds an integer, a StringBuffer* or a container's 8-byte handle. Short strings
// live inline. Giving an entry its first deadline, or another inline value, makes a new
// entry: nobody keeps an Entry* across units; the keyspace replaces it in its table.
// Thread: the one that holds the execution lock.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "engine/heap.h"
#include "engine/value.h"

namespace satchel::engine {

enum class Encoding : std::uint8_t {
  kInline,  // string bytes in the entry; OBJECT ENCODING embstr
  kInt,     // string of a 64-bit integer in the slot; int
  kRaw,     // string in a StringBuffer; raw
  kHandle,  // a container's handle in the slot
};

enum EntryMark : std::uint8_t {
  kHasDeadline = 1 << 0,
  kDirty0 = 1 << 1,          // changed in snapshot generation 0
  kDirty1 = 1 << 2,          // ... 1
  kOnDisk = 1 << 3,          // a row may be in the store
  kLarge = 1 << 4,           // chunked
  kWatched = 1 << 5,         // some session may watch it
  kTracked = 1 << 6,         // some client may have cached it
  kFieldDeadlines = 1 << 7,  // a hash of which some fields may have deadlines
};

// Strings this short live in their entry.
inline constexpr std::size_t kMaxInlineString = 44;

// Bytes with spare room behind a raw string.
struct StringBuffer {
  std::uint64_t size;
  std::uint64_t capacity;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view view() const { return {bytes(), size}; }

  static StringBuffer* New(std::string_view bytes, std::size_t capacity);
  static void Free(StringBuffer* buffer);
  std::size_t block_bytes() const { return sizeof(StringBuffer) + capacity; }
};

class Entry {
 public:
  // A string in its best encoding: int, inline or raw.
  static Entry* NewString(std::string_view key, std::string_view value, bool with_deadline);
  // A string that is never an int: inline or raw.
  static Entry* NewText(std::string_view key, std::string_view value, bool with_deadline);
  // A raw string that keeps its encoding name even when it is short.
  static Entry* NewRaw(std::string_view key, StringBuffer* buffer, bool with_deadline);
  // A container, its handle moved in by the caller: `handle` holds the 8 bytes.
  static Entry* NewHandle(std::string_view key, ValueType type, std::uint64_t handle,
                          bool with_deadline);
  // Frees the entry and its value.
  static void Free(Entry* entry);
  // Frees the entry only; the value was moved elsewhere.
  static void FreeShell(Entry* entry);
  // The same value under another key or with room for a deadline: moves the value out of
  // `from` and frees its shell. Marks, epoch and access are kept.
  static Entry* Rebuild(Entry* from, std::string_view key, bool with_deadline);

  ValueType type() const { return static_cast<ValueType>(type_encoding_ & 15); }
  Encoding encoding() const { return static_cast<Encoding>(type_encoding_ >> 4); }
  bool is_string() const { return type() == ValueType::kString; }

  std::string_view key() const {
    const char* at = Tail();
    if (key_size_ != kLongKey) return {at, key_size_};
    return {at + 4, LoadLe<std::uint32_t>(at)};
  }

  bool has(EntryMark mark) const { return (marks_ & mark) != 0; }
  void set_mark(EntryMark mark) { marks_ |= mark; }
  void clear_mark(EntryMark mark) { marks_ &= static_cast<std::uint8_t>(~mark); }

  std::uint8_t full_walk() const { return full_walk_; }
  void set_full_walk(std::uint8_t epoch) { full_walk_ = epoch; }
  std::uint32_t access() const {
    return static_cast<std::uint32_t>(access_low_ | access_high_ << 16);
  }
  void set_access(std::uint32_t value) {
    access_low_ = static_cast<std::uint16_t>(value);
    access_high_ = static_cast<std::uint8_t>(value >> 16);
  }

  bool has_deadline() const { return has(kHasDeadline); }
  // Unix ms. Requires has_deadline().
  std::int64_t deadline_ms() const { return LoadLe<std::int64_t>(Body()); }
  void set_deadline_ms(std::int64_t deadline) { StoreLe(Body(), deadline); }
  bool ExpiredAt(std::int64_t now_ms) const { return has_deadline() && deadline_ms() <= now_ms; }
  // Whether time may change the entry.
  bool may_expire() const { return (marks_ & (kHasDeadline | kFieldDeadlines)) != 0; }
  // When the first field of a hash will have expired, unix ms; INT64_MAX when none will.
  std::int64_t field_due_ms() const;
  bool FieldsExpiredAt(std::int64_t now_ms) const {
    return has(kFieldDeadlines) && field_due_ms() <= now_ms;
  }
  // The earliest time at which it or a field of it will have expired; INT64_MAX for never.
  std::int64_t due_ms() const {
    if (!may_expire()) return INT64_MAX;
    return std::min(has_deadline() ? deadline_ms() : INT64_MAX, field_due_ms());
  }

  // Strings.
  std::int64_t integer() const { return LoadLe<std::int64_t>(Slot()); }
  void set_integer(std::int64_t value) { StoreLe(Slot(), value); }
  StringBuffer* buffer() const { return LoadLe<StringBuffer*>(Slot()); }
  void set_buffer(StringBuffer* buffer) { StoreLe(Slot(), buffer); }
  std::string_view inline_bytes() const {
    const std::string_view k = key();
    const char* at = k.data() + k.size();
    return {at + 1, static_cast<unsigned char>(*at)};
  }

  // Containers. T is List, Set, SortedSet, Hash or Stream.
  template <class T>
  T* As() {
    static_assert(sizeof(T) == 8);
    return reinterpret_cast<T*>(Slot());
  }
  template <class T>
  const T* As() const {
    return const_cast<Entry*>(this)->As<T>();
  }

  // Bytes of this allocation, and with what the value owns.
  std::size_t block_bytes() const;
  std::size_t MemoryBytes() const;

  // Elements of a container, 1 for a string. O(1).
  std::size_t ElementCount() const;

  // OBJECT ENCODING's name.
  std::string_view encoding_name() const;

 private:
  static constexpr std::uint16_t kLongKey = 0xFFFF;

  static Entry* Allocate(std::string_view key, ValueType type, Encoding encoding,
                         bool with_deadline, std::size_t inline_size);

  char* Body() const { return reinterpret_cast<char*>(const_cast<Entry*>(this) + 1); }
  char* Slot() const { return Body() + (has_deadline() ? 8 : 0); }
  char* Tail() const { return Slot() + (encoding() == Encoding::kInline ? 0 : 8); }

  std::uint8_t type_encoding_;
  std::uint8_t marks_;
  std::uint8_t full_walk_;
  std::uint8_t access_high_;
  std::uint16_t access_low_;
  std::uint16_t key_size_;
};
static_assert(sizeof(Entry) == 8);

// The bytes of a string entry, whatever its encoding. Not copyable: the view may point inside.
class StringText {
 public:
  explicit StringText(const Entry& entry) {
    switch (entry.encoding()) {
      case Encoding::kInline:
        view_ = entry.inline_bytes();
        break;
      case Encoding::kInt:
        view_ = {digits_, static_cast<std::size_t>(FormatIntTo(digits_, entry.integer()))};
        break;
      default:
        view_ = entry.buffer()->view();
    }
  }
  StringText(const StringText&) = delete;
  StringText& operator=(const StringText&) = delete;

  std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT

 private:
  std::string_view view_;
  char digits_[kMaxIntText];
};

}  // namespace satchel::engine
