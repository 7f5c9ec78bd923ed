#include "controller/model/task_spec_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"

namespace binferry::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TaskSpec ValidSpec() {
  TaskSpec spec;
  spec.placement.region = "local";
  spec.placement.network_type = NetworkType::kVpc;
  spec.source.host = "db.example";
  spec.source.port = 3306;
  spec.source.username = "u";
  spec.destination.bootstrap_servers = {"k:9092"};
  spec.databases = {
      {.name = "shop", .mapped_name = "", .all_tables = true, .tables = {}}};
  spec.topic_policy = AutoTopics{};
  return spec;
}

// The fields that are blamed once `change` was made to a valid spec.
std::vector<std::string> Blamed(const std::function<void(TaskSpec*)>& change,
                                const TaskSecrets& secrets = {}) {
  TaskSpec spec = ValidSpec();
  change(&spec);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : CheckTaskSpec(spec, secrets)) {
    fields.push_back(violation.field);
    EXPECT_FALSE(violation.description.empty());
    EXPECT_LT(violation.description.size(), 400u);
  }
  return fields;
}

TEST(TaskSpecValidationTest, TakesAValidSpec) {
  EXPECT_THAT(Blamed([](TaskSpec*) {}), IsEmpty());
}

TEST(TaskSpecValidationTest, AnEmptySpecIsBlamedForAllThatIsRequired) {
  EXPECT_THAT(
      Blamed([](TaskSpec* spec) { *spec = TaskSpec(); }),
      UnorderedElementsAre("task.placement.region",
                           "task.placement.network_type", "task.source.host",
                           "task.source.port", "task.source.username",
                           "task.destination.bootstrap_servers"));
  EXPECT_THAT(IncompleteFields(TaskSpec()),
              ElementsAre("task.objects", "task.topic_policy"));
  EXPECT_THAT(IncompleteFields(ValidSpec()), IsEmpty());
}

TEST(TaskSpecValidationTest, TaskIdsHave4To50Characters) {
  for (const char* good : {"abcd", "A-_9"}) {
    EXPECT_THAT(CheckTaskId(good, "task_id"), IsEmpty());
  }
  EXPECT_THAT(CheckTaskId(std::string(50, 'a'), "task_id"), IsEmpty());
  for (const std::string& bad :
       {std::string("abc"), std::string(51, 'a'), std::string("1abc"),
        std::string("a.bc"), std::string("")}) {
    EXPECT_THAT(CheckTaskId(bad, "task_id"), SizeIs(1)) << bad;
  }
}

TEST(TaskSpecValidationTest, DescriptionsHaveCharactersAndALimit) {
  const auto with = [](const std::string& text) {
    return Blamed([&](TaskSpec* spec) { spec->description = text; });
  };
  EXPECT_THAT(with(std::string(256, 'x')), IsEmpty());
  // Characters, not bytes.
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "\xc3\xbc";
  EXPECT_THAT(with(umlauts), IsEmpty());
  EXPECT_THAT(with(std::string(257, 'x')), ElementsAre("task.description"));
  for (const char c : std::string("!=<>'&\"\\")) {
    EXPECT_THAT(with(std::string(1, c)), ElementsAre("task.description")) << c;
  }
}

TEST(TaskSpecValidationTest, TagsAreLimited) {
  const auto with = [](int count, size_t key, size_t value) {
    return Blamed([&](TaskSpec* spec) {
      for (int i = 0; i < count; ++i) {
        std::string name = absl::StrCat("t", i);
        name.resize(key, 'k');
        spec->tags[name] = std::string(value, 'v');
      }
    });
  };
  EXPECT_THAT(with(20, 128, 255), IsEmpty());
  EXPECT_THAT(with(21, 10, 0), ElementsAre("task.tags"));
  EXPECT_THAT(with(1, 129, 0), ElementsAre("task.tags"));
  EXPECT_THAT(with(1, 0, 0), ElementsAre("task.tags"));
  EXPECT_THAT(with(1, 2, 256), ElementsAre("task.tags[t0]"));
}

