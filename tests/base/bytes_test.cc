#include "base/bytes.h"

namespace satchel {
namespace {

TEST(Bytes, Crc64GivesTheKnownValue) { EXPECT_EQ(Crc64(0, "123456789"), 0xe9c6d914c4b8d9caull); }

TEST(Bytes, Crc32cGivesTheKnownValue) { EXPECT_EQ(Crc32c(0, "123456789"), 0xe3069283u); }

TEST(Bytes, ACrcOfPartsIsTheCrcOfTheWhole) {
  const std::string text = "a text that is longer than sixteen bytes, in two parts";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc64(Crc64(0, text.substr(0, cut)), text.substr(cut)), Crc64(0, text));
    EXPECT_EQ(Crc32c(Crc32c(0, text.substr(0, cut)), text.substr(cut)), Crc32c(0, text));
  }
}

TEST(Bytes, HexRoundTripsAndRefusesOddTexts) {
  EXPECT_EQ(ToHex(std::string_view("\0\xff", 2)), "00ff");
  EXPECT_EQ(FromHex("00fF"), std::string("\0\xff", 2));
  EXPECT_FALSE(FromHex("0"));
  EXPECT_FALSE(FromHex("0g"));
}

TEST(Bytes, Sha1OfAbcIsTheKnownDigest) {
  const auto digest = Sha1("abc");
  EXPECT_EQ(ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()}),
            "a9993e364706816aba3e25717850c26c9cd0d89d");
}

}  // namespace
}  // namespace satchel
