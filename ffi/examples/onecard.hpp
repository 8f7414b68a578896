// onecard for C++17: handles that free themselves, and a status that is not OK as an exception.
// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// One header over onecard.h and nothing else. A class holds one handle, moves and does not copy; where the
// C function lets several threads in, so does the method. A number that does not fit is an Error, whatever type
// it comes in: nothing is cut. Functions that this header leaves out are called with `handle.get()`.
#ifndef ONECARD_HPP
#define ONECARD_HPP

#include <onecard.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace onecard {

// Bytes as the library takes them.
struct Bytes {
  const std::uint8_t *data = nullptr;
  std::size_t size = 0;

  Bytes() = default;
  Bytes(const std::uint8_t *data, std::size_t size) : data(data), size(size) {}
  Bytes(const std::vector<std::uint8_t> &bytes) : data(bytes.data()), size(bytes.size()) {}
};

// The text of a status, which is a constant of the library.
inline std::string_view text(onecard_status status, onecard_lang lang = ONECARD_LANG_EN) {
  const char *text = "unknown status";
  std::size_t size = std::char_traits<char>::length(text);
  onecard_status_text(status, lang, &text, &size);
  return {text, size};
}

// A call did not do what it was asked.
class Error : public std::runtime_error {
public:
  explicit Error(onecard_status status) : std::runtime_error(std::string(text(status))), status_(status) {}
  onecard_status status() const noexcept { return status_; }

private:
  onecard_status status_;
};

inline void check(onecard_status status) {
  if (status != ONECARD_STATUS_OK) {
    throw Error(status);
  }
}

// A number that has to fit. C++ would cut it without a word, and 2^32 + 1 people would be one.
template <typename To> class Exact {
public:
  template <typename From, typename = std::enable_if_t<std::is_integral_v<From> || std::is_enum_v<From>>>
  Exact(From from) : value_(static_cast<To>(from)) {
    const auto whole = +from;
    if (static_cast<decltype(+from)>(value_) != whole || (value_ < To{}) != (whole < decltype(+from){})) {
      throw Error(ONECARD_STATUS_OUT_OF_RANGE);
    }
  }
  operator To() const noexcept { return value_; }

private:
  To value_;
};
using Time = Exact<std::int64_t>;
using Number = Exact<std::uint32_t>;
using Index = Exact<std::uint64_t>;

// Frees a handle of any kind.
template <typename Handle, onecard_status (*Free)(Handle **)> struct Freed {
  void operator()(Handle *handle) const noexcept { Free(&handle); }
};
template <typename Handle, onecard_status (*Free)(Handle **)>
using Owned = std::unique_ptr<Handle, Freed<Handle, Free>>;

// The text of a reason.
inline std::string_view reason_text(Number reason, onecard_lang lang = ONECARD_LANG_EN) {
  const char *text = nullptr;
  std::size_t size = 0;
  check(onecard_reason_text(reason, lang, &text, &size));
  return {text, size};
}

// The text of a trouble.
inline std::string_view trouble_text(Number trouble, onecard_lang lang = ONECARD_LANG_EN) {
  const char *text = nullptr;
  std::size_t size = 0;
  check(onecard_trouble_text(trouble, lang, &text, &size));
  return {text, size};
}

// Bytes that the library made. They live as long as this.
class Buffer {
public:
  explicit Buffer(onecard_buffer *buffer) : handle_(buffer) {}

  Bytes bytes() const {
    const std::uint8_t *data = nullptr;
    std::size_t size = 0;
    check(onecard_buffer_data(handle_.get(), &data, &size));
    return {data, size};
  }

  onecard_buffer *get() const noexcept { return handle_.get(); }

private:
  Owned<onecard_buffer, onecard_buffer_free> handle_;
};

// Everything a gate needs to decide offline.
class Bundle {
public:
  // From the first trust list of a federation and its pinned SHA-256.
  Bundle(Bytes trust, Bytes anchor) {
    onecard_bundle *bundle = nullptr;
    check(onecard_bundle_new(trust.data, trust.size, anchor.data, anchor.size, &bundle));
    handle_.reset(bundle);
  }

  // What save gave, verified again.
  static Bundle load(Bytes saved, Bytes anchor) {
    onecard_bundle *bundle = nullptr;
    check(onecard_bundle_load(saved.data, saved.size, anchor.data, anchor.size, &bundle));
    return Bundle(bundle);
  }

  void update_trust(Bytes list, Time now) {
    check(onecard_bundle_update_trust(handle_.get(), list.data, list.size, now));
  }
  void update_catalogue(Bytes catalogue, Time now) {
    check(onecard_bundle_update_catalogue(handle_.get(), catalogue.data, catalogue.size, now));
  }
  void update_status(Bytes list, Time now) {
    check(onecard_bundle_update_status(handle_.get(), list.data, list.size, now));
  }

  Buffer save() const {
    onecard_buffer *saved = nullptr;
    check(onecard_bundle_save(handle_.get(), &saved));
    return Buffer(saved);
  }

