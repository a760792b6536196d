// The rules that span several keys. They run on the merged configuration.

#pragma once

#include <vector>

#include "store/config/config.h"

namespace satchel::store {

void Validate(const Config& config, std::vector<Finding>* findings);

}  // namespace satchel::store
