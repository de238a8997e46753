import { type ApiObject, listAt, textAt } from '../json.ts';
import { AGE, column, NAME, wide } from './cells.ts';
import type { ResourceKind } from './kind.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

export const NODE: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status'],
  model: 'V1Node',
  columns: [
    NAME,
    column('Status', statusOf),
    column('Roles', rolesOf),
    AGE,
    column('Version', (object) => textAt(object, 'status', 'nodeInfo', 'kubeletVersion') ?? ''),
    wide('Internal-IP', (object) => addressOf(object, 'InternalIP')),
    wide('External-IP', (object) => addressOf(object, 'ExternalIP')),
    wide('OS-Image', (object) => textAt(object, 'status', 'nodeInfo', 'osImage') ?? '<unknown>'),
    wide('Kernel-Version', (object) => textAt(object, 'status', 'nodeInfo', 'kernelVersion') ?? '<unknown>'),
    wide(
      'Container-Runtime',
      (object) => textAt(object, 'status', 'nodeInfo', 'containerRuntimeVersion') ?? '<unknown>',
    ),
  ],
  fields: { 'spec.unschedulable': (object) => String(object.spec !== undefined && unschedulable(object)) },
};

function unschedulable(object: ApiObject): boolean {
  const spec = object.spec;
  return typeof spec === 'object' && spec !== null && !Array.isArray(spec) && spec.unschedulable === true;
}

function statusOf(object: ApiObject): string {
  const ready = listAt(object, 'status', 'conditions').find((condition) => condition.type === 'Ready');
  const base = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return unschedulable(object) ? `${base},SchedulingDisabled` : base;
}

function rolesOf(object: ApiObject): string {
  const roles = Object.keys(object.metadata.labels ?? {})
    .filter((key) => key.startsWith(ROLE_PREFIX))
    .map((key) => key.slice(ROLE_PREFIX.length));
  return roles.length > 0 ? roles.sort().join(',') : '<none>';
}

/** The first address of a type in a Node's status, `<none>` when there is none. */
export function addressOf(node: ApiObject, type: string): string {
  const found = listAt(node, 'status', 'addresses').find((address) => address.type === type);
  return textAt(found, 'address') ?? '<none>';
}
