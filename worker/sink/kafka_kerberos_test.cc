#include "worker/sink/kafka_kerberos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/read_file.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;

TEST(KafkaKerberosTest, RefusesALibraryWithoutGssapiByName) {
  EXPECT_THAT(CheckGssapi("gzip,ssl,sasl_scram"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("built without GSSAPI")));
}

TEST(KafkaKerberosTest, AKeytabCanBeReadWhileItLives) {
  const KerberosClientOptions kerberos{.principal = "binferry@EXAMPLE.COM",
                                       .keytab = Secret("keys")};
  std::string path;
  {
    const absl::StatusOr<std::unique_ptr<Keytab>> keytab =
        Keytab::Create(kerberos);
    ASSERT_THAT(keytab, IsOk());
    path = (*keytab)->path();
    const absl::StatusOr<std::string> read = ReadFile(path, 100);
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(*read, "keys");
  }
  EXPECT_THAT(ReadFile(path, 100).status(),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(KafkaKerberosTest, AProcessUsesOnePrincipal) {
  const KerberosClientOptions first{.principal = "binferry@EXAMPLE.COM",
                                    .keytab = Secret("keys")};
  ASSERT_THAT(Keytab::Create(first), IsOk());
  KerberosClientOptions second = first;
  second.principal = "other@EXAMPLE.COM";
  EXPECT_THAT(Keytab::Create(second).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("binferry@EXAMPLE.COM")));
}

}  // namespace
}  // namespace binferry::worker
