// The example of docs/scripting.md.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

satchel::Result<std::int64_t> Transfer(satchel::store::Store& store, std::string_view from,
                                       std::string_view to, std::string_view coins);
