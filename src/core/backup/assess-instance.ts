/**
 * What a DBInstanceStatus means, and whether an instance may be worked with. RDS has no list of its statuses: it is a free
 * text, to which new ones were added later; one that is not known is waited for, never taken for ready.
 */
import type { Endpoint, InstanceFacts } from '../model/backup.ts';

const READY = ['available', 'storage-optimization'];
/** Connections work; some calls of the API are refused meanwhile. */
const USABLE = [
  'backing-up',
  'configuring-enhanced-monitoring',
  'configuring-iam-database-auth',
  'configuring-log-exports',
  'configuring-associated-roles',
  'configuring-activity-stream',
];
const MOVING = [
  'creating',
  'modifying',
  'rebooting',
  'renaming',
  'upgrading',
  'maintenance',
  'starting',
  'stopping',
  'resetting-master-credentials',
  'moving-to-vpc',
  'converting-to-vpc',
  'backtracking',
  'validating-configuration',
];
const LEAVING = ['deleting', 'delete-precheck', 'deleted'];
/** It will not come any more, and costs nothing. */
const DEAD = [
  'failed',
  'incompatible-restore',
  'incompatible-network',
  'inaccessible-encryption-credentials',
  'insufficient-capacity',
  'unsupported-configuration',
];
/** It will not come by itself, and is paid for until it is deleted. */
const STUCK = [
  'restore-error',
  'incompatible-parameters',
  'incompatible-option-group',
  'incompatible-credentials',
  'storage-full',
  'inaccessible-encryption-credentials-recoverable',
  'stopped',
  'automation-paused',
];

export const STATUS_CLASSES = ['ready', 'usable', 'moving', 'leaving', 'dead', 'stuck', 'unknown'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

export function statusClass(status: string): StatusClass {
  const name = status.toLowerCase();
  if (READY.includes(name)) return 'ready';
  if (USABLE.includes(name)) return 'usable';
  if (MOVING.includes(name)) return 'moving';
  if (LEAVING.includes(name)) return 'leaving';
  if (DEAD.includes(name)) return 'dead';
  if (STUCK.includes(name)) return 'stuck';
  return 'unknown';
}

/** Whether the provider charges for it in this state; of an unknown one it is assumed. */
export function isBilled(status: string): boolean {
  const kind = statusClass(status);
  return kind !== 'dead' && kind !== 'leaving' && status.toLowerCase() !== 'creating';
}

export type InstanceAssessment =
  | { readonly state: 'ready'; readonly endpoint: Endpoint; readonly warnings: readonly string[] }
  | { readonly state: 'wait'; readonly reason: string; readonly warning?: string }
  | { readonly state: 'failed'; readonly reason: string; readonly billed: boolean };

/**
 * Ready is more than a status: `available` is also said of an instance that will restart for its parameters, or that
 * nobody can reach yet. `undefined` is an instance that is not there.
 */
export function assessInstance(instance: InstanceFacts | undefined): InstanceAssessment {
  if (instance === undefined) return { state: 'failed', reason: 'the instance is not there (any more)', billed: false };
  const { status, endpoint } = instance;
  const says = `status is ${status === '' ? 'empty' : status}`;
  const kind = statusClass(status);
  switch (kind) {
    case 'moving':
      return { state: 'wait', reason: says };
    case 'unknown':
      return { state: 'wait', reason: says, warning: `status ${status} is not known to us: taken for not ready` };
    case 'leaving':
      return { state: 'failed', reason: `${says}: somebody deletes it`, billed: false };
    case 'dead':
      return { state: 'failed', reason: `${says}: it will not become available`, billed: false };
    case 'stuck':
      return { state: 'failed', reason: `${says}: it stays so until somebody acts, and is billed`, billed: true };
    case 'ready':
    case 'usable': {
      const missing = whyNotSettled(instance);
      if (missing !== undefined) return { state: 'wait', reason: `${says}, but ${missing}` };
      if (endpoint === undefined) return { state: 'wait', reason: `${says}, but it has no address` };
      return { state: 'ready', endpoint, warnings: warningsOf(instance, kind) };
    }
  }
}

/** `undefined` when every part of it is as it was asked for. */
function whyNotSettled(instance: InstanceFacts): string | undefined {
  const { parameterGroups, pendingChanges, securityGroups, statusInfos, replicaOf } = instance;
  const applying = parameterGroups.find(({ apply }) => apply === 'applying');
  if (applying) return `parameter group ${applying.name} is being applied`;
  if (pendingChanges.length > 0) return `changes are pending: ${pendingChanges.join(', ')}`;
  const group = securityGroups.find(({ status }) => status !== 'active');
  if (group) return `security group ${group.id} is ${group.status === '' ? 'in no state' : group.status}`;
  if (replicaOf === undefined) return undefined;
  const halted = statusInfos.find(({ status, normal }) => !normal || status !== 'replicating');
  return halted && `${halted.type} is ${halted.status}`;
}

function warningsOf({ status, storage }: InstanceFacts, kind: 'ready' | 'usable'): readonly string[] {
  const warnings: string[] = [];
  if (kind === 'usable') warnings.push(`status is ${status}: some changes are refused meanwhile`);
  if (storage?.status === 'Initializing') {
    const progress = storage.progressPercent === undefined ? '' : ` (${storage.progressPercent} %)`;
    warnings.push(`the volume still loads from the snapshot${progress}: times are slower than they will be`);
  }
  return warnings;
}
