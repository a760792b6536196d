// Streams in RDB: blocks, counters, groups with their pending entries and consumers.
// Writes type 19, which redis-server 7.0 writes; reads 15, 19 and 21.
//
//     stream   = blocks (id listpack)*, length, last, first, max deleted, added, groups group*
//     group    = name, last, read, pending (id time count)*, consumers consumer*
//     consumer = name, seen, pending id*
//
// Counts and numbers are RDB lengths, an id is two of them or 16 bytes big-endian (of blocks, in a
// string, and of pending entries), times are 8 bytes little-endian in unix ms. Type 15 has neither
// first, max deleted and added nor read; type 21 has another time behind seen.
// Source: the RDB format up to version 11.

#pragma once

#include "engine/rdb/codec.h"
#include "engine/stream.h"

namespace satchel::engine {

void AppendRdbStream(std::string& out, const Stream& stream);
Result<Stream> ReadRdbStream(RdbReader& reader, RdbType type);

}  // namespace satchel::engine