TEST(TaskSpecValidationTest, PortsAreLimited) {
  for (const uint32_t port : {1u, 65535u}) {
    EXPECT_THAT(Blamed([&](TaskSpec* spec) { spec->source.port = port; }),
                IsEmpty());
  }
  for (const uint32_t port : {0u, 65536u}) {
    EXPECT_THAT(Blamed([&](TaskSpec* spec) { spec->source.port = port; }),
                ElementsAre("task.source.port"));
  }
}

TEST(TaskSpecValidationTest, HostsAreNamesOrAddresses) {
  for (const std::string& host :
       {std::string(""), std::string(256, 'h'), std::string("a b"),
        std::string("a;b"), std::string("a/b")}) {
    EXPECT_THAT(Blamed([&](TaskSpec* spec) { spec->source.host = host; }),
                ElementsAre("task.source.host"));
  }
  EXPECT_THAT(Blamed([](TaskSpec* spec) { spec->source.host = "::1"; }),
              IsEmpty());
}

TEST(TaskSpecValidationTest, BootstrapServersAreHostAndPort) {
  const auto with = [](std::vector<std::string> servers) {
    return Blamed([&](TaskSpec* spec) {
      spec->destination.bootstrap_servers = std::move(servers);
    });
  };
  EXPECT_THAT(with(std::vector<std::string>(10, "k:1")), IsEmpty());
  EXPECT_THAT(with({"[::1]:9092"}), IsEmpty());
  EXPECT_THAT(with(std::vector<std::string>(11, "k:1")),
              ElementsAre("task.destination.bootstrap_servers"));
  for (const char* bad :
       {"k", "k:", "k:0", "k:65536", ":1", "a:b:1", "k:1,k:2"}) {
    EXPECT_THAT(with({"k:1", bad}),
                ElementsAre("task.destination.bootstrap_servers[1]"))
        << bad;
  }
}

TEST(TaskSpecValidationTest, ObjectsAreChecked) {
  const auto with = [](DatabaseObject database) {
    return Blamed([&](TaskSpec* spec) { spec->databases = {database}; });
  };
  EXPECT_THAT(with({.name = std::string(64, 'd'),
                    .mapped_name = "",
                    .all_tables = true,
                    .tables = {}}),
              IsEmpty());
  EXPECT_THAT(with({.name = std::string(65, 'd'),
                    .mapped_name = "",
                    .all_tables = true,
                    .tables = {}}),
              ElementsAre("task.objects.databases[0].name"));
  EXPECT_THAT(with({.name = "MySQL",
                    .mapped_name = "",
                    .all_tables = true,
                    .tables = {}}),
              ElementsAre("task.objects.databases[0].name"));
  EXPECT_THAT(
      with({.name = "d", .mapped_name = "", .all_tables = false, .tables = {}}),
      ElementsAre("task.objects.databases[0].tables"));
  EXPECT_THAT(with({.name = "d",
                    .mapped_name = "",
                    .all_tables = false,
                    .tables = {{"t", ""}, {"t", ""}, {"", ""}}}),
              ElementsAre("task.objects.databases[0].tables[1].name",
                          "task.objects.databases[0].tables[2].name"));
}

TEST(TaskSpecValidationTest, TopicsAreChecked) {
  EXPECT_THAT(Blamed([](TaskSpec* spec) {
                spec->topic_policy = SpecifiedTopic{"a b"};
              }),
              ElementsAre("task.topic_policy.specified_topic.name"));
  EXPECT_THAT(Blamed([](TaskSpec* spec) {
                spec->topic_policy = AutoTopics{"$schema$", 100'001, 40'000};
              }),
              ElementsAre("task.topic_policy.auto_topics.name_format",
                          "task.topic_policy.auto_topics.partitions",
                          "task.topic_policy.auto_topics.replication_factor"));
}

