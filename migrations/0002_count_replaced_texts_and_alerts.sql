-- NULL in reports that older controllers have written.
ALTER TABLE task_reports
  ADD COLUMN replaced_texts numeric(20, 0),
  ADD COLUMN alerts numeric(20, 0);
