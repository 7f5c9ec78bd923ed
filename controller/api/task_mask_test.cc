#include "controller/api/task_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace binferry::controller {
namespace {

using testing::HasSubstr;

google::protobuf::FieldMask Mask(std::initializer_list<const char*> paths) {
  google::protobuf::FieldMask mask;
  for (const char* path : paths) mask.add_paths(path);
  return mask;
}

TEST(TaskMaskTest, RefusesPathsThatCannotBeChangedAllAtOnce) {
  const auto violations =
      CheckTaskMask(Mask({"uid", "status.lag", "nonsense",
                          "source.password_set", "*", "description"}));
  ASSERT_EQ(violations.size(), 5u);
  for (const FieldViolation& violation : violations) {
    EXPECT_EQ(violation.field, "update_mask");
  }
  EXPECT_THAT(violations[0].description, HasSubstr("`uid` is output only"));
  EXPECT_THAT(violations[2].description, HasSubstr("no field"));
}

TEST(TaskMaskTest, MustNameSomething) {
  EXPECT_EQ(CheckTaskMask(Mask({})).size(), 1u);
  EXPECT_TRUE(CheckTaskMask(Mask({"description", "tags", "objects",
                                  "source.password", "start_time"}))
                  .empty());
}

TEST(TaskMaskTest, ChangesOnlyWhatItNames) {
  v1::Task task;
  task.set_description("old");
  (*task.mutable_tags())["a"] = "1";
  task.mutable_objects()->add_databases()->set_name("old");
  task.mutable_source()->set_host("host");
  task.mutable_source()->set_ca_certificate("old");
  v1::Task from;
  from.set_description("ignored");
  (*from.mutable_tags())["b"] = "2";
  from.mutable_objects()->add_databases()->set_name("new");
  from.mutable_source()->set_host("ignored");
  ApplyTaskMask(Mask({"tags", "objects", "source.ca_certificate"}), from,
                &task);
  EXPECT_EQ(task.description(), "old");
  EXPECT_EQ(task.tags().size(), 1u);
  EXPECT_EQ(task.tags().at("b"), "2");
  ASSERT_EQ(task.objects().databases_size(), 1);
  EXPECT_EQ(task.objects().databases(0).name(), "new");
  EXPECT_EQ(task.source().host(), "host");
  EXPECT_EQ(task.source().ca_certificate(), "");
}

TEST(TaskMaskTest, ClearsWhatTheRequestLeavesOut) {
  v1::Task task;
  task.set_description("old");
  task.mutable_start_time()->set_seconds(5);
  ApplyTaskMask(Mask({"description", "start_time"}), v1::Task(), &task);
  EXPECT_EQ(task.description(), "");
  EXPECT_FALSE(task.has_start_time());
}

TEST(TaskMaskTest, ReplacesSecretsThatTheRequestHas) {
  v1::Task from;
  from.mutable_source()->set_password("new");
  from.mutable_destination()->set_password("unmasked");
  const SecretChange change = SecretChangeOf(Mask({"source"}), from);
  EXPECT_EQ(change.set, (TaskSecrets{{SecretField::kSourcePassword, "new"}}));
  EXPECT_TRUE(change.cleared.empty());
}

TEST(TaskMaskTest, ClearsASecretOnlyWhenItIsNamedItself) {
  const SecretChange named =
      SecretChangeOf(Mask({"source.password"}), v1::Task());
  EXPECT_EQ(named.cleared, std::set<SecretField>{SecretField::kSourcePassword});
  const SecretChange around = SecretChangeOf(Mask({"source"}), v1::Task());
  EXPECT_TRUE(around.cleared.empty());
}

}  // namespace
}  // namespace binferry::controller
