// Errors as values. The core never throws, prints or exits: a function that can fail returns Status or StatusOr.
// C++17, because train/ includes it beside libtorch, whose 1.13 headers do not compile as C++20.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace scrim {

enum class Code {
  kOk = 0,
  kInvalidArgument,  // the caller's values make no sense: 0x0 frames, an unknown option
  kNotFound,         // a file or a named thing does not exist
  kCorrupt,          // bytes that are not what they claim to be: cut off, changed, another format
  kUnsupported,      // understood, but this build or this version cannot do it
  kIo,               // the system refused: disk full, no permission
  kInternal,         // a bug in scrim
  kUnavailable,      // not now; the next call may succeed
};

// A code and one line of plain text that names the file or field and, where there is one, the remedy.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

inline Status InvalidArgument(std::string m) { return {Code::kInvalidArgument, std::move(m)}; }
inline Status NotFound(std::string m) { return {Code::kNotFound, std::move(m)}; }
inline Status Corrupt(std::string m) { return {Code::kCorrupt, std::move(m)}; }
inline Status Unsupported(std::string m) { return {Code::kUnsupported, std::move(m)}; }
inline Status IoError(std::string m) { return {Code::kIo, std::move(m)}; }
inline Status Internal(std::string m) { return {Code::kInternal, std::move(m)}; }
inline Status Unavailable(std::string m) { return {Code::kUnavailable, std::move(m)}; }

// A value, or the Status that says why there is none. value() may be called only when ok().
template <typename T>
class [[nodiscard]] StatusOr {
 public:
  StatusOr(Status status) : status_(std::move(status)) { assert(!status_.ok()); }
  StatusOr(T value) : value_(std::move(value)) {}

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T operator*() && { return *std::move(value_); }  // by value: for (x : *F()) must not dangle

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace scrim

#define SCRIM_RETURN_IF_ERROR(expr)                                                        \
  do {                                                                                     \
    if (::scrim::Status scrim_status_ = (expr); !scrim_status_.ok()) return scrim_status_; \
  } while (false)

#define SCRIM_CONCAT_INNER(a, b) a##b
#define SCRIM_CONCAT(a, b) SCRIM_CONCAT_INNER(a, b)

// SCRIM_ASSIGN_OR_RETURN(auto x, MakeX()); the second argument may hold commas.
#define SCRIM_ASSIGN_OR_RETURN(lhs, ...) \
  SCRIM_ASSIGN_OR_RETURN_INNER(SCRIM_CONCAT(scrim_status_or_, __LINE__), lhs, __VA_ARGS__)
#define SCRIM_ASSIGN_OR_RETURN_INNER(tmp, lhs, ...) \
  auto tmp = (__VA_ARGS__);                         \
  if (!tmp.ok()) return tmp.status();               \
  lhs = std::move(tmp).value()
