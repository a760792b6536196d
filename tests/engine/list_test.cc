#include "engine/list.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "engine/heap.h"

namespace satchel::engine {
namespace {

using Model = std::deque<std::string>;

class ListTest : public testing::Test {
 protected:
  static Model Contents(const List& list) {
    Model all;
    list.ForEach([&](std::string_view element) {
      all.emplace_back(element);
      return true;
    });
    return all;
  }
  static ValueContext ContextOf(std::int64_t size) {
    return {.limits = {.list_max_listpack_size = size}};
  }

  Heap heap_;
  HeapScope scope_{heap_};
  ValueContext context_ = ContextOf(-2);
  List list_;
};

TEST_F(ListTest, PushesAndPopsAtBothEnds) {
  list_.PushBack("b", context_);
  list_.PushFront("a", context_);
  list_.PushBack("c", context_);
  EXPECT_EQ(Contents(list_), (Model{"a", "b", "c"}));
  EXPECT_EQ(list_.Peek(ListEnd::kFront), "a");
  EXPECT_EQ(list_.Peek(ListEnd::kBack), "c");
  list_.PopFront();
  list_.PopBack();
  EXPECT_EQ(Contents(list_), (Model{"b"}));
  list_.PopBack();
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(ListTest, ALongListCostsTwoBytesAnElement) {
  for (const ListEnd end : {ListEnd::kFront, ListEnd::kBack}) {
    List list;
    for (int i = 0; i < 100'000; ++i) list.Push(end, "0123456789abcdef", context_);
    list.Check();
    EXPECT_LT(list.MemoryBytes(), 100'000u * 182 / 10);
  }
}

TEST_F(ListTest, MatchesAModel) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const ValueContext context = ContextOf(seed % 3 == 0 ? 3 : seed % 3 == 1 ? -1 : 40);
    List list;
    Model model;
    for (int step = 0; step < 4'000; ++step) {
      const bool growing = step / 1'000 % 2 == 0;
      std::string element = FormatInt(static_cast<std::int64_t>(random.Below(9)));
      if (random.Below(4) == 0) element += std::string(random.Below(300), 'x');
      if (random.Below(200) == 0) element += std::string(9'000, 'y');
      const std::size_t index = random.Below(model.size() + 1);
      const auto at = model.begin() + static_cast<std::ptrdiff_t>(index);
      switch (random.Below(growing ? 6 : 11)) {
        case 0:
          list.PushFront(element, context);
          model.push_front(element);
          break;
        case 1:
          list.PushBack(element, context);
          model.push_back(element);
          break;
        case 2:
        case 3:
          list.Insert(index, element, context);
          model.insert(at, element);
          break;
        case 4:
          if (index == model.size()) break;
          list.Set(index, element, context);
          *at = element;
          break;
        case 5:
        case 6: {
          const std::size_t count = random.Below(random.Below(30) == 0 ? 200 : 3);
          const std::size_t gone = std::min(count, model.size() - index);
          ASSERT_EQ(list.Erase(index, count, context), gone);
          model.erase(at, at + static_cast<std::ptrdiff_t>(gone));
          break;
        }
        case 7:
          if (model.empty()) break;
          ASSERT_EQ(list.Peek(ListEnd::kFront), model.front());
          list.PopFront();
          model.pop_front();
          break;
        case 8:
          if (model.empty()) break;
          ASSERT_EQ(list.Peek(ListEnd::kBack), model.back());
          list.PopBack();
          model.pop_back();
          break;
        case 9: {
          const std::size_t limit = 1 + random.Below(4);
          std::size_t gone = 0;
          if (random.Below(2) == 0) {
            gone = list.EraseEqual(element, limit, ListEnd::kFront, context);
            for (std::size_t i = 0; i < gone; ++i) {
              model.erase(std::find(model.begin(), model.end(), element));
            }
          } else {
            gone = list.EraseEqual(element, limit, ListEnd::kBack, context);
            for (std::size_t i = 0; i < gone; ++i) {
              model.erase(std::prev(std::find(model.rbegin(), model.rend(), element).base()));
            }
          }
          ASSERT_TRUE(gone == limit ||
                      std::find(model.begin(), model.end(), element) == model.end());
          break;
        }
        case 10: {
          if (random.Below(100) != 0) break;
          const std::size_t end = index + random.Below(model.size() - index + 1);
          list.Keep(index, end, context);
          model = Model(at, model.begin() + static_cast<std::ptrdiff_t>(end));
          break;
        }
      }
      ASSERT_EQ(list.size(), model.size());
      if (step % 20 != 0) continue;
      list.Check();
      ASSERT_EQ(list.MemoryBytes(), heap_.used_bytes());
      ASSERT_EQ(Contents(list), model);
      const std::size_t from = random.Below(model.size() + 1);
      ASSERT_EQ(list.At(from).has_value(), from < model.size());
      if (from == model.size()) continue;
      ASSERT_EQ(list.At(from), model[from]);
      Model forward;
      list.VisitFrom(from, [&](std::string_view e) { return forward.emplace_back(e), true; });
      ASSERT_EQ(forward, Model(model.begin() + static_cast<std::ptrdiff_t>(from), model.end()));
      Model backward;
      list.VisitBackFrom(from, [&](std::string_view e) { return backward.emplace_front(e), true; });
      ASSERT_EQ(backward,
                Model(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(from) + 1));
    }
    const std::size_t used = heap_.used_bytes();
    const List copy = list.Clone();
    copy.Check();
    ASSERT_EQ(Contents(copy), model);
    ASSERT_EQ(heap_.used_bytes(), used + copy.MemoryBytes());
  }
  EXPECT_EQ(heap_.used_bytes(), 0u);
}

TEST_F(ListTest, AQueueOfConstantLengthStaysSmall) {
  for (int i = 0; i < 100; ++i) list_.PushFront("element of a queue", context_);
  for (int i = 0; i < 100'000; ++i) {
    list_.PushFront("element of a queue", context_);
    list_.PopBack();
  }
  list_.Check();
  EXPECT_EQ(list_.size(), 100u);
  EXPECT_LT(list_.MemoryBytes(), 9'000u);
}

}  // namespace
}  // namespace satchel::engine
