#include "server/info.h"

#include <fmt/format.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

namespace satchel::server {
namespace {

void AddTime(std::string& out, std::string_view name, const timeval& time) {
  out += fmt::format("{}:{}.{:06}\r\n", name, time.tv_sec, time.tv_usec);
}

void PrintCpu(engine::Engine& /*engine*/, std::string& out) {
  rusage own{};
  rusage children{};
  rusage thread{};
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  getrusage(RUSAGE_THREAD, &thread);
  AddTime(out, "used_cpu_sys", own.ru_stime);
  AddTime(out, "used_cpu_user", own.ru_utime);
  AddTime(out, "used_cpu_sys_children", children.ru_stime);
  AddTime(out, "used_cpu_user_children", children.ru_utime);
  AddTime(out, "used_cpu_sys_main_thread", thread.ru_stime);
  AddTime(out, "used_cpu_user_main_thread", thread.ru_utime);
}

// Bytes of this process in memory; 0 when the system does not say.
std::uint64_t ResidentBytes() {
  FILE* file = fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long all_pages = 0;
  unsigned long long resident_pages = 0;
  const int found = fscanf(file, "%llu %llu", &all_pages, &resident_pages);
  fclose(file);
  return found == 2 ? resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void PrintMemory(engine::Engine& engine, std::string& out) {
  const std::uint64_t resident = ResidentBytes();
  const std::uint64_t used = engine.heap().used_bytes();
  out += fmt::format("used_memory_rss:{}\r\n", resident);
  out += fmt::format("used_memory_rss_human:{:.2f}M\r\n",
                     static_cast<double>(resident) / (1024.0 * 1024.0));
  out += fmt::format("mem_fragmentation_ratio:{:.2f}\r\n",
                     used == 0 ? 0.0 : static_cast<double>(resident) / static_cast<double>(used));
}

}  // namespace

void AddInfoSections(engine::Engine& engine) {
  engine.AddInfoSection({.name = "cpu", .print = PrintCpu});
  engine.AddInfoSection({.name = "memory", .print = PrintMemory});
}

}  // namespace satchel::server