  onecard_claims verify(std::string_view text, Time now) const {
    onecard_claims claims;
    check(onecard_presentation_verify(handle_.get(), text.data(), text.size(), now, &claims));
    return claims;
  }

  onecard_bundle *get() const noexcept { return handle_.get(); }

private:
  explicit Bundle(onecard_bundle *bundle) : handle_(bundle) {}

  Owned<onecard_bundle, onecard_bundle_free> handle_;
};

// What a gate is to learn at a sync.
class Sync {
public:
  Sync() {
    onecard_sync *sync = nullptr;
    check(onecard_sync_new(&sync));
    handle_.reset(sync);
  }

  void add_trust(Bytes list) { check(onecard_sync_add_trust(handle_.get(), list.data, list.size)); }
  void add_catalogue(Bytes list) { check(onecard_sync_add_catalogue(handle_.get(), list.data, list.size)); }
  void add_status(Bytes list) { check(onecard_sync_add_status(handle_.get(), list.data, list.size)); }
  void add_use(const onecard_use &used) { check(onecard_sync_add_use(handle_.get(), &used)); }
  void add_annulment(const onecard_use &used) { check(onecard_sync_add_annulment(handle_.get(), &used)); }
  void add_ledger(Number member, Index size) {
    check(onecard_sync_add_ledger(handle_.get(), member, size));
  }

  onecard_sync *get() const noexcept { return handle_.get(); }

private:
  Owned<onecard_sync, onecard_sync_free> handle_;
};

// A gate on its store. It closes itself.
class Gate {
public:
  static Gate open(std::string_view path, Bytes seed, Bytes certificate, const Bundle &bundle, Time now) {
    return start(onecard_gate_open, path, seed, certificate, bundle, now);
  }
  static Gate create(std::string_view path, Bytes seed, Bytes certificate, const Bundle &bundle, Time now) {
    return start(onecard_gate_create, path, seed, certificate, bundle, now);
  }
  // Opens the store, or makes it where there is none yet, or one whose creation was cut short.
  static Gate open_or_create(std::string_view path, Bytes seed, Bytes certificate, const Bundle &bundle,
                             Time now) {
    try {
      return open(path, seed, certificate, bundle, now);
    } catch (const Error &error) {
      if (error.status() != ONECARD_STATUS_STORE_MISSING && error.status() != ONECARD_STATUS_STORE_FOREIGN) {
        throw;
      }
      return create(path, seed, certificate, bundle, now);
    }
  }

  // Every text gets a decision. The barrier opens for ONECARD_SEVERITY_ADMIT alone.
  onecard_decision admit(std::string_view text, Time now, Number party = 1, Number flags = 0) {
    onecard_decision decision;
    check(onecard_gate_admit(handle_.get(), text.data(), text.size(), party, flags, now, &decision));
    return decision;
  }
  void annul(Index index, Time now) { check(onecard_gate_annul(handle_.get(), index, now)); }
  void sync(const Sync &sync, Time now) { check(onecard_gate_sync(handle_.get(), sync.get(), now)); }

  std::vector<onecard_fault> self_test(Time now) {
    // More kinds of trouble than there are, for each of a few members; asked again if that is not enough.
    std::vector<onecard_fault> faults(64);
    std::size_t count = 0;
    onecard_status status = onecard_gate_self_test(handle_.get(), now, faults.data(), faults.size(), &count);
    if (status == ONECARD_STATUS_BUFFER_TOO_SMALL) {
      faults.resize(count);
      status = onecard_gate_self_test(handle_.get(), now, faults.data(), faults.size(), &count);
    }
    check(status);
    faults.resize(count);
    return faults;
  }

  onecard_totals totals() const {
    onecard_totals totals;
    check(onecard_gate_totals(handle_.get(), &totals));
    return totals;
  }
  onecard_totals close_day(Number day, Time now) {
    onecard_totals totals;
    check(onecard_gate_close_day(handle_.get(), day, now, &totals));
    return totals;
  }

  // The size of the journal that is now sealed.
  std::uint64_t seal() {
    std::uint64_t size = 0;
    check(onecard_gate_seal(handle_.get(), &size));
    return size;
  }
  Buffer segment(Index first) const {
    onecard_buffer *segment = nullptr;
    check(onecard_gate_segment(handle_.get(), first, &segment));
    return Buffer(segment);
  }
  Buffer save_bundle() const {
    onecard_buffer *saved = nullptr;
    check(onecard_gate_save_bundle(handle_.get(), &saved));
    return Buffer(saved);
  }

  onecard_gate *get() const noexcept { return handle_.get(); }

private:
  explicit Gate(onecard_gate *gate) : handle_(gate) {}

  static Gate start(decltype(&onecard_gate_open) how, std::string_view path, Bytes seed, Bytes certificate,
                    const Bundle &bundle, Time now) {
    onecard_gate *gate = nullptr;
    check(how(path.data(), path.size(), seed.data, seed.size, certificate.data, certificate.size, bundle.get(), now,
              &gate));
    return Gate(gate);
  }

  Owned<onecard_gate, onecard_gate_free> handle_;
};

} // namespace onecard

#endif
