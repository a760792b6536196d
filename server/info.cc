#include "server/info.h"

#include <fmt/format.h>
#include <sys/resource.h>

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

}  // namespace

void AddInfoSections(engine::Engine& engine) {
  engine.AddInfoSection({.name = "cpu", .print = PrintCpu});
}

}  // namespace satchel::server
