// Numbers that do not fit are refused by onecard.hpp, whatever type they come in.

#include "../../examples/onecard.hpp"

#include <cstdio>
#include <limits>

static int failures = 0;

template <typename To, typename From> static void fits(From from, bool wanted) {
  bool fitted = true;
  try {
    const To value = onecard::Exact<To>(from);
    fitted = static_cast<From>(value) == from;
  } catch (const onecard::Error &error) {
    fitted = error.status() != ONECARD_STATUS_OUT_OF_RANGE;
  }
  if (fitted != wanted) {
    std::fprintf(stderr, "%lld: wanted %d\n", static_cast<long long>(from), static_cast<int>(wanted));
    failures += 1;
  }
}

// Whether a method takes an argument of this type for its party.
template <typename Party, typename = void> struct Takes : std::false_type {};
template <typename Party>
struct Takes<Party, std::void_t<decltype(std::declval<onecard::Gate &>().admit("", 0, std::declval<Party>()))>>
    : std::true_type {};
static_assert(Takes<int>::value && Takes<std::uint64_t>::value && Takes<long long>::value);
static_assert(!Takes<double>::value && !Takes<const char *>::value);

int main() {
  fits<std::uint32_t>(1, true);
  fits<std::uint32_t>(0u, true);
  fits<std::uint32_t>(ONECARD_REASON_RESCAN, true);
  fits<std::uint32_t>(std::numeric_limits<std::uint32_t>::max(), true);
  fits<std::uint32_t>(4294967295LL, true);
  fits<std::uint32_t>(4294967296LL, false);
  fits<std::uint32_t>(4294967297ULL, false);
  fits<std::uint32_t>(-1, false);
  fits<std::uint32_t>(std::numeric_limits<std::int64_t>::min(), false);
  fits<std::int64_t>(-1, true);
  fits<std::int64_t>(std::numeric_limits<std::int64_t>::min(), true);
  fits<std::int64_t>(static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()), true);
  fits<std::int64_t>(std::numeric_limits<std::uint64_t>::max(), false);
  fits<std::uint64_t>(std::numeric_limits<std::uint64_t>::max(), true);
  fits<std::uint64_t>(-1LL, false);
  return failures == 0 ? 0 : 1;
}