TEST(TaskSpecValidationTest, TlsMaterialMustFitTheMode) {
  const std::string pem = "-----BEGIN CERTIFICATE-----";
  EXPECT_THAT(Blamed([](TaskSpec* spec) {
                spec->source.tls_mode = TlsMode::kVerifyCa;
              }),
              ElementsAre("task.source.ca_certificate"));
  EXPECT_THAT(
      Blamed([&](TaskSpec* spec) { spec->source.ca_certificate = pem; }),
      ElementsAre("task.source.tls_mode"));
  EXPECT_THAT(Blamed([&](TaskSpec* spec) {
                spec->source.tls_mode = TlsMode::kRequired;
                spec->source.client_certificate = pem;
              }),
              ElementsAre("task.source.client_key"));
  EXPECT_THAT(Blamed([&](TaskSpec* spec) {
                spec->source.tls_mode = TlsMode::kVerifyCa;
                spec->source.ca_certificate = pem;
                spec->source.ca_certificate.resize(kMaxPemBytes, ' ');
              }),
              IsEmpty());
  EXPECT_THAT(Blamed([&](TaskSpec* spec) {
                spec->source.tls_mode = TlsMode::kVerifyCa;
                spec->source.ca_certificate = pem;
                spec->source.ca_certificate.resize(kMaxPemBytes + 1, ' ');
              }),
              ElementsAre("task.source.ca_certificate"));
}

TEST(TaskSpecValidationTest, SaslNeedsCredentialsAndTheProtocol) {
  EXPECT_THAT(Blamed([](TaskSpec* spec) {
                spec->destination.security_protocol =
                    SecurityProtocol::kSaslSsl;
              }),
              ElementsAre("task.destination.sasl_mechanism"));
  EXPECT_THAT(Blamed([](TaskSpec* spec) { spec->destination.username = "u"; }),
              ElementsAre("task.destination.username"));
  const auto with = [](SaslMechanism mechanism, const TaskSecrets& secrets) {
    return Blamed(
        [&](TaskSpec* spec) {
          spec->destination.security_protocol = SecurityProtocol::kSaslSsl;
          spec->destination.sasl_mechanism = mechanism;
        },
        secrets);
  };
  EXPECT_THAT(with(SaslMechanism::kScramSha256, {}),
              UnorderedElementsAre("task.destination.username",
                                   "task.destination.password"));
  EXPECT_THAT(
      with(SaslMechanism::kOauthbearer, {}),
      UnorderedElementsAre("task.destination.oauth_client",
                           "task.destination.oauth_client.client_secret"));
  EXPECT_THAT(
      with(SaslMechanism::kGssapi, {{SecretField::kDestinationPassword, "p"}}),
      UnorderedElementsAre("task.destination.kerberos_client",
                           "task.destination.kerberos_client.keytab",
                           "task.destination.password"));
}

