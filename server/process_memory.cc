#include "server/process_memory.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include <cstdint>

// Present when the program is linked with jemalloc.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                       std::size_t new_size) __attribute__((weak));
// Present in a sanitizer's build, where the C library's figures are nothing.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace satchel::server {
namespace {

std::size_t JemallocNumber(const char* name) {
  std::size_t value = 0;
  std::size_t size = sizeof value;
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

void AskAllocator(engine::ProcessMemory& memory) {
  if (mallctl != nullptr) {
    std::uint64_t epoch = 1;  // else the figures are those of the last time
    std::size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    memory.allocated = JemallocNumber("stats.allocated");
    memory.active = JemallocNumber("stats.active");
    memory.resident = JemallocNumber("stats.resident");
    memory.allocator = "jemalloc";
    return;
  }
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    memory.allocated = memory.active = memory.resident = __sanitizer_get_current_allocated_bytes();
    memory.allocator = "sanitizer";
    return;
  }
  const struct mallinfo2 info = mallinfo2();
  memory.allocated = info.uordblks + info.hblkhd;
  memory.active = memory.resident = info.arena + info.hblkhd;
}

}  // namespace

engine::ProcessMemory ReadProcessMemory() {
  engine::ProcessMemory memory;
  AskAllocator(memory);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  memory.total = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * page;
  if (FILE* file = fopen("/proc/self/statm", "re")) {
    unsigned long long all_pages = 0;
    unsigned long long resident_pages = 0;
    if (fscanf(file, "%llu %llu", &all_pages, &resident_pages) == 2) {
      memory.rss = resident_pages * page;
    }
    fclose(file);
  }
  return memory;
}

}  // namespace satchel::server
