// DUMP, RESTORE and the object codec against payloads of redis-server 7.0.15.

#include "engine/rdb/codec.h"

#include "base/bytes.h"
#include "engine/digest.h"
#include "engine/rdb/dump.h"
#include "engine/rdb/packed_blobs.h"
#include "tests/engine/engine_fixture.h"

namespace satchel::engine {
namespace {

struct Payload {
  std::string_view name;
  std::string_view digest;  // DEBUG DIGEST-VALUE of redis-server after RESTORE
  std::string_view hex;
};

// Names beginning with "old_" are forms that 7.0.15 reads and no longer writes; the others are
// its own DUMP, with thresholds lowered where a form would be large.
constexpr Payload kPayloads[] = {
    {"stream_one", "e63bcb852a375e66ef47d37f2575bc03f71e7ecd",
     "130110000000000000000100000000000000011c1c0000000a0001010001010181610200010201000100"
     "0101010401ff0101010101000001000a00297d780fd88aa62c"},
    {"stream_groups", "52f2ba4e34c6c0f4cbcbfc52815584eef539e666",
     "130310000000000000000100000000000000014042420000001800020101010201816602816e02000102"
     "010001000182763103dc1802050103010101010182763203d83002050102010201020182763303d44802"
     "0501ff1000000000000000040000000000000004c3404d405815580000001c00030100010101856f7468"
     "657206000102200e0400018800ff8001010904200d400010020181660282763503816e02f178ec030820"
     "17000260016017003660170190e8201700ff1000000000000000070000000000000007c33b4048064800"
     "00001300012000080201816602816e02002009000020010882763703f1a8e40305201b800009856f7468"
     "6572069000ffe0050103110601ff0608080101080808030167040481ffffffffffffffff030000000000"
     "000001000000000000000101806e8774010000010000000000000003000000000000000303806e877401"
     "0000030000000000000004000000000000000404806e8774010000040205616c6963651c5730ffa10100"
     "0002000000000000000100000000000000010000000000000003000000000000000303626f621c5730ff"
     "a101000001000000000000000400000000000000040168080881ffffffffffffffff00010469646c651c"
     "5730ffa101000000016903000200000a008f873740d6523f7b"},
    {"stream_empty", "06bd01623de1d087bbd377851096317b1af476a2",
     "13000000000000000000010167000081ffffffffffffffff00000a00a01a953dfb9cddde"},
    {"old_stream", "e63bcb852a375e66ef47d37f2575bc03f71e7ecd",
     "0f0110000000000000000100000000000000011c1c0000000a0001010001010181610200010201000100"
     "0101010401ff0101010101670101010000000000000001000000000000000100806e8774010000030105"
     "616c6963650098f73e5d01000001000000000000000100000000000000010a00a90900e26ca06de3"},
    {"string_int8", "220f87802dc1eca9ffb9dd7f52e30f559e135f81", "00c0f90a005e26d130d7a242ab"},
    {"string_int16", "5251ee9402fed6b9bcdb402b90a4e9c7dff427f9", "00c1d2040a00008708a144825ced"},
    {"string_int32", "d245a69d7c7578ad7d1b3c83ba93440fc7b02da4",
     "00c2006cca880a0035ffaebd7f1d7a67"},
    {"string_int64", "5278659ed5dd3df685dbf4cd669cbb4d397f00a5",
     "0013393030303030303030303030303030303030300a006363afd97a2287b1"},
    {"string_raw", "d3e91d92ebddfb978f70aa3fb96128598b804ef7",
     "00056100ff0d0a0a0082d973bf946fe8cf"},
    {"string_lzf", "8dbea3d627245afe5d46f7089688ed99adaa331c",
     "00c31343e802616261e0ff01e0ff01e0ff01e0c2010161620a00b47609dbfd1d6016"},
    {"string_empty", "8b3447c33a834b810e3e181b6fd6a2ee1020921c", "00000a005d9b5c400f7fa2da"},
    {"string_long", "0abb27ffac42c8f18440f2f42810e9e6a8048f12",
     "00c3410a412c1f00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d91fe0e7"
     "eef501080f161d242b323940474e555c636a71787f868d949ba2a9b0b7be1fc5ccd3dae1e8eff6020910"
     "171e252c333a41484f565d646b727980878e959ca31faab1b8bfc6cdd4dbe2e9f0f7030a11181f262d34"
     "3b424950575e656c737a81881f8f969da4abb2b9c0c7ced5dce3eaf1f8040b121920272e353c434a5158"
     "5f666d1f747b828990979ea5acb3bac1c8cfd6dde4ebf2f9050c131a21282f363d444b521f5960676e75"
     "7c838a91989fa6adb4bbc2c9d0d7dee5ecf3fa060d141b222930371b3e454c535a61686f767d848b9299"
     "a0a7aeb5bcc3cad1d8dfe6edf400e025fa014e550a00e0dfe4c7258efe34"},
    {"list_listpack", "528a85a35964c61e808b3a22b2a6037337052507",
     "120102c32a40691f6900000007008161020101dffb02f270110104f4000084e2506ce67c098001e00146"
     "78e03c000148ff0a001c0dc8aa351de077"},
    {"list_nodes", "379ea013f19d28532bfe02547a18f045cf890a7e",
     "1203020d0d0000000200816102816202ff020d0d0000000200816302816402ff020a0a00000001008165"
     "02ff0a00ec5236a76020a1db"},
    {"list_lzf", "7f2654e2512726fdb47b17a3585942bd8fbdbe29",
     "120102c32142c313c302000032008c73616d6520656c656d656e740de0ff0de1ff09e19409010dff0a00"
     "200bf50bd9806e5b"},
    {"list_plain", "6ff49ef6d20f59a2d27d0a631e194d619abafb2e",
     "1203020e0e000000010085736d616c6c06ff01c30928017070e01b00017070020d0d0000000100847461"
     "696c05ff0a004c395306b98e82a2"},
    {"set_intset16", "836878cc027f259476c1f062e588720a8848c1d0",
     "0b0e0200000003000000fdff010002000a00d1b78ed9bc07c27f"},
    {"set_intset32", "73cc54dc6651996c874ff7e3d6ccca8af7b95183",
     "0b10040000000200000001000000701101000a002735436efd6656c4"},
    {"set_intset64", "8d4f2f574436ff5dacae469fac569e12962d2c06",
     "0b18080000000200000000007c1daf93198301000000000000000a008bec4d4b338325af"},
    {"set_table", "00b6480eb0935be9708a14af0c833ec8efa83093",
     "0204000162c01101610a0001f4756d7fc6cec8"},
    {"hash_listpack", "b6e720710b47a95dfd4dca6142da5c5ada4f0fab",
     "101b1b0000000600816602817602816e020c01800185656d70747906ff0a00502875c4d50decca"},
    {"hash_table", "0a79efdbbcb83cc2b54ddf069ede11a2249cd167",
     "04030163c3094050017878e043000178780162c0020161c0010a003eb11896d7c216d9"},
    {"zset_listpack", "461b7cccd4ce7b4fd9256111199d06f58592fc12",
     "11c3333c153c0000000a00816302842d696e6605110193302e3130e00500123114816102010181620283"
     "322e350481640283202b0104ff0a006890460798180a3e"},
    {"zset_table", "5cee395489a3553c8442a288a1ab2f7e1e929e64",
     "05040164000000000000f07f016200000000000004400161000000000000f03f0163000000000000f0ff"
     "0a00e520124218be26e8"},
    {"old_list_plain_type", "0f7e0c22324402ffb83715eb3be2870ba4e186e2",
     "010301610162c0070700b1201d3ea9a9c989"},
    {"old_zset_text", "d3630f2f3ecf0d38df32af888c02fb93988a1aac",
     "0303016103312e350162fe0163ff0700f9e46022131add55"},
    {"old_hash_zipmap", "2fc13b0ea85c1cb3ba918e0da2b4ad17c8da7923",
     "090f020166010076026667020176773fff0700f92f96e2ae12be8f"},
    {"old_list_ziplist", "7ce89e00465ef632451d798dd428eda23172d656",
     "0a407a7a000000300000000a0000016103f202fd02fe0d03fe9c03c02c0104f070110105d00000004006"
     "e000000000000100000a4046787878787878787878787878787878787878787878787878787878787878"
     "78787878787878787878787878787878787878787878787878787878787878787878787878787878ff07"
     "00238bd34da2f8fea7"},
    {"old_list_ziplist_long", "821ca6e3ebe7855be6e040fbed636e9c13caa5d8",
     "0a41414101000039010000020000412c7979797979797979797979797979797979797979797979797979"
     "797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
     "797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
     "797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
     "797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
     "797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
     "797979797979797979797979797979797979797979797979797979797979797979797979797979797979"
     "79797979797979797979797979797979797979797979fe2f0100000162ff0700bb7c8c13ba2b1cb7"},
    {"old_zset_ziplist", "c45c5b051acd64070e5ed1a949939d5145f806c5",
     "0c181800000012000000040000016103f20201620303322e35ff0700a365c86e9ca57bad"},
    {"old_hash_ziplist", "76d7ce7d8cb69c65ddb54b94589fa9396351461b",
     "0d161600000013000000040000016603017603016e03fdff07004def7547ef741283"},
    {"old_list_quicklist", "f2dc162838908580b7896509b12fc0dba793310a",
     "0e0210100000000d000000020000016103f2ff0e0e0000000a0000000100000163ff07009a32753ff66a"
     "1742"},
};

std::string Bytes(const Payload& payload) { return *FromHex(payload.hex); }

// A body with the footer that belongs to it.
std::string WithFooter(std::string body, std::uint16_t version = kRdbVersion) {
  AppendLe(body, version);
  AppendLe(body, Crc64(0, body));
  return body;
}
std::string BodyOf(const Payload& payload) {
  const std::string bytes = Bytes(payload);
  return bytes.substr(0, bytes.size() - 10);
}

class RdbTest : public EngineTest {
 protected:
  std::string Restore(std::string_view payload) {
    return RunArgs(session_,
                   std::vector<std::string_view>{"RESTORE", "k", "0", payload, "REPLACE"});
  }
};

TEST_F(RdbTest, WhatRedisWritesIsReadWithTheSameDigest) {
  for (const Payload& payload : kPayloads) {
    EXPECT_EQ(Restore(Bytes(payload)), "+OK") << payload.name;
    EXPECT_EQ(Run("DEBUG DIGEST-VALUE k"), "[+" + std::string(payload.digest) + "]")
        << payload.name;
  }
}

TEST_F(RdbTest, DumpOfAValueRestoresToTheSameValue) {
  for (const Payload& payload : kPayloads) {
    Restore(Bytes(payload));
    const Entry* entry = engine_.keyspace().Peek(0, "k");
    ASSERT_NE(entry, nullptr);
    const std::string dumped = DumpValue(*entry);
    EXPECT_EQ(Restore(dumped), "+OK") << payload.name;
    EXPECT_EQ(Run("DEBUG DIGEST-VALUE k"), "[+" + std::string(payload.digest) + "]")
        << payload.name;
  }
}

TEST_F(RdbTest, OnlyPlainTypesAreWritten) {
  const std::pair<const char*, int> lines[] = {{"SET k v", 0},    {"RPUSH k a", 1},
                                               {"SADD k 1 2", 2}, {"SADD k a", 2},
                                               {"HSET k f v", 4}, {"ZADD k 1 m", 5}};
  for (const auto& [line, type] : lines) {
    Run("DEL k");
    Run(line);
    const std::string dumped = DumpValue(*engine_.keyspace().Peek(0, "k"));
    EXPECT_EQ(dumped[0], type) << line;
    EXPECT_EQ(LoadLe<std::uint16_t>(dumped.data() + dumped.size() - 10), 9) << line;
  }
}

TEST_F(RdbTest, AWrongFooterIsToldAsRedisTellsIt) {
  const std::string wrong = "-ERR DUMP payload version or checksum are wrong";
  const std::string good = Bytes(kPayloads[0]);
  EXPECT_EQ(Restore(""), wrong);
  EXPECT_EQ(Restore(good.substr(0, 9)), wrong);
  EXPECT_EQ(Restore(good.substr(0, good.size() - 1)), wrong);
  EXPECT_EQ(Restore(good + "x"), wrong);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(Restore(bad), wrong) << bit;
  }
  // No checksum is not a checksum.
  EXPECT_EQ(Restore(good.substr(0, good.size() - 8) + std::string(8, '\0')), wrong);
  const std::string body = BodyOf(kPayloads[0]);
  for (const int version : {0, 6, 9, 10, 12}) {
    EXPECT_EQ(Restore(WithFooter(body, static_cast<std::uint16_t>(version))), "+OK") << version;
  }
  for (const int version : {13, 65535}) {
    EXPECT_EQ(Restore(WithFooter(body, static_cast<std::uint16_t>(version))), wrong) << version;
  }
}

TEST_F(RdbTest, ABadBodyIsToldAsRedisTellsIt) {
  EXPECT_EQ(Restore(WithFooter("")), "-ERR Bad data format");
  for (const Payload& payload : kPayloads) {
    const std::string body = BodyOf(payload);
    for (std::size_t size = 1; size < body.size(); ++size) {
      EXPECT_EQ(Restore(WithFooter(body.substr(0, size))), "-ERR Bad data format")
          << payload.name << " cut to " << size;
    }
    EXPECT_EQ(Restore(WithFooter(body + "behind it")), "+OK") << payload.name;
    Run("DEL k");
  }
  EXPECT_EQ(Run("EXISTS k"), ":0");
}

TEST_F(RdbTest, TypesThatAreNotOfferedAreRefused) {
  for (const int type : {6, 7, 8, 22, 24, 255}) {
    EXPECT_EQ(Restore(WithFooter(std::string(1, static_cast<char>(type)) + "\x01v")),
              "-ERR Bad data format")
        << type;
  }
}

TEST_F(RdbTest, DamagedBodiesAreRefusedOrReadNeverWorse) {
  const std::uint64_t seed = Random::SystemSeed() % 1'000'000;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string body = BodyOf(kPayloads[random.Below(std::size(kPayloads))]);
    for (std::uint64_t n = 0; n <= random.Below(3); ++n) {
      body[random.Below(body.size())] = static_cast<char>(random.Next());
    }
    const std::string reply = Restore(WithFooter(body));
    if (reply != "+OK") {
      EXPECT_TRUE(reply.starts_with("-ERR Bad data format")) << reply << " " << ToHex(body);
      continue;
    }
    // What was taken is whole: it can be written and read again.
    const std::string digest = Run("DEBUG DIGEST-VALUE k");
    EXPECT_EQ(Restore(DumpValue(*engine_.keyspace().Peek(0, "k"))), "+OK") << ToHex(body);
    EXPECT_EQ(Run("DEBUG DIGEST-VALUE k"), digest) << ToHex(body);
  }
}

