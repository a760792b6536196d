// Sorting of which only a part will be shown: SORT BY ... LIMIT and the GEO commands' COUNT.
//
// Equal elements come out in an order that depends on the algorithm, and clients can see it: so
// this is the quicksort that Redis uses there, which leaves pieces outside of the wanted part
// unsorted. Other sorts are stable.
// Source: J. L. Bentley and M. D. McIlroy, Engineering a Sort Function, 1993; redis 7.0, pqsort.

#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace satchel::engine {

namespace partial_sort {

template <class T, class Compare>
T* MedianOf(T* a, T* b, T* c, Compare compare) {
  if (compare(*a, *b) < 0) {
    if (compare(*b, *c) < 0) return b;
    return compare(*a, *c) < 0 ? c : a;
  }
  if (compare(*b, *c) > 0) return b;
  return compare(*a, *c) < 0 ? a : c;
}

template <class T, class Compare>
T* Pivot(T* begin, std::size_t count, Compare compare) {
  T* middle = begin + count / 2;
  if (count == 7) return middle;
  T* low = begin;
  T* high = begin + count - 1;
  if (count > 40) {
    const std::size_t step = count / 8;
    low = MedianOf(low, low + step, low + 2 * step, compare);
    middle = MedianOf(middle - step, middle, middle + step, compare);
    high = MedianOf(high - 2 * step, high - step, high, compare);
  }
  return MedianOf(low, middle, high, compare);
}

// Splits [begin, end) in less, equal, greater; returns the ends of less and begin of greater.
template <class T, class Compare>
std::pair<T*, T*> Split(T* begin, T* end, Compare compare) {
  std::swap(*begin, *Pivot(begin, static_cast<std::size_t>(end - begin), compare));
  // [begin, a) equal, [a, b) less, [b, c] unknown, (c, d] greater, (d, end) equal.
  T* a = begin + 1;
  T* b = a;
  T* c = end - 1;
  T* d = c;
  while (true) {
    for (int order; b <= c && (order = compare(*b, *begin)) <= 0; ++b) {
      if (order == 0) std::swap(*a++, *b);
    }
    for (int order; b <= c && (order = compare(*c, *begin)) >= 0; --c) {
      if (order == 0) std::swap(*c, *d--);
    }
    if (b > c) break;
    std::swap(*b++, *c--);
  }
  const auto left = std::min(a - begin, b - a);
  std::swap_ranges(begin, begin + left, b - left);
  const auto right = std::min(d - c, end - d - 1);
  std::swap_ranges(b, b + right, end - right);
  return {begin + (b - a), end - (d - c)};
}

}  // namespace partial_sort

// Puts the elements with ranks [first, last] in their places. `compare(a, b)` is negative, zero
// or positive. Requires first <= last < items.size(). O(n log n), quadratic in the worst case.
template <class T, class Compare>
void PartialSort(std::vector<T>& items, std::size_t first, std::size_t last, Compare compare) {
  struct Part {
    T* begin;
    T* end;
  };
  T* const all = items.data();
  std::vector<Part> parts = {{all, all + items.size()}};
  const auto add = [&](T* begin, T* end) {
    if (end - begin > 1 && all + last >= begin && all + first < end) parts.push_back({begin, end});
  };
  while (!parts.empty()) {
    const Part part = parts.back();
    parts.pop_back();
    if (part.end - part.begin < 7) {
      for (T* at = part.begin + 1; at < part.end; ++at) {
        for (T* to = at; to > part.begin && compare(to[-1], *to) > 0; --to) {
          std::swap(to[-1], *to);
        }
      }
      continue;
    }
    const auto [less, greater] = partial_sort::Split(part.begin, part.end, compare);
    add(part.begin, less);
    add(greater, part.end);
  }
}

}  // namespace satchel::engine
