#include "server/info.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "server/parameters.h"

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

void PrintClients(engine::Engine& engine, std::string& out) {
  const auto* parameters = engine.Service<Parameters>();
  const std::int64_t now_s = engine.now_ms() / 1000;
  out += fmt::format("client_recent_max_input_buffer:{}\r\n", parameters->recent_input.Get(now_s));
  out +=
      fmt::format("client_recent_max_output_buffer:{}\r\n", parameters->recent_output.Get(now_s));
}

}  // namespace

void AddInfoSections(engine::Engine& engine) {
  engine.AddInfoSection({.name = "cpu", .print = PrintCpu});
  engine.AddInfoSection({.name = "clients", .print = PrintClients});
}

}  // namespace satchel::server