// redis-server looks so closely only with sanitize-dump-payload.
TEST_F(RdbTest, StreamsThatContradictThemselvesAreRefused) {
  for (const std::string_view hex : {
           "130110000000000000000100000000000000011c1c0000000a0001010001010181610200010201000100010"
           "1010401ff020101010100000200",  // another length than the blocks have
           "130110000000000000000100000000000000011c1c0000000a0001010001010181610200010201000100010"
           "1010401ff0101010101000001010167010101010000000000000001000000000000000100806e8774010000"
           "0300",  // pending with nobody
       }) {
    EXPECT_EQ(Restore(WithFooter(*FromHex(hex))), "-ERR Bad data format") << hex;
  }
}

TEST_F(RdbTest, RepeatedMembersAndEmptyCollectionsAreRefused) {
  for (const std::string_view hex : {
           "020201610161",  // set: a, a
           "0402016101310161"
           "0132",  // hash: a 1, a 2
           "050201610000000000000000"
           "01610000000000000000",          // sorted set: a, a
           "0b0c020000000200000001000100",  // intset: 1, 1
           "0b0c020000000200000002000100",  // intset: 2, 1
           "0200", "0100", "0400", "0500",  // nothing in it
           "0501016100000000"
           "0000f87f",  // a score that is no number
       }) {
    EXPECT_EQ(Restore(WithFooter(*FromHex(hex))), "-ERR Bad data format") << hex;
  }
}

