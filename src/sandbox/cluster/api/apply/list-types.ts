import type { FieldType } from '../models.ts';
import { MERGE_KEYS, PRIMITIVE } from '../patch/merge-keys.ts';

/**
 * How a list is owned: as a whole, item by item under its keys, or value by value. Server-side apply and the strategic
 * merge patch agree on most lists, but not on the keys of all.
 */
export type ListOwnership =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'map'; readonly keys: readonly string[] }
  | { readonly kind: 'set' };

const ATOMIC: ListOwnership = { kind: 'atomic' };
const CONTAINER = { ports: ['containerPort', 'protocol'] };

const KEYS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  V1Container: CONTAINER,
  V1EphemeralContainer: CONTAINER,
  V1PodSpec: { topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'] },
  V1ServiceSpec: { ports: ['port', 'protocol'] },
  GatewaySpec: { listeners: ['name'] },
  GatewayStatus: { conditions: ['type'], listeners: ['name'] },
  GatewayClassStatus: { conditions: ['type'] },
};

/** What the keys of an item are when it leaves them out. */
export const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Types of which nobody owns a part. */
const ATOMIC_MODELS: ReadonlySet<string> = new Set([
  'V1LabelSelector',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1OwnerReference',
  'V1LocalObjectReference',
  'V1ObjectReference',
  'V1TypedLocalObjectReference',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1ConfigMapKeySelector',
  'V1SecretKeySelector',
  'V1EndpointConditions',
]);
const ATOMIC_MAPS: ReadonlySet<string> = new Set(['V1PodSpec.nodeSelector', 'V1ServiceSpec.selector']);

export function ownershipOfList(parent: FieldType, field: string): ListOwnership {
  if (parent.type !== 'model') return ATOMIC;
  const keys = KEYS[parent.model]?.[field];
  if (keys) return { kind: 'map', keys };
  const key = MERGE_KEYS[parent.model]?.[field];
  if (key === undefined) return ATOMIC;
  return key === PRIMITIVE ? { kind: 'set' } : { kind: 'map', keys: [key] };
}

/** Whether an object at this field is owned as a whole. */
export function isAtomicObject(parent: FieldType, field: string, type: FieldType): boolean {
  if (type.type === 'model') return ATOMIC_MODELS.has(type.model);
  return parent.type === 'model' && ATOMIC_MAPS.has(`${parent.model}.${field}`);
}
