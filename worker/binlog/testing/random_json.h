// Random JSON, as SQL that makes it.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_RANDOM_JSON_H_
#define BINFERRY_WORKER_BINLOG_TESTING_RANDOM_JSON_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace binferry::worker {

// The same seed gives the same sequence. Thread-compatible.
class RandomJson {
 public:
  explicit RandomJson(uint64_t seed) : random_(seed) {}

  // An expression of type JSON: all of MySQL's types, nested, up to some
  // hundred values, now and then one of some 100 KB.
  std::string Document();
  // `JSON_SET(document, path, value, ...)` or one of its relatives, nested now
  // and then; `document` is an expression. Paths lead to places that Document()
  // often has.
  std::string Update(const std::string& document);
  // A finite DOUBLE's literal, any bits.
  std::string Double();

 private:
  size_t Below(size_t limit) { return random_() % limit; }
  bool OneIn(size_t times) { return Below(times) == 0; }
  std::string Value(int depth);
  std::string Scalar();
  std::string Number();
  std::string Temporal();
  // Hexadecimal, so that nothing needs an escape.
  std::string Text(size_t max_characters);
  std::string Bytes(size_t max_bytes);
  std::string Key();
  std::string Path();

  std::mt19937_64 random_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_RANDOM_JSON_H_
