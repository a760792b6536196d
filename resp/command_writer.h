// Writes commands as clients send them: a RESP array of bulks.

#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "resp/header.h"

namespace satchel::resp {

inline void AppendHeader(std::string& out, char type, std::size_t number) {
  char header[kMaxHeaderBytes];
  out.append(header, FormatHeader(header, type, static_cast<std::int64_t>(number)));
}

// Requires a command name: args is not empty.
inline void AppendCommand(std::string& out, std::span<const std::string_view> args) {
  AppendHeader(out, '*', args.size());
  for (std::string_view arg : args) {
    AppendHeader(out, '$', arg.size());
    out += arg;
    out += "\r\n";
  }
}

inline void AppendCommand(std::string& out, std::initializer_list<std::string_view> args) {
  AppendCommand(out, std::span(args.begin(), args.size()));
}

}  // namespace satchel::resp
