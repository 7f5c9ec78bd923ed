-- Questions to workers and their answers, while somebody waits; both are
-- messages that only the API's edges know.
DROP TABLE probes;
CREATE TABLE probes (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  question bytea NOT NULL,
  deadline timestamptz NOT NULL,
  answer_time timestamptz,
  answer bytea
);
CREATE INDEX probes_by_task ON probes (task_uid);

-- The last connection test of each end of a task.
CREATE TABLE connection_tests (
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  endpoint text NOT NULL,
  document bytea NOT NULL,
  PRIMARY KEY (task_uid, endpoint)
);

-- The last precheck of each task, item by item.
CREATE TABLE prechecks (
  task_uid uuid PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
  generation bigint NOT NULL,
  time timestamptz NOT NULL,
  worker text NOT NULL
);
CREATE TABLE precheck_items (
  task_uid uuid NOT NULL REFERENCES prechecks ON DELETE CASCADE,
  place integer NOT NULL,
  id text NOT NULL,
  title text NOT NULL,
  item_group text NOT NULL,
  result text NOT NULL,
  found text NOT NULL,
  wanted text NOT NULL,
  cause text NOT NULL,
  remedy text NOT NULL,
  objects text[] NOT NULL,
  objects_total bigint NOT NULL,
  confirmed_by text,
  confirm_time timestamptz,
  PRIMARY KEY (task_uid, place),
  CHECK ((confirmed_by IS NULL) = (confirm_time IS NULL))
);

ALTER TABLE task_events
  -- A user, 'controller' or 'worker NAME'.
  ADD COLUMN actor text NOT NULL DEFAULT 'controller',
  -- Of users' actions: 'OK' or a status code.
  ADD COLUMN result text NOT NULL DEFAULT '';

-- What workers logged about a task.
CREATE TABLE task_log_lines (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_uid uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  time timestamptz NOT NULL,
  level integer NOT NULL,
  message text NOT NULL,
  worker text NOT NULL,
  epoch bigint NOT NULL,
  number bigint NOT NULL,
  -- Repeats are recognized.
  UNIQUE (task_uid, epoch, number)
);
CREATE INDEX task_log_lines_by_task ON task_log_lines (task_uid, id);

-- For watchers that come back: when a task last changed, and which are gone.
ALTER TABLE tasks
  ADD COLUMN change_time timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE TABLE task_deletions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time timestamptz NOT NULL DEFAULT clock_timestamp(),
  project text NOT NULL,
  task_id text NOT NULL
);
CREATE INDEX task_deletions_by_time ON task_deletions (project, time);
CREATE FUNCTION note_task_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.change_time := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER task_changes BEFORE UPDATE ON tasks
  FOR EACH ROW EXECUTE FUNCTION note_task_change();
CREATE FUNCTION note_task_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO task_deletions (project, task_id) VALUES (OLD.project, OLD.task_id);
  RETURN OLD;
END $$;
CREATE TRIGGER task_deletions AFTER DELETE ON tasks
  FOR EACH ROW EXECUTE FUNCTION note_task_deletion();
