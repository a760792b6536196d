#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string_view>

#include "tests/golden.h"

namespace satchel {
namespace {
bool updates_golden = false;
}

bool UpdatesGolden() { return updates_golden; }

std::string GoldenFile(const std::string& path, const std::string& text) {
  if (updates_golden) std::ofstream(path) << text;
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

}  // namespace satchel

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--update-golden") satchel::updates_golden = true;
  }
  return RUN_ALL_TESTS();
}
