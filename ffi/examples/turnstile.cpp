// The turnstile of turnstile.c, in C++17 with onecard.hpp: the same arguments, the same answers.

#include "onecard.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>

using Data = std::vector<std::uint8_t>;

static Data load(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw std::runtime_error(path + ": cannot be read");
  }
  return Data(std::istreambuf_iterator<char>(stream), {});
}

static std::int64_t now() {
  const char *fixed = std::getenv("ONECARD_NOW");
  return fixed == nullptr ? static_cast<std::int64_t>(std::time(nullptr)) : std::strtoll(fixed, nullptr, 10);
}

static Data parse_anchor(const std::string &hex) {
  Data anchor;
  if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw std::runtime_error("the anchor is not 64 digits");
  }
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    anchor.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(at, 2), nullptr, 16)));
  }
  return anchor;
}

static bool is_kind(const std::string &path, const std::string &kind) {
  return path.compare(path.find_last_of('/') + 1, kind.size(), kind) == 0;
}

static onecard::Bundle load_lists(const std::string &anchor, const std::vector<std::string> &paths) {
  std::unique_ptr<onecard::Bundle> bundle;
  for (const std::string &path : paths) {
    if (!is_kind(path, "trust-list-")) {
      continue;
    }
    if (bundle == nullptr) {
      bundle = std::make_unique<onecard::Bundle>(load(path), parse_anchor(anchor));
    } else {
      bundle->update_trust(load(path), now());
    }
  }
  if (bundle == nullptr) {
    throw std::runtime_error("there is no trust list");
  }
  for (const std::string &path : paths) {
    if (is_kind(path, "catalogue-")) {
      bundle->update_catalogue(load(path), now());
    } else if (is_kind(path, "status-")) {
      bundle->update_status(load(path), now());
    }
  }
  return std::move(*bundle);
}

static void answer(onecard::Gate &gate, const std::string &code) {
  const onecard_decision decision = gate.admit(code, now());
  const char *barrier = decision.kind == ONECARD_SEVERITY_ADMIT   ? "open"
                        : decision.kind == ONECARD_SEVERITY_REFER ? "staff"
                                                                  : "closed";
  const std::string_view screen =
      decision.shows_detail == 1 ? onecard::reason_text(decision.reason) : std::string_view("please see staff");
  std::cout << barrier << '\t' << decision.reason << '\t' << decision.due_fen << '\t' << screen << std::endl;
}

static void run(const std::vector<std::string> &arguments) {
  const std::string &store = arguments[0];
  onecard::Gate gate =
      onecard::Gate::open_or_create(store, load(arguments[1]), load(arguments[2]),
                                    load_lists(arguments[3], {arguments.begin() + 4, arguments.end()}), now());
  for (std::string line; std::getline(std::cin, line);) {
    // The scanner's line end is no part of the code.
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    answer(gate, line);
  }
  const std::uint64_t size = gate.seal();
  const onecard::Buffer segment = gate.segment(0);
  std::ofstream stream(store + ".segment", std::ios::binary);
  stream.write(reinterpret_cast<const char *>(segment.bytes().data),
               static_cast<std::streamsize>(segment.bytes().size));
  if (!stream.flush()) {
    throw std::runtime_error(store + ".segment: cannot be written");
  }
  std::cout << "sealed\t" << size << std::endl;
}

int main(int count, char **arguments) {
  if (count < 6) {
    std::cerr << "usage: turnstile STORE SEED CERTIFICATE ANCHOR LIST..." << std::endl;
    return 2;
  }
  try {
    run({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception &error) {
    std::cerr << "turnstile: " << error.what() << std::endl;
    return 1;
  }
}
