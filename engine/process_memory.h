// Memory of the whole process as its allocator and the system report it, in bytes.

#pragma once

#include <cstddef>
#include <string_view>

namespace satchel::engine {

struct ProcessMemory {
  std::size_t allocated = 0;  // handed out by malloc
  std::size_t active = 0;     // pages with something in them
  std::size_t resident = 0;   // of the allocator, in physical memory
  std::size_t rss = 0;        // of the process
  std::size_t total = 0;      // of the machine
  std::string_view allocator = "libc";
};

}  // namespace satchel::engine
