// Every kind of difference of every entity: planted alone, found, repaired.

#include "tests/repos/check_fixture.h"

namespace satchel::repos::check {
namespace {

using testing::ElementsAre;

// Commands that damage a store as CheckTest::Fill leaves it, and what a check then says:
// "kind index", in order.
struct Damage {
  std::vector<std::vector<std::string>> commands;
  std::vector<std::string> findings;
};
struct Damages {
  Entity entity;
  std::vector<Damage> all;
};

const std::string kExec = "satchel:v1:wf:{wx:acme:e}";
const std::string kEnded = "satchel:v1:wf:{wx:acme:f}";
const std::string kTasks = "satchel:v1:task:{wx:acme:e}";
const std::string kTenant = "satchel:v1:wf:{wi:acme}";
const std::string kWorkflow = "satchel:v1:wf:{ww:acme:w}";
const std::string kDue = "satchel:v1:gc:{gc:acme}:due";
const std::string kAuth = "satchel:v1:auth:{au:acme}";
const std::string kRecords = "satchel:v1:tb:{tb:acme:o}";
const std::string kThread = "satchel:v1:ckpt:{ck:acme:th}";
const std::string kTimed = "satchel:v1:ckpt:{ck:acme:timed}";
const std::string kMemory = "satchel:v1:mem:{me:acme:m1}";
const std::string kResources = "satchel:v1:res:{re:acme:p:agent}";

// Stands for a member of the index that begins like this.
std::string Like(const std::string& prefix) { return "LIKE " + prefix; }

class CheckDamage : public CheckTest {
 protected:
  // LIKE is looked up in the sorted set of the command.
  void Plant(std::vector<std::string> command) {
    for (std::string& word : command) {
      if (!word.starts_with("LIKE ")) continue;
      const std::string prefix = word.substr(5);
      word.clear();
      for (const ReplyValue& member : Run({"ZRANGE", command[1], "0", "-1"}).items) {
        if (member.text.starts_with(prefix)) word = member.text;
      }
      ASSERT_NE(word, "") << prefix;
    }
    Run(command);
  }
  static std::vector<std::string> Said(const Report& report) {
    std::vector<std::string> said;
    for (const Sample& one : report.samples) {
      said.push_back(std::string(KindName(one.kind)) + " " + one.index);
    }
    std::ranges::sort(said);
    return said;
  }
  static bool IsReportedOnly(const Damage& damage) {
    const auto kind = ParseKind(damage.findings[0].substr(0, damage.findings[0].find(' ')));
    return !IsRepairable(*kind);
  }

