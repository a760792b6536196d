// Digests of keys and of whole keyspaces: equal data gives equal digests, in any order and in
// any representation. The algorithm is that of DEBUG DIGEST, so that a digest can be compared
// with redis-server's.
// Source: redis 7.0.15, DEBUG DIGEST and DEBUG DIGEST-VALUE.

#pragma once

#include "base/bytes.h"
#include "engine/keyspace.h"

namespace satchel::engine {

// Of one value: without the key's name, with the fact that it has a deadline.
Sha1Digest ValueDigest(const Entry& entry);
// Of one key in its database; with the deadline itself and the groups of a
// stream, unlike Redis', and without
// the sign of a zero score, which the effects do not say.
Sha1Digest EntryDigest(const Entry& entry);
// Of all databases. O(bytes).
Sha1Digest KeyspaceDigest(const Keyspace& keyspace);

// 40 lower-case hex digits.
std::string DigestText(const Sha1Digest& digest);

}  // namespace satchel::engine
