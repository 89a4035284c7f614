#include "shoal/core/profile.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace shoal {
namespace {

using std::chrono::milliseconds;

void work() { std::this_thread::sleep_for(milliseconds(5)); }

TEST(Profile, NotesNothingUnlessStarted) {
  { const Span span(SpanKind::step, "before"); }
  start_profile();
  const Profile profile = end_profile();
  EXPECT_TRUE(profile.lines.empty());
  { const Span span(SpanKind::step, "after"); }
  start_profile();
  EXPECT_TRUE(end_profile().lines.empty());
}

TEST(Profile, TimeOfASpanIsWithoutTheSpansInside) {
  start_profile(10);
  for (int i = 0; i < 2; ++i) {
    const Span step(SpanKind::step, "step");
    {
      const Span product(SpanKind::compute, "product", 100.0);
      work();
      const Span wait(SpanKind::wait, "product");
      profile_bytes(7);
      work();
    }
    profile_bytes(1);
  }
  const Profile profile = end_profile();
  ASSERT_EQ(profile.lines.size(), 3U);
  const ProfileLine& wait = profile.lines[0];
  const ProfileLine& product = profile.lines[1];
  const ProfileLine& step = profile.lines[2];
  EXPECT_EQ(wait.kind, SpanKind::wait);
  EXPECT_EQ(wait.bytes, 14);
  EXPECT_EQ(product.name, "product");
  EXPECT_EQ(product.calls, 2);
  EXPECT_EQ(product.flops, 200.0);
  EXPECT_EQ(product.bytes, 0);
  EXPECT_EQ(step.bytes, 2);
  EXPECT_GE(wait.seconds, 0.010);
  EXPECT_GE(product.seconds, 0.010);
  // Times add up: what is inside is counted once.
  ASSERT_EQ(profile.events.size(), 6U);
  const double whole = profile.events[2].duration_s + profile.events[5].duration_s;
  EXPECT_NEAR(wait.seconds + product.seconds + step.seconds, whole, 1e-6);
  EXPECT_GE(profile.events[3].begin_s, profile.events[0].begin_s + profile.events[0].duration_s);
}

TEST(Profile, PartsAreTimedOnAnyThreadInsideOfComputeSpans) {
  const auto part = [](const char* name) {
    const PartTimer timer(name, 10.0);
    work();
  };
  start_profile();
  part("outside");
  {
    const Span step(SpanKind::step, "step");
    part("not in a span of computation");
    const Span product(SpanKind::compute, "product");
    part("");
    part("a");
    std::thread([&] { part("a"); }).join();
    {
      const Span wait(SpanKind::wait, "wait");
      part("while it waits");
    }
    part("b");
  }
  {
    const Span evaluation(SpanKind::compute, "of no step");
    part("of no step");
  }
  const Profile profile = end_profile();
  ASSERT_EQ(profile.parts.size(), 2U);
  EXPECT_EQ(profile.parts[0].name, "a");
  EXPECT_EQ(profile.parts[0].flops, 20.0);
  EXPECT_GE(profile.parts[0].seconds, 0.010);
  EXPECT_EQ(profile.parts[1].name, "b");
}

TEST(Profile, ThreadsHaveNumbersAndEventsALimit) {
  start_profile(2);
  { const Span span(SpanKind::step, "a"); }
  std::thread([] { const Span span(SpanKind::read, "b"); }).join();
  { const Span span(SpanKind::step, "a"); }
  const Profile profile = end_profile();
  ASSERT_EQ(profile.events.size(), 2U);
  EXPECT_EQ(profile.events[0].thread, 0);
  EXPECT_EQ(profile.events[1].thread, 1);
  EXPECT_EQ(profile.events_lost, 1);
  EXPECT_EQ(profile.lines[0].calls, 2);
}

TEST(Profile, ASpanThatWasOpenAtTheStartOrEndIsLeftOut) {
  {
    start_profile();
    const Span outer(SpanKind::step, "outer");
    start_profile();
    { const Span inner(SpanKind::compute, "inner"); }
    EXPECT_EQ(end_profile().lines.size(), 1U);
  }
  start_profile();
  EXPECT_TRUE(end_profile().lines.empty());
}

TEST(Profile, WhatIsDoneOutsideOfAStepIsLeftOut) {
  start_profile();
  { const Span span(SpanKind::compute, "product"); }
  { const Span span(SpanKind::wait, "other ranks"); }
  { const Span span(SpanKind::read, "rows"); }
  const Profile profile = end_profile();
  ASSERT_EQ(profile.lines.size(), 1U);
  EXPECT_EQ(profile.lines[0].name, "rows");
}

}  // namespace
}  // namespace shoal
