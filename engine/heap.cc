#include "engine/heap.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

// With AddressSanitizer each block is malloc's own, so that it sees every misuse.
#if defined(__SANITIZE_ADDRESS__)
#define SATCHEL_PLAIN_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SATCHEL_PLAIN_HEAP 1
#endif
#endif

namespace satchel::engine {
namespace {

#ifdef SATCHEL_PLAIN_HEAP
constexpr bool kPlain = true;
#else
constexpr bool kPlain = false;
#endif

constexpr std::size_t kRegionBytes = std::size_t{1} << 20;
constexpr std::size_t kSlabBytes = std::size_t{1} << 14;
constexpr std::size_t kSlabs = kRegionBytes / kSlabBytes;
// A large store maps several regions at once, in huge pages where the system has them.
constexpr std::size_t kMaxRegionsAtOnce = 16;
constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// Above 1 KB: multiples of 64 of which 15, 14, ... 4 fill a slab.
constexpr std::size_t kLargeSizes[] = {1088, 1152, 1216, 1344, 1472, 1600,
                                       1792, 2048, 2304, 2688, 3264, 4096};

// The place in kLargeSizes by (bytes - 1025) / 64.
constexpr auto kLargeClass = [] {
  std::array<std::uint8_t, 48> classes{};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    std::uint8_t c = 0;
    while (kLargeSizes[c] < 1024 + 64 * (i + 1)) ++c;
    classes[i] = c;
  }
  return classes;
}();

constexpr std::size_t RoundUp(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace

struct Heap::Region {
  Region* next;
  Region* previous;
  Region* next_open;  // valid while there is a free slab
  Region* previous_open;
  std::uint64_t free_slabs;  // a bit each
  alignas(64) Slab slabs[kSlabs];

  static constexpr std::uint64_t kAllFree = ~std::uint64_t{0};

  char* SlabStart(std::size_t index) { return reinterpret_cast<char*>(this) + index * kSlabBytes; }
};

Heap::~Heap() {
  SATCHEL_DCHECK(used_bytes_ == 0);
  while (regions_ != nullptr) {
    Region* next = regions_->next;
    munmap(regions_, kRegionBytes);
    regions_ = next;
  }
  if (fresh_begin_ != fresh_end_) {
    munmap(fresh_begin_, static_cast<std::size_t>(fresh_end_ - fresh_begin_));
  }
}

void* Heap::Allocate(std::size_t bytes) {
  const std::size_t rounded = std::max<std::size_t>(8, RoundUp(bytes, 8));
  used_bytes_ += rounded;
  if (kPlain || rounded > kMaxSmall) return AllocateLarge(rounded);

  const std::size_t size_class = ClassOf(rounded);
  Slab* slab = roomy_[size_class];
  if (slab == nullptr) slab = NewSlab(size_class);
  void* block = slab->free;
  if (block != nullptr) {
    slab->free = *static_cast<void**>(block);
  } else {
    Region* region = RegionOf(slab);
    block = region->SlabStart(static_cast<std::size_t>(slab - region->slabs)) +
            std::size_t{slab->untouched} * 8;
    slab->untouched = static_cast<std::uint16_t>(slab->untouched + SizeOf(size_class) / 8);
  }
  if (++slab->used == slab->capacity) UnlinkSlab(slab);
  return block;
}

void Heap::Free(void* block, std::size_t bytes) {
  const std::size_t rounded = std::max<std::size_t>(8, RoundUp(bytes, 8));
  SATCHEL_DCHECK(used_bytes_ >= rounded);
  used_bytes_ -= rounded;
  if (kPlain || rounded > kMaxSmall) {
    large_bytes_ -= rounded;
    return std::free(block);
  }

  Region* region = RegionOf(block);
  Slab* slab = &region->slabs[static_cast<std::size_t>(static_cast<char*>(block) -
                                                       reinterpret_cast<char*>(region)) /
                              kSlabBytes];
  SATCHEL_DCHECK(slab->size_class == ClassOf(rounded) && slab->used > 0);
  *static_cast<void**>(block) = slab->free;
  slab->free = block;
  if (slab->used-- == slab->capacity) LinkSlab(slab);
  // The last one with room stays, for the next block of its class.
  if (slab->used == 0 && (slab->next != nullptr || slab->previous != nullptr)) ReleaseSlab(slab);
}

std::size_t Heap::ClassBytes(std::size_t bytes) {
  const std::size_t rounded = std::max<std::size_t>(8, RoundUp(bytes, 8));
  return rounded > kMaxSmall ? rounded : SizeOf(ClassOf(rounded));
}

// Requires 0 < bytes <= kMaxSmall.
inline std::size_t Heap::ClassOf(std::size_t bytes) {
  if (bytes <= 1024) return (bytes - 1) / 8;
  return kSmallClasses + kLargeClass[(bytes - 1025) / 64];
}

inline std::size_t Heap::SizeOf(std::size_t size_class) {
  return size_class < kSmallClasses ? 8 * (size_class + 1)
                                    : kLargeSizes[size_class - kSmallClasses];
}

inline Heap::Region* Heap::RegionOf(const void* at) {
  return reinterpret_cast<Region*>(reinterpret_cast<std::uintptr_t>(at) & ~(kRegionBytes - 1));
}

void* Heap::AllocateLarge(std::size_t rounded) {
  void* block = rounded % 64 == 0 ? std::aligned_alloc(64, rounded) : std::malloc(rounded);
  SATCHEL_CHECK(block != nullptr);
  large_bytes_ += rounded;
  return block;
}

Heap::Slab* Heap::NewSlab(std::size_t size_class) {
  Region* region = open_regions_ != nullptr ? open_regions_ : NewRegion();
  const auto index = static_cast<std::size_t>(std::countr_zero(region->free_slabs));
  region->free_slabs &= region->free_slabs - 1;
  if (region->free_slabs == 0) {
    open_regions_ = region->next_open;
    if (open_regions_ != nullptr) open_regions_->previous_open = nullptr;
  }
  // The first slab is what the descriptors leave of it.
  constexpr std::size_t kFirstOffset = RoundUp(sizeof(Region), 64);
  const std::size_t offset = index == 0 ? kFirstOffset : 0;
  Slab* slab = &region->slabs[index];
  *slab = Slab{.capacity = static_cast<std::uint16_t>((kSlabBytes - offset) / SizeOf(size_class)),
               .untouched = static_cast<std::uint16_t>(offset / 8),
               .size_class = static_cast<std::uint8_t>(size_class)};
  LinkSlab(slab);
  return slab;
}

// Requires that it is linked and empty.
void Heap::ReleaseSlab(Slab* slab) {
  UnlinkSlab(slab);
  Region* region = RegionOf(slab);
  if (region->free_slabs == 0) {
    region->next_open = open_regions_;
    region->previous_open = nullptr;
    if (open_regions_ != nullptr) open_regions_->previous_open = region;
    open_regions_ = region;
  }
  region->free_slabs |= std::uint64_t{1} << (slab - region->slabs);
  const bool another = region->next_open != nullptr || region->previous_open != nullptr;
  if (region->free_slabs == Region::kAllFree && another) ReleaseRegion(region);
}

void Heap::LinkSlab(Slab* slab) {
  Slab*& first = roomy_[slab->size_class];
  slab->next = first;
  slab->previous = nullptr;
  if (first != nullptr) first->previous = slab;
  first = slab;
}

void Heap::UnlinkSlab(Slab* slab) {
  (slab->previous != nullptr ? slab->previous->next : roomy_[slab->size_class]) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
  slab->next = nullptr;
  slab->previous = nullptr;
}

Heap::Region* Heap::NewRegion() {
  if (fresh_begin_ == fresh_end_) MapFresh();
  auto* region = new (fresh_begin_) Region;
  fresh_begin_ += kRegionBytes;
  mapped_bytes_ += kRegionBytes;
  region->free_slabs = Region::kAllFree;
  region->previous = nullptr;
  region->next = regions_;
  if (regions_ != nullptr) regions_->previous = region;
  regions_ = region;
  region->previous_open = nullptr;
  region->next_open = open_regions_;
  if (open_regions_ != nullptr) open_regions_->previous_open = region;
  open_regions_ = region;
  return region;
}

// Doubles what is mapped, within limits. mmap aligns to pages only: more is asked for, and what
// lies before and behind is given back.
void Heap::MapFresh() {
  const std::size_t regions =
      std::clamp<std::size_t>(mapped_bytes_ / kRegionBytes, 1, kMaxRegionsAtOnce);
  const std::size_t bytes = regions * kRegionBytes;
  const std::size_t alignment = std::max(kRegionBytes, std::min(bytes, kHugePageBytes));
  const std::size_t asked = bytes + alignment;
  void* mapped = mmap(nullptr, asked, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  SATCHEL_CHECK(mapped != MAP_FAILED);
  char* const begin = static_cast<char*>(mapped);
  const std::size_t before =
      (alignment - reinterpret_cast<std::uintptr_t>(begin) % alignment) % alignment;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, asked - before - bytes);
  fresh_begin_ = begin + before;
  fresh_end_ = fresh_begin_ + bytes;
  if (bytes >= 4 * kHugePageBytes) madvise(fresh_begin_, bytes, MADV_HUGEPAGE);
}

// Requires that all its slabs are free.
void Heap::ReleaseRegion(Region* region) {
  (region->previous != nullptr ? region->previous->next : regions_) = region->next;
  if (region->next != nullptr) region->next->previous = region->previous;
  (region->previous_open != nullptr ? region->previous_open->next_open : open_regions_) =
      region->next_open;
  if (region->next_open != nullptr) region->next_open->previous_open = region->previous_open;
  munmap(region, kRegionBytes);
  mapped_bytes_ -= kRegionBytes;
}

}  // namespace satchel::engine
