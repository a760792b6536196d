// The packed blobs inside RDB objects: listpack, ziplist, zipmap, intset. Each is validated as
// it is walked: every length, the back lengths, the counts and the end.
//
// The visitors are called with each element in order and return false to stop with an error.
// Source: redis 7.0.15, the formats of the same names.

#pragma once

#include <functional>
#include <string_view>

namespace satchel::engine {

using BlobVisitor = std::function<bool(std::string_view element)>;

// False when the blob is damaged or the visitor stopped.
bool VisitListpack(std::string_view blob, const BlobVisitor& visit);
bool VisitZiplist(std::string_view blob, const BlobVisitor& visit);
bool VisitZipmap(std::string_view blob, const BlobVisitor& visit);
bool VisitIntset(std::string_view blob, const BlobVisitor& visit);

// Appends what an LZF block holds; false unless it is whole and gives `size` bytes.
bool LzfDecompress(std::string_view block, std::size_t size, std::string& out);

}  // namespace satchel::engine
