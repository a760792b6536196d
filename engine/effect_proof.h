// EffectProof: shows that effects say all that a unit changed. It replays every unit's effects
// on a second engine and compares the digests of all keys that the door opened; a difference
// aborts with the key. Of large values every 64th change is compared whole, the others by
// their size. On in builds with SATCHEL_SHADOW; costs about the work again.
//
// Thread: the one that holds the execution lock of the proved engine.

#pragma once

#include "engine/engine.h"

namespace satchel::engine {

class EffectProof final : public UnitObserver {
 public:
  // Watches `engine`, whose keyspace must be empty, until it is destroyed.
  explicit EffectProof(Engine& engine);
  ~EffectProof() override;

  void OnTouch(int db, std::string_view key) override;
  void OnUnit(const EffectBuffer& effects) override;

  // Takes the engine's keyspace over as it is: after a load, which has no effects.
  void Adopt();

 private:
  void Compare(int db, const std::string& key);

  Engine& engine_;  // borrowed
  ExecutionLock lock_;
  std::unique_ptr<Engine> shadow_;
  std::vector<std::pair<int, std::string>> touched_;
  std::uint64_t large_compared_ = 0;
};

}  // namespace satchel::engine
