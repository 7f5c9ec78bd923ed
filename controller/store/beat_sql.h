// The statements of a heartbeat.
#ifndef BINFERRY_CONTROLLER_STORE_BEAT_SQL_H_
#define BINFERRY_CONTROLLER_STORE_BEAT_SQL_H_

#include <string>

namespace binferry::controller {

// What the worker $1 with the incarnation $2 is told: rows of `kind` 'order' or
// 'probe'.
std::string OrdersSql();

// Stores a heartbeat and answers as OrdersSql. $1 name, $2 incarnation, $3
// sequence, $4 region, $5 zone, $6 network types, $7 VPC, $8 subnet, $9 labels,
// $10 slots, $11 software version, $12 draining, $13 reports (report_json.h).
//
// At least one row; each tells `superseded`: whether this incarnation was
// replaced by a newer one before. A row without orders has `kind` NULL.
std::string BeatSql();

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_BEAT_SQL_H_
