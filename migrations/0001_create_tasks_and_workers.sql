-- Everything that controllers know. Only they read and write it; what the data
-- path needs to go on is in Kafka.

-- One row: this database.
CREATE TABLE installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  uuid uuid NOT NULL DEFAULT gen_random_uuid(),
  -- Of the key that seals secrets; '' until the first controller starts.
  secret_key_id text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation DEFAULT VALUES;

-- Ids of tasks as replicas of their sources. Each installation begins
-- somewhere else, so that two of them rarely meet on one source; used again
-- only after all others.
CREATE SEQUENCE server_ids AS bigint MINVALUE 1000000000 MAXVALUE 4000000000
  START 1000000000 CYCLE;
SELECT setval('server_ids', 1000000000 + (random() * 2999999999)::bigint);

CREATE TABLE tasks (
  uid uuid PRIMARY KEY,
  project text NOT NULL,
  task_id text NOT NULL,
  create_request_id text,
  create_time timestamptz NOT NULL DEFAULT now(),
  update_time timestamptz NOT NULL DEFAULT now(),

  -- The spec: `document` is the whole of it without secrets; the columns repeat
  -- what the planner and lists need. Of start_time the column is the truth.
  generation bigint NOT NULL DEFAULT 1,
  revision bigint NOT NULL DEFAULT 1,
  document bytea NOT NULL,
  tags jsonb NOT NULL,
  region text NOT NULL,
  availability_zones text[] NOT NULL,
  network_type integer NOT NULL,
  vpc text NOT NULL,
  subnet text NOT NULL,
  security_group text NOT NULL,
  start_time timestamptz,

  -- Grows with each write of this row: compared by whoever decides on it.
  version bigint NOT NULL DEFAULT 1,
  desired_state text NOT NULL DEFAULT 'configured',
  desired_time timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'CREATING',
  state_time timestamptz NOT NULL DEFAULT now(),
  state_message text NOT NULL DEFAULT '',
  failure_code text,
  failure_message text,
  failure_time timestamptz,
  failure_attempts integer,

  -- The assignment. The epoch stays when the worker goes.
  worker text,
  worker_incarnation text,
  epoch bigint NOT NULL DEFAULT 0,
  retry_count bigint NOT NULL DEFAULT 0,
  started boolean NOT NULL DEFAULT false,
  synced boolean NOT NULL DEFAULT false,
  start_position_committed boolean NOT NULL DEFAULT false,

  server_id bigint NOT NULL UNIQUE DEFAULT nextval('server_ids'),
  replica_uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  kafka_cluster_id text NOT NULL DEFAULT '',

  UNIQUE (project, task_id),
  CHECK ((worker IS NULL) = (worker_incarnation IS NULL))
);
CREATE UNIQUE INDEX tasks_by_request ON tasks (project, create_request_id)
  WHERE create_request_id IS NOT NULL;
CREATE INDEX tasks_by_worker ON tasks (worker) WHERE worker IS NOT NULL;

-- Sealed by secrets/sealer; plaintext is never here.
CREATE TABLE task_secrets (
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  field text NOT NULL,
  key_id text NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (task_uid, field)
);

-- The last report of each task; written with every heartbeat, hence apart and
-- with room for updates in place.
CREATE TABLE task_reports (
  task_uid uuid PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
  epoch bigint NOT NULL,
  sequence bigint NOT NULL,
  time timestamptz NOT NULL,
  generation bigint NOT NULL,
  run_state text NOT NULL,
  retry_count bigint NOT NULL,
  found_epoch bigint NOT NULL,
  lag_ms bigint,
  fault_code text,
  fault_message text,
  fault_time timestamptz,
  fault_attempts integer,
  fault_next_retry_time timestamptz,
  -- Position and counters outlive the run that told them.
  binlog_file text,
  binlog_position numeric(20, 0),
  gtid_set text,
  rows_done numeric(20, 0),
  source_time timestamptz,
  last_record_id numeric(20, 0),
  inserts numeric(20, 0),
  updates numeric(20, 0),
  deletes numeric(20, 0),
  records numeric(20, 0),
  transactions numeric(20, 0),
  binlog_bytes numeric(20, 0),
  record_bytes numeric(20, 0),
  ddl_omitted numeric(20, 0),
  recoveries numeric(20, 0),
  -- Averages of about 10 s.
  records_per_second double precision NOT NULL DEFAULT 0,
  binlog_bytes_per_second double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE task_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  time timestamptz NOT NULL DEFAULT now(),
  reason text NOT NULL,
  message text NOT NULL,
  -- Set for events that a worker reported: repeats are recognized.
  epoch bigint,
  number bigint,
  UNIQUE (task_uid, epoch, number)
);
CREATE INDEX task_events_by_task ON task_events (task_uid, id);

-- The newest question of each kind about each task.
CREATE TABLE probes (
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  kind text NOT NULL,
  id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  epoch bigint NOT NULL,
  generation bigint NOT NULL,
  deadline timestamptz NOT NULL,
  answer_time timestamptz,
  passed boolean,
  message text,
  PRIMARY KEY (task_uid, kind)
);

CREATE TABLE workers (
  name text PRIMARY KEY,
  incarnation text NOT NULL,
  -- Earlier processes of the name, newest first: they are sent away.
  superseded text[] NOT NULL DEFAULT '{}',
  sequence bigint NOT NULL,
  last_heartbeat_time timestamptz NOT NULL,
  region text NOT NULL,
  availability_zone text NOT NULL,
  network_types integer[] NOT NULL,
  vpc text NOT NULL,
  subnet text NOT NULL,
  labels jsonb NOT NULL,
  slots integer NOT NULL,
  software_version text NOT NULL,
  draining boolean NOT NULL
) WITH (fillfactor = 50);

-- Which task has which partition of a Kafka cluster's state topics. Without a
-- task: it may hold the checkpoint of a task that was deleted by force, and is
-- not given out again.
CREATE TABLE state_partitions (
  kafka_cluster_id text NOT NULL,
  partition integer NOT NULL,
  task_uid uuid REFERENCES tasks ON DELETE SET NULL,
  PRIMARY KEY (kafka_cluster_id, partition),
  UNIQUE (kafka_cluster_id, task_uid)
);
