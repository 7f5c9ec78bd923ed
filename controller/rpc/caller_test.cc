#include "controller/rpc/caller.h"

#include <gtest/gtest.h>

namespace binferry::controller {
namespace {

TEST(CallerTest, AnAddressIsThatOfTheMachine) {
  EXPECT_EQ(AddressOfPeer("ipv4:192.0.2.7:43210"), "192.0.2.7");
  EXPECT_EQ(AddressOfPeer("ipv6:%5B2001:db8::1%5D:43210"), "2001:db8::1");
  EXPECT_EQ(AddressOfPeer("ipv6:[::1]:1"), "::1");
  EXPECT_EQ(AddressOfPeer("unix:"), "this machine");
  EXPECT_EQ(AddressOfPeer(""), "unknown");
}

}  // namespace
}  // namespace binferry::controller