TEST_F(RdbTest, LengthsBeyondTheInputTakeNoMemory) {
  const std::size_t before = engine_.heap().used_bytes();
  for (const std::string_view hex : {
           "0081ffffffffffffffff",  // a string of 2^64 - 1 bytes
           "0080ffffffff",
           "00c30381ffffffffffffffff61",  // compressed: 3 bytes that give as many
           "0181ffffffffffffffff",        // lists, sets, hashes with as many elements
           "0281ffffffffffffffff",
           "0481ffffffffffffffff",
           "1281ffffffffffffffff",
       }) {
    EXPECT_EQ(Restore(WithFooter(*FromHex(hex))), "-ERR Bad data format") << hex;
  }
  EXPECT_EQ(engine_.heap().used_bytes(), before);
}

TEST_F(RdbTest, LengthsAreWrittenInTheShortestForm) {
  const std::pair<std::uint64_t, std::string_view> lengths[] = {
      {0, "00"},
      {63, "3f"},
      {64, "4040"},
      {16383, "7fff"},
      {16384, "8000004000"},
      {0xFFFFFFFF, "80ffffffff"},
      {0x100000000, "810000000100000000"}};
  for (const auto& [length, hex] : lengths) {
    std::string out;
    AppendRdbLength(out, length);
    EXPECT_EQ(ToHex(out), hex);
    EXPECT_EQ(*RdbReader(out).Length(), length);
  }
}

TEST(PackedBlobs, AZiplistWithAWrongTailIsRefused) {
  std::string blob = *FromHex(
      "100000000d00000002000001"
      "6103f2ff");
  const auto any = [](std::string_view) { return true; };
  EXPECT_TRUE(VisitZiplist(blob, any));
  blob[4] = 0x0a;
  EXPECT_FALSE(VisitZiplist(blob, any));
}

TEST_F(RdbTest, ReloadInMemoryKeepsAllThatIsThere) {
  for (int i = 0; i < 3; ++i) {
    Run("SELECT " + std::to_string(i));
    Run("SET s v EXAT 9999999999");
    Run("HSET h f v");
    Run("ZADD z -inf a 0.1 b");
  }
  const std::string before = Run("DEBUG DIGEST");
  EXPECT_EQ(Run("DEBUG RELOAD"), "+OK");
  EXPECT_EQ(Run("DEBUG DIGEST"), before);
  EXPECT_EQ(Run("EXPIRETIME s"), ":9999999999");
}

}  // namespace
}  // namespace satchel::engine