TEST(TaskSpecValidationTest, TokenEndpointsAreEncrypted) {
  const auto with = [](const std::string& url, size_t id_characters) {
    return Blamed(
        [&](TaskSpec* spec) {
          spec->destination.security_protocol = SecurityProtocol::kSaslSsl;
          spec->destination.sasl_mechanism = SaslMechanism::kOauthbearer;
          spec->destination.oauth_client =
              OauthClient{.token_endpoint = url,
                          .client_id = std::string(id_characters, 'c')};
        },
        {{SecretField::kOauthClientSecret, "s"}});
  };
  EXPECT_THAT(with("https://id.example/token", 256), IsEmpty());
  EXPECT_THAT(with("http://127.0.0.1:8080/token", 1), IsEmpty());
  EXPECT_THAT(with("http://id.example/token", 1),
              ElementsAre("task.destination.oauth_client.token_endpoint"));
  EXPECT_THAT(with("https://" + std::string(2'041, 'h'), 1),
              ElementsAre("task.destination.oauth_client.token_endpoint"));
  EXPECT_THAT(with("https://id", 257),
              ElementsAre("task.destination.oauth_client.client_id"));
  EXPECT_THAT(with("https://id", 0),
              ElementsAre("task.destination.oauth_client.client_id"));
}

TEST(TaskSpecValidationTest, StoresThatCanNotBeReadAreBlamed) {
  const auto with = [](const TaskSecrets& secrets, const std::string& trust) {
    return Blamed(
        [&](TaskSpec* spec) {
          spec->destination.security_protocol = SecurityProtocol::kSsl;
          spec->destination.trust_store = trust;
        },
        secrets);
  };
  EXPECT_THAT(with({}, "no store"),
              ElementsAre("task.destination.trust_store"));
  EXPECT_THAT(with({{SecretField::kTrustStorePassword, "p"}}, ""),
              ElementsAre("task.destination.trust_store.content"));
  EXPECT_THAT(with({{SecretField::kKeyStoreContent, "no store"}}, ""),
              ElementsAre("task.destination.key_store"));
  EXPECT_THAT(with({{SecretField::kKeyStorePassword, "p"}}, ""),
              ElementsAre("task.destination.key_store.content"));
  // Kept from before, and looked at then.
  EXPECT_THAT(with({{SecretField::kKeyStoreContent, ""}}, ""), IsEmpty());
  EXPECT_THAT(Blamed([](TaskSpec* spec) {
                spec->destination.trust_store = "no store";
              }),
              UnorderedElementsAre("task.destination.trust_store",
                                   "task.destination.security_protocol"));
}

TEST(TaskSpecValidationTest, TuningAndSaltHaveRanges) {
  const auto rate = [](uint64_t value) {
    return Blamed(
        [&](TaskSpec* spec) { spec->max_binlog_bytes_per_second = value; });
  };
  for (const uint64_t good : {0ull, 65'536ull, 10'000'000'000ull}) {
    EXPECT_THAT(rate(good), IsEmpty()) << good;
  }
  for (const uint64_t bad : {65'535ull, 10'000'000'001ull}) {
    EXPECT_THAT(rate(bad), ElementsAre("task.max_binlog_bytes_per_second"));
  }
  const auto budget = [](uint64_t value) {
    return Blamed(
        [&](TaskSpec* spec) { spec->tuning.memory_budget_bytes = value; });
  };
  EXPECT_THAT(budget(uint64_t{16} << 20), IsEmpty());
  EXPECT_THAT(budget(uint64_t{4} << 30), IsEmpty());
  EXPECT_THAT(budget((uint64_t{16} << 20) - 1),
              ElementsAre("task.tuning.memory_budget_bytes"));
  EXPECT_THAT(budget((uint64_t{4} << 30) + 1),
              ElementsAre("task.tuning.memory_budget_bytes"));
  EXPECT_THAT(Blamed([](TaskSpec* spec) { spec->tuning.encoder_threads = 17; }),
              ElementsAre("task.tuning.encoder_threads"));
  const auto salt = [](size_t bytes) {
    return Blamed([](TaskSpec*) {},
                  {{SecretField::kHashSalt, std::string(bytes, 's')}});
  };
  EXPECT_THAT(salt(16), IsEmpty());
  EXPECT_THAT(salt(256), IsEmpty());
  EXPECT_THAT(salt(15), ElementsAre("task.hash_salt"));
  EXPECT_THAT(salt(257), ElementsAre("task.hash_salt"));
}

TEST(TaskSpecValidationTest, TagsHaveCharacters) {
  const auto with = [](const std::string& key, const std::string& value) {
    return Blamed([&](TaskSpec* spec) { spec->tags[key] = value; });
  };
  EXPECT_THAT(with("a b_.:=+-@9", " x_.:=+-@9 "), IsEmpty());
  for (const char* bad : {" a", "a ", "_sys_x", "a/b"}) {
    EXPECT_THAT(with(bad, ""), SizeIs(1)) << bad;
  }
  EXPECT_THAT(with("a", "b/c"), SizeIs(1));
}

TEST(TaskSpecValidationTest, StartPositionsAreChecked) {
  for (const uint64_t position : {uint64_t{3}, uint64_t{4'294'967'296}}) {
    EXPECT_THAT(
        Blamed([&](TaskSpec* spec) {
          spec->start_position = BinlogCoordinates{"binlog.1", position};
        }),
        ElementsAre("task.start_position.coordinates.position"));
  }
  EXPECT_THAT(Blamed([](TaskSpec* spec) {
                spec->start_position = BinlogCoordinates{"", 4};
              }),
              ElementsAre("task.start_position.coordinates.file"));
}

TEST(TaskSpecValidationTest, AtMostAHundredViolationsAreTold) {
  EXPECT_THAT(Blamed([](TaskSpec* spec) { spec->databases.resize(500); }),
              SizeIs(kMaxViolations));
}

TEST(TaskSpecValidationTest, WhatIsNotCarriedOutIsNamed) {
  TaskSpec spec = ValidSpec();
  EXPECT_THAT(FindUnimplemented(WithDefaults(spec)), IsEmpty());
  spec.ddl_policy = DdlPolicy::kCarry;
  spec.delivery_mode = DeliveryMode::kAtLeastOnce;
  spec.partition_policy = PartitionPolicy::kColumnHash;
  spec.synchronization_mode = SynchronizationMode::kFullAndIncremental;
  spec.destination.sasl_mechanism = SaslMechanism::kGssapi;
  std::vector<std::string> fields;
  for (const FieldViolation& v : FindUnimplemented(spec)) {
    fields.push_back(v.field);
  }
  EXPECT_THAT(fields,
              UnorderedElementsAre("task.ddl_policy", "task.delivery_mode",
                                   "task.synchronization_mode"));
}

TEST(TaskSpecValidationTest, UpdatesMayNotChangeWhereATaskStarted) {
  const TaskSpec before = WithDefaults(ValidSpec());
  TaskSpec after = before;
  after.source.host = "other";
  after.start_position = GtidSetPosition{"x"};
  EXPECT_THAT(CheckTaskSpecUpdate(before, after, TaskProgress::kNotStarted),
              IsEmpty());
  EXPECT_THAT(
      CheckTaskSpecUpdate(before, after, TaskProgress::kStarted),
      ElementsAre(Field(&FieldViolation::field, "task.start_position")));
  after = before;
  after.source.username = "new";
  after.invalid_text_policy = InvalidTextPolicy::kReplace;
  after.unreadable_change_policy = UnreadableChangePolicy::kAlert;
  EXPECT_THAT(CheckTaskSpecUpdate(before, after, TaskProgress::kStarted),
              IsEmpty());
}

TEST(TaskSpecValidationTest, DefaultsAreFilledIn) {
  const TaskSpec spec = WithDefaults(ValidSpec());
  EXPECT_EQ(spec.partition_policy, PartitionPolicy::kTableHash);
  EXPECT_EQ(spec.record_format, RecordFormat::kJson);
  EXPECT_EQ(spec.ddl_policy, DdlPolicy::kOmit);
  EXPECT_EQ(spec.invalid_text_policy, InvalidTextPolicy::kStop);
  EXPECT_EQ(spec.unreadable_change_policy, UnreadableChangePolicy::kStop);
  EXPECT_EQ(std::get<AutoTopics>(spec.topic_policy).name_format,
            "$database$-$tablename$");
  EXPECT_EQ(std::get<AutoTopics>(spec.topic_policy).partitions, 1u);
  EXPECT_EQ(WithDefaults(spec), spec);
}

}  // namespace
}  // namespace binferry::controller