  void Meet(Entity entity, Damage damage) {
    Fill();
    for (const auto& command : damage.commands) Plant(command);
    SCOPED_TRACE(testing::PrintToString(damage.commands));
    std::ranges::sort(damage.findings);
    const std::string before = Digest();
    const Report found = Check(Checked({entity}));
    EXPECT_EQ(Said(found), damage.findings);
    EXPECT_EQ(found.ExitCode(), 1);
    EXPECT_EQ(found.entities.at(entity).unrepaired, damage.findings.size());
    EXPECT_EQ(Digest(), before) << "a dry run changes nothing";

    const Report repaired = Check(Checked({entity}, true));
    const EntityReport& counts = repaired.entities.at(entity);
    if (IsReportedOnly(damage)) {
      EXPECT_EQ(counts.unrepaired, damage.findings.size());
      EXPECT_EQ(repaired.ExitCode(), 1);
      EXPECT_EQ(Digest(), before) << "what has no one right answer is left alone";
      return;
    }
    EXPECT_EQ(repaired.ExitCode(), 0) << repaired.ToJson();
    EXPECT_EQ(counts.unrepaired + counts.busy, 0u) << repaired.ToJson();
    EXPECT_EQ(counts.repaired, counts.Total());
    EXPECT_THAT(Said(Check()), ElementsAre()) << "of any entity";
  }
  void MeetAll(const Damages& damages) {
    for (const Damage& damage : damages.all) Meet(damages.entity, damage);
  }
};

TEST_P(CheckDamage, ACleanStoreHasNoFindingsForAnyEntity) {
  Fill();
  const Report report = Check();
  EXPECT_EQ(report.ExitCode(), 0) << report.ToJson();
  EXPECT_TRUE(report.complete);
  for (const Entity entity : AllEntities()) {
    EXPECT_GT(report.entities.at(entity).objects, 0u) << EntityName(entity);
    EXPECT_GT(report.entities.at(entity).index_members, 0u) << EntityName(entity);
  }
}

TEST_P(CheckDamage, OfUsersAndKeysIsFoundAndRepaired) {
  const std::string user = kAuth + ":user:ada";
  const std::string bob = kAuth + ":user:b%3Aob";
  const std::string key = kAuth + ":key:k1";
  const std::string ix = kAuth + ":ix";
  const std::string b(64, '6');
  MeetAll(
      {Entity::kAuth,
       {{{{"ZREM", ix, Like("us ")}}, {"missing us"}},
        {{{"ZREM", ix, Like("ro admin")}}, {"missing ro"}},
        {{{"ZREM", ix, Like("ku ada")}}, {"missing ku"}},
        {{{"ZADD", ix, "3", Like("us ")}}, {"wrong_score us"}},
        {{{"ZADD", ix, "0", "us 0000000000000001 gone"}}, {"dangling us"}},
        {{{"ZADD", ix, "0", "ro user 0000000000000001 ada"}}, {"extra ro"}},
        {{{"ZADD", ix, "0", "ku ada 0000000000000001 k1"}}, {"extra ku"}},
        {{{"ZADD", ix, "0", "junk"}}, {"dangling entry"}},
        {{{"HDEL", kAuth + ":emails", "ada@x"}}, {"missing emails"}},
        {{{"HSET", kAuth + ":emails", "ada@x", "gone"}}, {"wrong_value emails", "dangling emails"}},
        {{{"HSET", kAuth + ":emails", "old@x", "ada"}}, {"extra emails"}},
        {{{"HSET", kAuth + ":emails", "old@x", "gone"}}, {"dangling emails"}},
        {{{"HSET", bob, "email", "ada@x"}, {"HDEL", kAuth + ":emails", "bob@x"}},
         {"unique_clash emails"}},
        {{{"HDEL", kAuth + ":fps",
           std::string("61616161616161616161616161616161") + "61616161616161616161616161616161"}},
         {"missing fps"}},
        {{{"HSET", kAuth + ":fps", "ff", "k1"}}, {"extra fps"}},
        {{{"HSET", kAuth + ":fps", "ff", "gone"}}, {"dangling fps"}},
        {{{"EXPIRE", user, "1000"}}, {"extra_ttl ttl"}},
        {{{"EXPIRE", key, "1000"}}, {"extra_ttl ttl"}},
        {{{"HSET", user, "role", "king"}}, {"corrupt user"}},
        {{{"HSET", key, "fp", "zz"}}, {"corrupt key"}},
        {{{"DEL", bob},
          {"HDEL", kAuth + ":emails", "bob@x"},
          {"ZREM", ix, Like("us ")},
          {"ZREM", ix, Like("ro user")}},
         {"missing_parent user"}}}});
}

TEST_P(CheckDamage, OfExecutionsIsFoundAndRepaired) {
  const std::string newer = "9999999999999999 00000000000000000001";
  MeetAll({Entity::kWorkflow,
           {{{{"ZREM", kTenant + ":ix", Like("cr ")}}, {"missing cr"}},
            {{{"ZREM", kWorkflow + ":ix", Like("st RUNNING")}}, {"missing st"}},
            {{{"ZADD", kTenant + ":ix", "9", Like("st RUNNING")}}, {"wrong_score st"}},
            {{{"ZADD", kTenant + ":ix", "0", "st PAUSED 0000000000000001 e"}}, {"extra st"}},
            {{{"ZADD", kWorkflow + ":ix", "0", "cr 0000000000000001 e"}}, {"extra cr"}},
            {{{"ZADD", kWorkflow + ":ix", "0", "cr 0000000000000001 gone"}}, {"dangling cr"}},
            {{{"ZADD", kTenant + ":ix", "0", "junk"}}, {"dangling entry"}},
            {{{"HDEL", kTenant + ":ver", "e"}}, {"stale_version ver"}},
            {{{"HSET", kWorkflow + ":ver", "e", "0000000000000001 00000000000000000001"}},
             {"stale_version ver"}},
            {{{"HSET", kTenant + ":ver", "e", newer}}, {"wrong_value ver"}},
            {{{"HSET", kTenant + ":ver", "gone", newer}}, {"dangling ver"}},
            {{{"HSET", "satchel:v1:wf:{ww:acme:other}:ver", "e", newer}}, {"extra ver"}},
            {{{"ZREM", kTenant + ":wids", "w"}}, {"missing wids", "missing wids"}},
            {{{"ZADD", kTenant + ":wids", "1", "nothing"}}, {"dangling wids"}},
            {{{"ZREM", kDue, "w f"}}, {"missing due"}},
            {{{"ZADD", kDue, "5", "w f"}}, {"wrong_score due"}},
            {{{"ZADD", kDue, "5", "w e"}}, {"extra due"}},
            {{{"ZADD", kDue, "5", "w gone"}}, {"dangling due"}},
            {{{"ZADD", kDue, "5", "junk"}}, {"dangling due"}},
            {{{"PERSIST", kEnded + ":state"}}, {"missing_ttl ttl"}},
            {{{"EXPIRE", kExec + ":state", "1000"}}, {"extra_ttl ttl"}},
            {{{"PEXPIREAT", kEnded + ":state", "9999999999999"}}, {"wrong_value ttl"}},
            {{{"DEL", kExec + ":meta"}}, {"missing meta"}},
            {{{"EXPIRE", kExec + ":meta", "1000"}}, {"extra_ttl meta ttl"}},
            {{{"HSET", kExec + ":state", "exec_id", "other"}}, {"corrupt state"}}}});
}

TEST_P(CheckDamage, OfTasksIsFoundAndRepaired) {
  const std::string task = kTasks + ":state:top@e";
  const std::string child = kTasks + ":state:child@e";
  const std::string ended = kTasks + ":state:ended@e";
  const std::string ix = kTasks + ":ix";
  const std::string outer = kWorkflow + ":ix";
  const std::string locator = "satchel:v1:task:{tx:acme:top@e}:loc";
  const std::string old = "0000000000000001 00000000000000000001";
  std::vector<Damage> damages;
  for (const char* kind : {"al", "st", "ti", "ag", "tl", "ac", "et", "ch", "cs", "co"}) {
    const std::string name = kind;
    damages.push_back({{{"ZREM", ix, Like(name + " ")}}, {"missing " + name}});
    const std::string member = name + " x 0000000000000001 ";
    damages.push_back({{{"ZADD", ix, "0", member + "gone"}}, {"dangling " + name}});
    damages.push_back({{{"ZADD", ix, "0", member + "top@e"}}, {"extra " + name}});
    damages.push_back({{{"ZADD", ix, "4", Like(name + " ")}}, {"wrong_score " + name}});
  }
  for (const char* kind : {"ta al", "ta st", "ta ti", "ta ag", "ta tl", "ta ac", "ta et"}) {
    const std::string name = kind;
    damages.push_back({{{"ZREM", outer, Like(name + " ")}}, {"missing " + name}});
    const std::string member = name + " x 0000000000000001 e ";
    damages.push_back({{{"ZADD", outer, "0", member + "gone"}}, {"dangling " + name}});
    damages.push_back({{{"ZADD", outer, "0", member + "top@e"}}, {"extra " + name}});
  }
  for (const char* kind : {"xt", "xa", "xl"}) {
    const std::string name = kind;
    damages.push_back({{{"ZREM", outer, Like(name + " ")}}, {"missing " + name}});
    damages.push_back(
        {{{"ZADD", outer, "0", name + " x 0000000000000001 gone"}}, {"dangling " + name}});
    damages.push_back({{{"ZADD", outer, "0", name + " x 0000000000000001 e"}}, {"extra " + name}});
  }
  const std::vector<Damage> more = {
      {{{"ZADD", outer, "2", Like("ta al")}}, {"wrong_score ta al"}},
      {{{"HDEL", kWorkflow + ":ver", "e:top@e"}}, {"stale_version ver"}},
      {{{"HSET", kWorkflow + ":ver", "e:top@e", old}}, {"stale_version ver"}},
      {{{"HSET", kWorkflow + ":ver", "e:top@e", "9" + old}}, {"wrong_value ver"}},
      {{{"HSET", kWorkflow + ":ver", "e:gone", old}}, {"dangling ver"}},
      {{{"HSET", "satchel:v1:wf:{ww:acme:other}:ver", "e:top@e", old}}, {"extra ver"}},
      {{{"DEL", locator}}, {"missing loc"}},
      {{{"SET", locator, "g"}}, {"wrong_value loc", "dangling loc"}},
      {{{"SET", "satchel:v1:task:{tx:acme:gone}:loc", "e"}}, {"dangling loc"}},
      {{{"ZREM", kDue, "t e ended@e"}}, {"missing due"}},
      {{{"ZADD", kDue, "5", "t e ended@e"}}, {"wrong_score due"}},
      {{{"ZADD", kDue, "5", "t e top@e"}}, {"extra due"}},
      {{{"ZADD", kDue, "5", "t e gone"}}, {"dangling due"}},
      {{{"PERSIST", ended}}, {"missing_ttl ttl"}},
      {{{"EXPIRE", task, "1000"}}, {"extra_ttl ttl"}},
      {{{"PEXPIREAT", ended, "9999999999999"}}, {"wrong_value ttl"}},
      {{{"HSET", task, "status", "LOST"}}, {"corrupt state"}},
      {{{"DEL", kExec + ":state"},
        {"ZREM", outer, Like("xt top")},
        {"ZREM", outer, Like("xt child")},
        {"ZREM", outer, Like("xt ended")},
        {"ZREM", outer, Like("xa ")},
        {"ZREM", outer, Like("xl ")}},
       {"missing_execution state", "missing_execution state", "missing_execution state"}}};
  damages.insert(damages.end(), more.begin(), more.end());
  MeetAll({Entity::kTask, damages});
}

TEST_P(CheckDamage, OfATaskThatIsItsOwnAncestorIsReported) {
  Fill();
  const std::string task = kTasks + ":state:top@e";
  Run({"HSET", task, "parent_state_id", "child@e"});
  // The index as it would be with such parents.
  const Report report = Check(Checked({Entity::kTask}, true));
  EXPECT_EQ(report.entities.at(Entity::kTask).findings.at(Kind::kCycle), 2u) << report.ToJson();
  EXPECT_EQ(report.entities.at(Entity::kTask).unrepaired, 2u);
  EXPECT_THAT(Said(Check(Checked({Entity::kTask}))), ElementsAre("cycle state", "cycle state"));
}

TEST_P(CheckDamage, OfAMissingParentIsReported) {
  Fill();
  Run({"HSET", kTasks + ":state:child@e", "parent_state_id", "gone"});
  Check(Checked({Entity::kTask}, true));
  EXPECT_THAT(Said(Check(Checked({Entity::kTask}))), ElementsAre("missing_parent state"));
}

TEST_P(CheckDamage, OfATaskInTwoExecutionsIsReported) {
  Fill();
  Run({"COPY", kTasks + ":state:ended@e", "satchel:v1:task:{wx:acme:f}:state:ended@e"});
  Run({"HSET", "satchel:v1:task:{wx:acme:f}:state:ended@e", "workflow_exec_id", "f"});
  Check(Checked({Entity::kTask}, true));
  const auto said = Said(Check(Checked({Entity::kTask})));
  EXPECT_THAT(said, testing::Contains("unique_clash loc"));
}

TEST_P(CheckDamage, OfRecordsIsFoundAndRepaired) {
  MeetAll(
      {Entity::kTasksBackend,
       {{{{"ZREM", kRecords + ":idx", "t1"}}, {"missing idx"}},
        {{{"ZADD", kRecords + ":idx", "77", "t1"}}, {"wrong_score idx"}},
        {{{"ZADD", kRecords + ":idx", "77", "gone"}}, {"dangling idx"}},
        {{{"ZREM", kRecords + ":exp", "t1"}}, {"missing exp"}},
        {{{"ZADD", kRecords + ":exp", "9999999999999", "t1"}}, {"wrong_score exp"}},
        {{{"ZADD", kRecords + ":exp", "9999999999999", "t2"}}, {"extra exp"}},
        {{{"ZADD", kRecords + ":exp", "9999999999999", "gone"}}, {"dangling exp"}},
        {{{"DEL", kRecords + ":vc"}}, {"missing vc", "missing vc"}},
        {{{"SET", kRecords + ":vc", "1"}}, {"wrong_value vc"}},
        {{{"PERSIST", kRecords + ":r:t1"}}, {"missing_ttl ttl"}},
        {{{"EXPIRE", kRecords + ":r:t2", "1000"}}, {"extra_ttl ttl"}},
        {{{"PEXPIREAT", kRecords + ":r:t1", "9999999999999"}}, {"wrong_value ttl"}},
        {{{"ZREM", "satchel:v1:tb:{to:acme}:owners", "o"}}, {"missing owners", "missing owners"}},
        {{{"ZADD", "satchel:v1:tb:{to:acme}:owners", "1", "nobody"}}, {"dangling owners"}},
        {{{"HDEL", kRecords + ":r:t2", "data"}}, {"corrupt r"}}}});
}

TEST_P(CheckDamage, OfCheckpointsIsFoundAndRepaired) {
  const std::string blob = kThread + ":b:!:a:1";
  const std::string late = "9999999999999";
  MeetAll({Entity::kCheckpoint,
           {{{{"ZREM", kThread + ":i:!", "c1"}}, {"missing i", "wrong_count r"}},
            {{{"ZADD", kThread + ":i:!", "99", "c1"}}, {"wrong_score i"}},
            {{{"ZADD", kThread + ":i:!", "99", "gone"}}, {"dangling i"}},
            {{{"ZREM", kThread + ":n", "sub"}}, {"missing n"}},
            {{{"ZADD", kThread + ":n", "0", "empty"}}, {"dangling n"}},
            {{{"HDEL", kThread + ":h:!", "latest"}}, {"missing latest"}},
            {{{"HSET", kThread + ":h:!", "latest", "gone"}}, {"wrong_value latest"}},
            {{{"HSET", kThread + ":t", "seq", "1"}}, {"wrong_value t", "wrong_value t"}},
            {{{"HDEL", kThread + ":t", "seq"}}, {"missing t", "missing t", "missing t"}},
            {{{"HSET", kThread + ":r:!", "a 1", "9"}}, {"wrong_count r"}},
            {{{"HDEL", kThread + ":r:!", "a 1"}}, {"wrong_count r"}},
            {{{"HSET", kThread + ":r:!", "z 1", "1"}}, {"wrong_count r"}},
            {{{"SET", kThread + ":b:!:z:1", "x"}}, {"dangling b"}},
            {{{"HSET", kThread + ":w:!:gone", "t 0", "x"}}, {"dangling w"}},
            {{{"ZREM", "satchel:v1:ckpt:{ct:acme}:threads", "timed"}}, {"missing threads"}},
            {{{"ZADD", "satchel:v1:ckpt:{ct:acme}:threads", "1", "nobody"}}, {"dangling threads"}},
            {{{"PERSIST", kTimed + ":c:!:d1"}}, {"missing_ttl c ttl"}},
            {{{"PERSIST", kTimed + ":h:!"}}, {"missing_ttl h ttl"}},
            {{{"PERSIST", kTimed + ":i:!"}}, {"missing_ttl i ttl"}},
            {{{"PERSIST", kTimed + ":r:!"}}, {"missing_ttl r ttl"}},
            {{{"PERSIST", kTimed + ":n"}}, {"missing_ttl n ttl"}},
            {{{"PERSIST", kTimed + ":t"}}, {"missing_ttl t ttl"}},
            {{{"PERSIST", kTimed + ":w:!:d1"}}, {"missing_ttl w ttl"}},
            {{{"PERSIST", kTimed + ":b:!:a:1"}}, {"missing_ttl b ttl"}},
            {{{"EXPIRE", kTimed + ":t", "1000"}}, {"wrong_value t ttl"}},
            {{{"EXPIRE", kTimed + ":b:!:a:1", "1000"}}, {"wrong_value b ttl"}},
            {{{"PEXPIREAT", kTimed + ":c:!:d1", late}}, {"wrong_value c ttl"}},
            {{{"EXPIRE", blob, "1000"}}, {"extra_ttl b ttl"}},
            {{{"EXPIRE", kThread + ":h:!", "1000"}}, {"extra_ttl h ttl"}},
            {{{"EXPIRE", kThread + ":c:!:c1", "1000"}}, {"extra_ttl c ttl"}},
            {{{"DEL", blob}}, {"corrupt b", "corrupt b"}},
            {{{"HDEL", kThread + ":c:!:c2", "body"}}, {"corrupt c"}}}});
}

TEST_P(CheckDamage, OfConversationsIsFoundAndRepaired) {
  const std::string list = kMemory + ":list";
  const std::string meta = kMemory + ":meta";
  MeetAll({Entity::kMemory,
           {{{{"HSET", meta, "message_count", "9"}}, {"wrong_count message_count"}},
            {{{"RPUSH", list, "4"}}, {"wrong_count message_count"}},
            {{{"HSET", "satchel:v1:mem:{me:acme:m2}:meta", "message_count", "1"}},
             {"wrong_count message_count"}},
            {{{"DEL", meta}}, {"missing meta"}},
            {{{"HDEL", meta, "expires"}}, {"missing expires"}},
            {{{"PERSIST", list}}, {"missing_ttl list ttl"}},
            {{{"PERSIST", meta}}, {"missing_ttl meta ttl"}},
            {{{"PEXPIREAT", list, "9999999999999"}}, {"wrong_value list ttl"}},
            {{{"HDEL", meta, "expires"}, {"PERSIST", list}}, {"extra_ttl meta ttl"}},
            {{{"HDEL", meta, "expires"}, {"PERSIST", meta}}, {"extra_ttl list ttl"}},
            {{{"PERSIST", kMemory + ":flush"}}, {"missing_ttl flush"}},
            {{{"HSET", meta, "token_count", "many"}}, {"corrupt meta"}}}});
}

TEST_P(CheckDamage, OfResourcesIsFoundAndRepaired) {
  const std::string object = kResources + ":obj:r1:v";
  MeetAll({Entity::kResource,
           {{{{"ZREM", kResources + ":ix", "r1 v"}}, {"missing ix"}},
            {{{"ZADD", kResources + ":ix", "5", "r1 v"}}, {"wrong_score ix"}},
            {{{"ZADD", kResources + ":ix", "0", "gone !"}}, {"dangling ix"}},
            {{{"HSET", object, "e", "00"}}, {"wrong_value etag"}},
            {{{"HSET", object, "j", "{\"a\": 2}"}}, {"wrong_value etag"}},
            {{{"EXPIRE", object, "1000"}}, {"extra_ttl ttl"}},
            {{{"HSET", object, "j", "{"}}, {"corrupt obj"}}}});
}

TEST_P(CheckDamage, OfAKeyOfAnotherTypeIsReported) {
  Fill();
  Run({"SET", "satchel:v1:task:{wx:acme:x}:ix", "text"});
  Run({"SET", "satchel:v1:task:{wx:acme:x}:state:y", "text"});
  EXPECT_THAT(Said(Check(Checked({Entity::kTask}, true))),
              ElementsAre("corrupt ix", "corrupt state"));
}

TEST_P(CheckDamage, AnEntryOfNoIdIsRemovedWhateverElseTheStoreHolds) {
  Fill();
  Run({"HSET", "-", "v", "1", "workflow_id", "w", "x", "1"});
  Run({"ZADD", kTenant + ":ix", "0", "st RUNNING 0000000000000001 %zz"});
  Run({"ZADD", kWorkflow + ":ix", "0", "ta st RUNNING 0000000000000001 %zz y"});
  EXPECT_THAT(Said(Check()), ElementsAre("dangling st", "dangling ta st"));
  Repair();
  EXPECT_EQ(Findings(Check()), 0u);
}

SATCHEL_EVERY_HOME(CheckDamage);

}  // namespace
}  // namespace satchel::repos::check
