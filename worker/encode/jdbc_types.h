// The two type names that records give each column.
#ifndef BINFERRY_WORKER_ENCODE_JDBC_TYPES_H_
#define BINFERRY_WORKER_ENCODE_JDBC_TYPES_H_

#include <string>

#include "worker/schema/table_schema.h"

namespace binferry::worker {

// `mysqlType`: the base type in lower case, without a length, " unsigned"
// appended where it is.
std::string MysqlTypeName(const Column& column);

// `sqlType`: the code of java.sql.Types, except for DATETIME, which is 94, a
// code of the product's own.
int JdbcTypeCode(ColumnKind kind);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_JDBC_TYPES_H_
