#include "engine/effect_proof.h"

#include <cstdio>

#include "engine/clone.h"
#include "engine/digest.h"
#include "engine/values.h"

namespace satchel::engine {

EffectProof::EffectProof(Engine& engine) : engine_(engine) {
  shadow_ = std::make_unique<Engine>(EngineOptions{
      .clock = engine.clock(), .lock = lock_, .databases = engine.keyspace().databases()});
  engine_.set_unit_observer(this);
}

EffectProof::~EffectProof() { engine_.set_unit_observer(nullptr); }

void EffectProof::OnTouch(int db, std::string_view key) {
  touched_.emplace_back(db, std::string(key));
}

void EffectProof::OnUnit(const EffectBuffer& effects) {
  const ExecutionGuard guard(lock_);
  shadow_->keyspace().limits() = engine_.keyspace().limits();
  effects.ForEach([&](int db, Args args) {
    if (args[0] == "FUNCTION") return;  // not of the keyspace
    auto replayed = shadow_->Replay(db, args);
    if (!replayed) std::fprintf(stderr, "%s\n", replayed.error().detail.c_str());
    SATCHEL_CHECK(replayed);
  });
  for (const auto& [db, key] : touched_) Compare(db, key);
  touched_.clear();
}

void EffectProof::Compare(int db, const std::string& key) {
  const Entry* real = engine_.keyspace().Peek(db, key);
  const Entry* shadow = shadow_->keyspace().Peek(db, key);
  // A digest costs as much as the value is large: large ones get theirs now and then.
  constexpr std::size_t kLarge = 300;
  constexpr std::uint64_t kEvery = 64;
  const bool both = real != nullptr && shadow != nullptr;
  bool equal = both || real == shadow;
  if (both && real->ElementCount() > kLarge && ++large_compared_ % kEvery != 0) {
    equal = real->type() == shadow->type() && real->ElementCount() == shadow->ElementCount();
  } else if (both) {
    equal = EntryDigest(*real) == EntryDigest(*shadow);
  }
  if (equal) return;
  std::fprintf(stderr, "effects do not give the same value for key \"%s\" of database %d\n",
               Printable(key).c_str(), db);
  SATCHEL_CHECK(equal);
}

void EffectProof::Adopt() {
  const ExecutionGuard guard(lock_);
  shadow_->RunUnit([&] {
    for (int i = 0; i < engine_.keyspace().databases(); ++i) {
      auto copy = std::make_shared<Database>(shadow_->keyspace().TakeDbid(),
                                             shadow_->keyspace().hash_seed());
      engine_.keyspace().db(i).table.ForEach([&](const Entry* entry) {
        copy->Put(CloneEntry(*entry, entry->key()));
        return true;
      });
      shadow_->keyspace().Adopt(i, std::move(copy));
    }
  });
}

}  // namespace satchel::engine
