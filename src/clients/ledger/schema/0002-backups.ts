/** Backups and proven restores. Applied files are never edited: a change is a new file. */
export const BACKUPS = `
create table mainstay.backup (
  id bigint generated always as identity primary key,
  workflow_id text not null,
  run_id text not null,
  kind text not null,
  environment text not null,
  database text not null,
  requested_by text not null,
  asked_because text not null,
  nominal_at timestamptz not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  outcome text not null,
  reason_code text not null,
  reason text not null,
  phases jsonb not null,
  source jsonb,
  removed jsonb not null,
  verdict text,
  restore_ms bigint,
  rto_ms bigint,
  data_age_ms bigint,
  rpo_ms bigint,
  database_bytes bigint,
  row_count bigint,
  server_version integer,
  reasons jsonb,
  not_proven jsonb,
  report text,
  catalogue_digest text,
  unique (workflow_id, run_id)
);
create index backup_of_database on mainstay.backup (environment, database, kind, nominal_at desc);
create index backup_by_time on mainstay.backup (started_at desc);
comment on table mainstay.backup is 'One run of a backup, a dump, a restore verification or a sweep, at its end.';
comment on column mainstay.backup.id is 'Number that backup_check names.';
comment on column mainstay.backup.workflow_id is 'Id of the Temporal workflow.';
comment on column mainstay.backup.run_id is 'Run of that workflow.';
comment on column mainstay.backup.kind is 'backUpDatabase, dumpDatabase, backUpCluster, backUpCache, verifyRestore or sweepTemporaries.';
comment on column mainstay.backup.environment is 'Name of the environment in the catalogue.';
comment on column mainstay.backup.database is 'Name of the database or cache in the catalogue; of a cluster backup its own.';
comment on column mainstay.backup.requested_by is 'Who asked, or the schedule: claimed, not proven.';
comment on column mainstay.backup.asked_because is 'Why, in the words of who asked.';
comment on column mainstay.backup.nominal_at is 'Time the schedule meant; the start where no schedule started it.';
comment on column mainstay.backup.started_at is 'Begin of the workflow.';
comment on column mainstay.backup.ended_at is 'Its end.';
comment on column mainstay.backup.outcome is 'passed, failed, couldNotVerify, completed, aborted.';
comment on column mainstay.backup.reason_code is 'Reason code of the outcome.';
comment on column mainstay.backup.reason is 'The reason, in words a person can act on.';
comment on column mainstay.backup.phases is 'Name, begin and end of each phase.';
comment on column mainstay.backup.source is 'What was made or restored from: name, region, time, bytes, manifest, copies.';
comment on column mainstay.backup.removed is 'What was to be deleted, object by object, and whether it is gone.';
comment on column mainstay.backup.verdict is 'Of a verification: PASS, FAIL or COULD-NOT-VERIFY.';
comment on column mainstay.backup.restore_ms is 'From the choice of the snapshot to the first good query.';
comment on column mainstay.backup.rto_ms is 'The objective it is compared with.';
comment on column mainstay.backup.data_age_ms is 'Age of the newest data in the copy.';
comment on column mainstay.backup.rpo_ms is 'The objective it is compared with.';
comment on column mainstay.backup.database_bytes is 'Size of the restored database.';
comment on column mainstay.backup.row_count is 'Rows that were counted in it.';
comment on column mainstay.backup.server_version is 'server_version_num of the copy.';
comment on column mainstay.backup.reasons is 'The worst findings first, one text each.';
comment on column mainstay.backup.not_proven is 'What nobody looked at, by name.';
comment on column mainstay.backup.report is 'Where the whole report of the suite lies.';
comment on column mainstay.backup.catalogue_digest is 'sha256 of the catalogue the plan was resolved from.';

create table mainstay.backup_check (
  backup_id bigint not null references mainstay.backup on delete cascade,
  sequence integer not null,
  kind text not null,
  object text not null,
  state text not null,
  says text not null,
  ms double precision not null,
  primary key (backup_id, sequence)
);
comment on table mainstay.backup_check is 'One check of a restored copy.';
comment on column mainstay.backup_check.backup_id is 'Its verification.';
comment on column mainstay.backup_check.sequence is 'Order in the report, from 0.';
comment on column mainstay.backup_check.kind is 'Kind of check: digest, index, foreignKey, ...';
comment on column mainstay.backup_check.object is 'What was looked at.';
comment on column mainstay.backup_check.state is 'pass, warn, fail, couldNotVerify, unproven or skip.';
comment on column mainstay.backup_check.says is 'What was expected and what was seen.';
comment on column mainstay.backup_check.ms is 'How long it took.';
`;
