/** The first schema of the ledger. Applied files are never edited: a change is a new file. */
export const RELEASES = `
create table mainstay.operation (
  id bigint generated always as identity primary key,
  workflow_id text not null,
  run_id text not null,
  kind text not null,
  environment text not null,
  service text not null,
  version text not null,
  image text,
  requested_by text not null default '',
  asked_because text not null default '',
  term bigint,
  plan jsonb,
  plan_digest text,
  catalogue_digest text,
  before jsonb,
  migrations jsonb,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text,
  reason_code text,
  reason text,
  restores text,
  restored_by text,
  unique (workflow_id, run_id)
);
create index operation_of_service on mainstay.operation (environment, service, started_at desc);
create index operation_by_time on mainstay.operation (started_at desc);
comment on table mainstay.operation is 'One run of a deployment or a restore: what was asked, by whom, why, and how it ended.';
comment on column mainstay.operation.id is 'Number that the other tables name.';
comment on column mainstay.operation.workflow_id is 'Id of the Temporal workflow.';
comment on column mainstay.operation.run_id is 'Run of that workflow; empty where only the id was known.';
comment on column mainstay.operation.kind is 'deployService or restoreService.';
comment on column mainstay.operation.environment is 'Name of the environment in the catalogue.';
comment on column mainstay.operation.service is 'Name of the service in the catalogue.';
comment on column mainstay.operation.version is 'Version that was asked for.';
comment on column mainstay.operation.image is 'Image by digest, once it was known.';
comment on column mainstay.operation.requested_by is 'Who asked: claimed, not proven.';
comment on column mainstay.operation.asked_because is 'Why, in the words of who asked.';
comment on column mainstay.operation.term is 'Term of ownership; empty when the service was never owned.';
comment on column mainstay.operation.plan is 'The complete plan. Secrets are references.';
comment on column mainstay.operation.plan_digest is 'sha256 of plan and image; approvals name it.';
comment on column mainstay.operation.catalogue_digest is 'sha256 of the catalogue the plan was resolved from.';
comment on column mainstay.operation.before is 'What was observed before the first change, as references and digests.';
comment on column mainstay.operation.migrations is 'Migrations that were applied and that wait, by name and checksum.';
comment on column mainstay.operation.started_at is 'Begin of the workflow, or of the first thing known of it.';
comment on column mainstay.operation.ended_at is 'Empty: it runs, or its end did not reach the ledger.';
comment on column mainstay.operation.outcome is 'promoted, unchanged, rolledBack, rejected, aborted, superseded, or terminated.';
comment on column mainstay.operation.reason_code is 'Reason code of the outcome.';
comment on column mainstay.operation.reason is 'The reason, in words a person can act on.';
comment on column mainstay.operation.restores is 'Workflow id of the operation this one cleaned up after.';
comment on column mainstay.operation.restored_by is 'Workflow id of the operation that cleaned up after this one.';

create table mainstay.event (
  operation_id bigint not null references mainstay.operation on delete cascade,
  activity_id text not null,
  what text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  attempt integer not null,
  outcome text not null,
  says text not null,
  primary key (operation_id, activity_id)
);
comment on table mainstay.event is 'One thing that was done to the cluster, or could not be; the last attempt counts.';
comment on column mainstay.event.operation_id is 'Its operation.';
comment on column mainstay.event.activity_id is 'Id of the Temporal activity.';
comment on column mainstay.event.what is 'Name of the activity.';
comment on column mainstay.event.started_at is 'Begin of the attempt.';
comment on column mainstay.event.ended_at is 'End of the attempt.';
comment on column mainstay.event.attempt is 'Which attempt it was, from 1.';
comment on column mainstay.event.outcome is 'done or failed.';
comment on column mainstay.event.says is 'What was done or why it failed, in words.';

create table mainstay.watch (
  operation_id bigint not null references mainstay.operation on delete cascade,
  activity_id text not null,
  record integer,
  mode text not null,
  step integer not null,
  weight_percent double precision not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  ended text not null,
  verdict jsonb,
  samples jsonb,
  evidence jsonb,
  records jsonb,
  primary key (operation_id, activity_id)
);
comment on table mainstay.watch is 'One watching of a step, a hold or the bake.';
comment on column mainstay.watch.operation_id is 'Its operation.';
comment on column mainstay.watch.activity_id is 'Id of the Temporal activity.';
comment on column mainstay.watch.record is 'Sequence of the verdict it led to.';
comment on column mainstay.watch.mode is 'step, hold or bake.';
comment on column mainstay.watch.step is 'Index of the step, from 0; of a bake the one after the last.';
comment on column mainstay.watch.weight_percent is 'Weight of the canary that was asked for.';
comment on column mainstay.watch.started_at is 'Begin of the watching.';
comment on column mainstay.watch.ended_at is 'End of the watching.';
comment on column mainstay.watch.ended is 'Why it ended: timeOver, verdict, noDataDeadline, foreignChange, cancelled.';
comment on column mainstay.watch.verdict is 'What the tally says by itself, should the operation never say it.';
comment on column mainstay.watch.samples is 'Samples of each metric as they were taken, so that the verdict can be recomputed.';
comment on column mainstay.watch.records is 'What the sequential judge knew of the stable arm before the release.';
comment on column mainstay.watch.evidence is 'What the sequential judge carries on, metric by metric.';

create table mainstay.observation (
  operation_id bigint not null,
  activity_id text not null,
  sequence integer not null,
  at timestamptz not null,
  canary_requests double precision,
  canary_errors double precision,
  stable_requests double precision,
  stable_errors double precision,
  primary key (operation_id, activity_id, sequence),
  foreign key (operation_id, activity_id) references mainstay.watch on delete cascade
);
comment on table mainstay.observation is 'One look of a watch: what both arms answered since the look before. Empty numbers are missing data.';
comment on column mainstay.observation.operation_id is 'Its operation.';
comment on column mainstay.observation.activity_id is 'Its watch.';
comment on column mainstay.observation.sequence is 'Order in the watch, from 0.';
comment on column mainstay.observation.at is 'When it was looked.';
comment on column mainstay.observation.canary_requests is 'Requests of the canary.';
comment on column mainstay.observation.canary_errors is 'Errors of the canary.';
comment on column mainstay.observation.stable_requests is 'Requests of stable.';
comment on column mainstay.observation.stable_errors is 'Errors of stable.';

create table mainstay.verdict (
  operation_id bigint not null references mainstay.operation on delete cascade,
  sequence integer not null,
  step integer not null,
  weight_percent double precision not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  phase text not null,
  reason text not null,
  verdict jsonb not null,
  looks integer not null,
  primary key (operation_id, sequence)
);
comment on table mainstay.verdict is 'What a watch was judged, and why.';
comment on column mainstay.verdict.operation_id is 'Its operation.';
comment on column mainstay.verdict.sequence is 'Order in the operation, from 0.';
comment on column mainstay.verdict.step is 'Index of the step, from 0; of a bake the one after the last.';
comment on column mainstay.verdict.weight_percent is 'Weight of the canary.';
comment on column mainstay.verdict.started_at is 'Begin of the watching.';
comment on column mainstay.verdict.ended_at is 'Moment of the verdict.';
comment on column mainstay.verdict.phase is 'passed, failed, error, inconclusive, no-data, running, incomplete.';
comment on column mainstay.verdict.reason is 'The deciding metric with value, limit and counts.';
comment on column mainstay.verdict.verdict is 'The whole verdict, metric by metric.';
comment on column mainstay.verdict.looks is 'Looks it rests on.';

create table mainstay.decision (
  operation_id bigint not null references mainstay.operation on delete cascade,
  sequence integer not null,
  what text not null,
  decided_by text not null,
  reason text not null,
  at timestamptz not null,
  primary key (operation_id, sequence)
);
comment on table mainstay.decision is 'What a person told the operation: approve, reject, pause, resume, skipStep, promoteNow, abort, acceptUnrestored.';
comment on column mainstay.decision.operation_id is 'Its operation.';
comment on column mainstay.decision.sequence is 'Order in the operation, from 0.';
comment on column mainstay.decision.what is 'Name of the message.';
comment on column mainstay.decision.decided_by is 'Who: claimed, not proven.';
comment on column mainstay.decision.reason is 'Why, in their words.';
comment on column mainstay.decision.at is 'When it was accepted.';

create table mainstay.restored_object (
  operation_id bigint not null references mainstay.operation on delete cascade,
  sequence integer not null,
  object text not null,
  field text not null,
  wanted text not null,
  observed text not null,
  restored boolean not null,
  changed boolean not null,
  note text,
  primary key (operation_id, sequence)
);
comment on table mainstay.restored_object is 'The account of an undo, field by field.';
comment on column mainstay.restored_object.operation_id is 'The operation that undid.';
comment on column mainstay.restored_object.sequence is 'Order of the undo, from 0.';
comment on column mainstay.restored_object.object is 'Kind, namespace and name.';
comment on column mainstay.restored_object.field is 'What of it.';
comment on column mainstay.restored_object.wanted is 'What was found before the operation.';
comment on column mainstay.restored_object.observed is 'What stood there in the end.';
comment on column mainstay.restored_object.restored is 'False: it is not as it was found, and somebody must look.';
comment on column mainstay.restored_object.changed is 'False: it was so already.';
comment on column mainstay.restored_object.note is 'Who accepted it as it is, or another remark.';

create table mainstay.foreign_change (
  operation_id bigint not null references mainstay.operation on delete cascade,
  sequence integer not null,
  object text not null,
  field text not null,
  expected text not null,
  observed text not null,
  primary key (operation_id, sequence)
);
comment on table mainstay.foreign_change is 'A change by someone else to a field the operation owned.';
comment on column mainstay.foreign_change.operation_id is 'Its operation.';
comment on column mainstay.foreign_change.sequence is 'Order in the operation, from 0.';
comment on column mainstay.foreign_change.object is 'Kind, namespace and name.';
comment on column mainstay.foreign_change.field is 'What of it.';
comment on column mainstay.foreign_change.expected is 'What the operation had written.';
comment on column mainstay.foreign_change.observed is 'What someone else wrote.';

create table mainstay.preflight_finding (
  operation_id bigint not null references mainstay.operation on delete cascade,
  sequence integer not null,
  name text not null,
  mode text not null,
  result text not null,
  reason text not null,
  primary key (operation_id, sequence)
);
comment on table mainstay.preflight_finding is 'One check before the deployment began.';
comment on column mainstay.preflight_finding.operation_id is 'Its operation.';
comment on column mainstay.preflight_finding.sequence is 'Order of the checks, from 0.';
comment on column mainstay.preflight_finding.name is 'Name of the check.';
comment on column mainstay.preflight_finding.mode is 'required, advisory or off.';
comment on column mainstay.preflight_finding.result is 'pass, fail, could-not-check or off.';
comment on column mainstay.preflight_finding.reason is 'What was found.';

create table mainstay.notification (
  dedupe_key text primary key,
  event text not null,
  workflow_id text not null,
  environment text not null,
  service text not null,
  urgency text not null,
  subject text not null,
  body text not null,
  at timestamptz not null
);
create index notification_of_operation on mainstay.notification (workflow_id);
comment on table mainstay.notification is 'What people are to be told, each once.';
comment on column mainstay.notification.dedupe_key is 'Workflow, run and event: a second one is the same one.';
comment on column mainstay.notification.event is 'started, ended or restored.';
comment on column mainstay.notification.workflow_id is 'Whose event it is.';
comment on column mainstay.notification.environment is 'Where.';
comment on column mainstay.notification.service is 'Which service.';
comment on column mainstay.notification.urgency is 'high: somebody should look now.';
comment on column mainstay.notification.subject is 'One line.';
comment on column mainstay.notification.body is 'The reason.';
comment on column mainstay.notification.at is 'When it happened.';

create table mainstay.incident (
  dedupe_key text primary key,
  workflow_id text not null,
  environment text not null,
  service text not null,
  severity text not null,
  title text not null,
  body text not null,
  opened_at timestamptz not null
);
create index incident_of_operation on mainstay.incident (workflow_id);
comment on table mainstay.incident is 'A rollback in production, or something there that could not be put back.';
comment on column mainstay.incident.dedupe_key is 'Workflow and run: a second one is the same one.';
comment on column mainstay.incident.workflow_id is 'The operation it came from.';
comment on column mainstay.incident.environment is 'Where.';
comment on column mainstay.incident.service is 'Which service.';
comment on column mainstay.incident.severity is 'critical: something was not put back. high: all was.';
comment on column mainstay.incident.title is 'One line.';
comment on column mainstay.incident.body is 'The reason.';
comment on column mainstay.incident.opened_at is 'When it happened.';

create table mainstay.service_minute (
  environment text not null,
  service text not null,
  metric text not null,
  minute timestamptz not null,
  requests double precision not null,
  errors double precision not null,
  primary key (environment, service, metric, minute)
);
comment on table mainstay.service_minute is 'One minute of the stable arm: the record the sequential judge measures a canary against. At most 240 a metric, none older than 7 days.';
comment on column mainstay.service_minute.environment is 'Where.';
comment on column mainstay.service_minute.service is 'Which service.';
comment on column mainstay.service_minute.metric is 'Name of the metric in the catalogue.';
comment on column mainstay.service_minute.minute is 'Begin of the minute.';
comment on column mainstay.service_minute.requests is 'Requests in it.';
comment on column mainstay.service_minute.errors is 'Errors among them.';
`;
