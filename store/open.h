// OpenStore: from a configuration to a store. The only place that looks at the mode.

#pragma once

#include <functional>
#include <memory>

#include "store/config/config.h"
#include "store/embedded/embedded_store.h"
#include "store/remote/remote_store.h"
#include "store/store.h"

namespace satchel::store {

// A store for the component: in this process, or in the server of `distributed.seeds`. Errors:
// those of EmbeddedStore::Open and RemoteStore::Open.
//
// Two calls for standalone components give two stores that share nothing. A program with
// several components opens Stores.
Result<std::unique_ptr<Store>> OpenStore(const Config& config,
                                         Component component = Component::kStore);

// What a program with several components opens: at most one store in this process and one
// remote one, each only if some component needs it.
class Stores {
 public:
  static Result<std::unique_ptr<Stores>> Open(const Config& config);

  Store& Of(Component component) const;

 private:
  explicit Stores(const Config& config) : config_(config) {}

  Config config_;
  std::unique_ptr<Store> embedded_;  // null unless needed, both
  std::unique_ptr<Store> remote_;
};

// What the keys mean for each kind of store.
EmbeddedOptions EmbeddedOptionsOf(const Config& config);
// Requires a valid configuration with an address.
Result<RemoteOptions> RemoteOptionsOf(const Config& config);

}  // namespace satchel::store
