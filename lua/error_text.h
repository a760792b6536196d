// The texts of script errors. Clients compare them. Source: redis 7.0.15.

#pragma once

#include <string_view>

namespace satchel::lua {

inline constexpr std::string_view kNoArguments =
    "ERR Please specify at least one argument for this redis lib call";
inline constexpr std::string_view kBadArgument =
    "ERR Lua redis lib command arguments must be strings or integers";
inline constexpr std::string_view kUnknownCommand = "ERR Unknown Redis command called from script";
inline constexpr std::string_view kWrongArity =
    "ERR Wrong number of args calling Redis command from script";
inline constexpr std::string_view kNotFromScript =
    "ERR This Redis command is not allowed from script";
inline constexpr std::string_view kDeniedCommand =
    "ERR The user executing the script can't run this command or subcommand";
inline constexpr std::string_view kDeniedKey =
    "ERR The user executing the script can't access at least one of the keys mentioned in the "
    "command arguments";
inline constexpr std::string_view kDeniedChannel =
    "ERR The user executing the script can't publish to the channel mentioned in the command";
inline constexpr std::string_view kReadOnlyScript =
    "ERR Write commands are not allowed from read-only scripts.";
inline constexpr std::string_view kWriteFlagInReadOnly =
    "ERR Can not execute a script with write flag using *_ro command.";
inline constexpr std::string_view kNoScriptText = "NOSCRIPT No matching script. Please use EVAL.";
inline constexpr std::string_view kNotBusy = "NOTBUSY No scripts in execution right now.";
// Also told of functions' names.
inline constexpr std::string_view kBadLibraryName =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    "character long";
inline constexpr std::string_view kBusyScript =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
inline constexpr std::string_view kBusyFunction =
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
inline constexpr std::string_view kUnkillable =
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
    "either wait the script termination or kill the server in a hard way using the SHUTDOWN "
    "NOSAVE command.";
inline constexpr std::string_view kKilled = "ERR Script killed by user with SCRIPT KILL...";
inline constexpr std::string_view kCannotBeUndone =
    "ERR This command cannot be undone: it is not allowed from script while script-rollback is yes";
inline constexpr std::string_view kReadonlyTable = "Attempt to modify a readonly table";
inline constexpr std::string_view kStackLimit = "ERR reached lua stack limit";

}  // namespace satchel::lua
