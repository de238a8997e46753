/** What boto3 sees of the real service, as its documentation, its model and reports of its users have it. */

const notFound = ['DBInstanceNotFound', 404, 'DBInstanceNotFoundFault'];
const noSnapshot = ['DBSnapshotNotFound', 404, 'DBSnapshotNotFoundFault'];
const instanceExists = ['DBInstanceAlreadyExists', 400, 'DBInstanceAlreadyExistsFault'];
const snapshotExists = ['DBSnapshotAlreadyExists', 400, 'DBSnapshotAlreadyExistsFault'];
const wrongState = ['InvalidDBInstanceState', 400, 'InvalidDBInstanceStateFault'];
const wrongCombination = ['InvalidParameterCombination', 400, 'ClientError'];
const wrongValue = ['InvalidParameterValue', 400, 'ClientError'];

export const TRUTH: Readonly<Record<string, unknown>> = {
  'describe.unknown': notFound,
  'create.status': 'creating',
  'create.hasAddress': false,
  'create.passwordTold': false,
  'create.again': instanceExists,
  'create.badName': wrongValue,
  created: ['available', 'postgres', 'crm', 1, { env: 'prod' }],
  'created.resourceId': true,
  'created.latestIsPast': true,
  'page.tooSmall': wrongValue,
  tags: [['env', 'stage']],
  'tags.unknown': notFound,
  'snapshot.status': 'creating',
  'snapshot.kind': ['manual', 'crm'],
  'snapshot.unknownInstance': notFound,
  snapshot: ['available', 100, 'postgres', { tier: 'daily' }],
  'snapshot.databaseTime': true,
  'snapshot.again': snapshotExists,
  'snapshot.unknown': noSnapshot,
  'restore.status': 'creating',
  'restore.again': instanceExists,
  'restore.unknown': noSnapshot,
  'restored.protection': false,
  'restored.multiAz': false,
  'restored.retention': 1,
  'restored.tags': { mainstay: 'temporary' },
  'restored.resourceIdIsNew': true,
  'restored.group': ['default.postgres18'],
  'pointInTime.status': 'creating',
  // No documentation names the code for a time outside of the window; this is the sandbox's choice.
  'pointInTime.future': ['InvalidRestoreFault', 400, 'InvalidRestoreFault'],
  'pointInTime.noTime': wrongCombination,
  'pointInTime.unknown': notFound,
  'pointInTime.protection': false,
  'replica.status': 'creating',
  'replica.unknownSource': notFound,
  'replica.source': 'crm',
  'replica.infos': [['read replication', 'replicating']],
  'replica.ofSource': ['crm-replica'],
  'promote.noReplica': wrongState,
  'promote.unknown': notFound,
  'promote.status': 'modifying',
  'promoted.source': null,
  'promoted.ofSource': [],
  'promote.again': wrongState,
  'copy.status': 'creating',
  copy: ['available', 'eu-central-1', 'eu-west-1', { tier: 'daily' }],
  'copy.notHere': noSnapshot,
  'copy.again': snapshotExists,
  'delete.protected': wrongCombination,
  'delete.noSnapshotNamed': wrongCombination,
  'delete.status': 'deleting',
  'delete.again': wrongState,
  'delete.gone': notFound,
  'modify.status': 'available',
  'delete.finalSnapshot': 'available',
  'snapshot.deleted': noSnapshot,
  'left.instances': [],
  'left.snapshots': [],
};

export interface KnownDifference {
  readonly seen: unknown;
  readonly why: string;
}

const NO_TIMELINE = 'what it makes is available at once: it has no timeline';
const COPIES_ALL = 'a restored instance gets nearly every property of its source, where RDS sets the default';
const NO_PROMOTION = 'it promotes nothing, and takes any instance for a replica';
const IGNORES_TIME = 'it ignores the time of a restore to a point in time';

/** Where moto 5.2.5 tells something else. A difference that is gone has to leave this list. */
export const MOTO_DIFFERS: Readonly<Record<string, KnownDifference>> = {
  'create.status': { seen: 'available', why: NO_TIMELINE },
  'create.hasAddress': { seen: true, why: NO_TIMELINE },
  'page.tooSmall': { seen: 'accepted', why: 'it does not check the size of a page' },
  'tags.unknown': { seen: 'accepted', why: 'it lists the tags of what does not exist: none' },
  'snapshot.status': { seen: 'available', why: NO_TIMELINE },
  snapshot: { seen: ['available', null, 'postgres', { tier: 'daily' }], why: 'it tells no progress of a snapshot' },
  'snapshot.databaseTime': { seen: false, why: 'behind its snapshots is no database that had a last transaction' },
  'restore.status': { seen: 'available', why: NO_TIMELINE },
  'restored.protection': { seen: true, why: COPIES_ALL },
  'restored.multiAz': { seen: true, why: COPIES_ALL },
  'restored.resourceIdIsNew': { seen: false, why: 'all its instances have one resource id' },
  'pointInTime.status': { seen: 'available', why: NO_TIMELINE },
  'pointInTime.future': { seen: 'accepted', why: IGNORES_TIME },
  'pointInTime.noTime': { seen: 'accepted', why: IGNORES_TIME },
  'pointInTime.protection': { seen: true, why: COPIES_ALL },
  'replica.status': { seen: 'available', why: NO_TIMELINE },
  'replica.infos': { seen: [], why: 'it tells nothing of replication' },
  'promote.noReplica': { seen: 'accepted', why: NO_PROMOTION },
  'promote.unknown': { seen: 'no answer of AWS', why: 'it fails on an instance that is not there: 500 as HTML' },
  'promote.status': { seen: 'available', why: NO_TIMELINE },
  'promoted.source': { seen: 'crm', why: NO_PROMOTION },
  'promoted.ofSource': { seen: ['crm-replica'], why: NO_PROMOTION },
  'promote.again': { seen: 'accepted', why: NO_PROMOTION },
  'copy.status': { seen: 'available', why: NO_TIMELINE },
  copy: { seen: ['available', null, 'eu-west-1', { tier: 'daily' }], why: 'a copy does not tell where it came from' },
  'delete.again': { seen: notFound, why: 'what is deleted is gone at once: it is never already being deleted' },
  'left.instances': { seen: ['x-ahead', 'x-time'], why: IGNORES_TIME },
};
