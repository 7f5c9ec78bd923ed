#include "worker/mysql/mysql_binlog_source.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "common/status_macros.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/gtid_set.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/start_position.h"

namespace binferry::worker {
namespace {

absl::StatusOr<DumpStart> StartOf(const Checkpoint& checkpoint) {
  if (!checkpoint.uses_gtid)
    return Coordinates{checkpoint.file, checkpoint.position};
  return GtidSet::Parse(checkpoint.gtid_set);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlBinlogSource>> MysqlBinlogSource::Create(
    const MysqlSourceOptions& options, const Checkpoint& checkpoint) {
  BINFERRY_ASSIGN_OR_RETURN(const DumpStart start, StartOf(checkpoint));
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<Connection> connection,
      Connection::Connect(WithDumpTimeout(options.connection, options.dump)));
  // Over the dump's own connection: behind a proxy or a floating address
  // another one might reach another server.
  BINFERRY_ASSIGN_OR_RETURN(const SourceVariables variables,
                            ReadSourceVariables(connection.get()));
  BINFERRY_RETURN_IF_ERROR(
      CheckResumable(checkpoint, variables, connection->where()));
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<BinlogFile> files,
                            ListBinlogFiles(connection.get()));
  BINFERRY_RETURN_IF_ERROR(
      CheckSameFiles(checkpoint, variables, files, connection->where()));
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<BinlogConnection> dump,
      BinlogConnection::Start(std::move(connection), options.dump, start));
  return absl::WrapUnique(
      new MysqlBinlogSource(std::move(dump), variables.server_uuid));
}

absl::StatusOr<std::unique_ptr<MysqlBinlogSource>> MysqlBinlogSource::OpenFile(
    const MysqlSourceOptions& options, const std::string& file) {
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<Connection> connection,
      Connection::Connect(WithDumpTimeout(options.connection, options.dump)));
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<BinlogConnection> dump,
      BinlogConnection::Start(std::move(connection), options.dump,
                              Coordinates{.file = file}));
  return absl::WrapUnique(
      new MysqlBinlogSource(std::move(dump), /*server_uuid=*/""));
}

MysqlBinlogSource::MysqlBinlogSource(std::unique_ptr<BinlogConnection> dump,
                                     std::string server_uuid)
    : dump_(std::move(dump)), server_uuid_(std::move(server_uuid)) {}

absl::StatusOr<absl::Span<const uint8_t>> MysqlBinlogSource::Next() {
  return dump_->Next();
}

void MysqlBinlogSource::Interrupt() { dump_->Interrupt(); }

}  // namespace binferry::worker
