-- Names are bytes: they sort so, and a page of a listing is a piece of the
-- index of UNIQUE (project, task_id).
ALTER TABLE tasks
  ALTER COLUMN project TYPE text COLLATE "C",
  ALTER COLUMN task_id TYPE text COLLATE "C";

ALTER TABLE tasks
  -- The document without what the BASIC view leaves out. NULL in rows that
  -- older controllers have written.
  ADD COLUMN basic_document bytea,
  -- When a user last asked something of the task.
  ADD COLUMN use_time timestamptz NOT NULL DEFAULT now(),
  -- Of a task that is stopped.
  ADD COLUMN stop_mode text NOT NULL DEFAULT 'now',
  ADD COLUMN reset_count bigint NOT NULL DEFAULT 0,
  -- The generation that the last reset made: a start position that an earlier
  -- one committed is not the present one.
  ADD COLUMN reset_generation bigint NOT NULL DEFAULT 0,
  ADD COLUMN failure_first_time timestamptz,
  ADD COLUMN failure_remedy text;

ALTER TABLE task_reports
  ADD COLUMN fault_first_time timestamptz,
  ADD COLUMN fault_remedy text,
  -- The last generation that ran; `generation` is 0 while none does.
  ADD COLUMN observed_generation bigint NOT NULL DEFAULT 0,
  ADD COLUMN transactions_per_second double precision NOT NULL DEFAULT 0,
  -- The source's end.
  ADD COLUMN source_file text,
  ADD COLUMN source_position numeric(20, 0),
  ADD COLUMN source_gtid_set text,
  -- What a run holds and waits for; NULL while none does.
  ADD COLUMN memory_bytes numeric(20, 0),
  ADD COLUMN memory_limit_bytes numeric(20, 0),
  ADD COLUMN queued_records numeric(20, 0),
  ADD COLUMN queued_records_limit numeric(20, 0),
  ADD COLUMN back_pressure_reason text;
UPDATE task_reports SET observed_generation = generation;

-- Told less often than the rest of a report, and shown to few.
CREATE TABLE task_top_tables (
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  -- 0 is the table with the most records.
  place integer NOT NULL,
  database text NOT NULL,
  table_name text NOT NULL,
  inserts numeric(20, 0) NOT NULL,
  updates numeric(20, 0) NOT NULL,
  deletes numeric(20, 0) NOT NULL,
  record_bytes numeric(20, 0) NOT NULL,
  PRIMARY KEY (task_uid, place)
);
