import { isObject, type Json, type JsonObject } from './json.ts';

/** Lists that a real server writes even when they are empty. */
const KEPT_LISTS = new Set(['endpoints']);
/** Maps that Go's omitempty drops when empty; other empty objects (`resources`, `emptyDir`) say something. */
const DROPPED_MAPS = new Set([
  'labels',
  'annotations',
  'nodeSelector',
  'matchLabels',
  'limits',
  'requests',
  'data',
  'binaryData',
]);

/** Scalars whose zero Go's omitempty drops; pointers, such as `replicas`, keep theirs. */
const DROPPED_ZEROS = new Set([
  'minReadySeconds',
  'paused',
  'publishNotReadyAddresses',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'initialDelaySeconds',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'subPath',
  'hostPort',
  'nodePort',
  'observedGeneration',
  'readyReplicas',
  'availableReplicas',
  'updatedReplicas',
  'unavailableReplicas',
  'fullyLabeledReplicas',
  'active',
  'succeeded',
  'failed',
]);

/**
 * Drops what Go's encoder would not write: nulls, and for built-in kinds empty lists and empty label-like maps.
 * Otherwise the same object sent in two spellings would count as a change.
 */
export function prune(value: Json, isBuiltIn: boolean): Json {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map((item) => prune(item, isBuiltIn));
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || item === null) continue;
    const kept = prune(item, isBuiltIn);
    if (isBuiltIn && Array.isArray(kept) && kept.length === 0 && !KEPT_LISTS.has(key)) continue;
    if (isBuiltIn && DROPPED_MAPS.has(key) && isObject(kept) && Object.keys(kept).length === 0) continue;
    if (isBuiltIn && DROPPED_ZEROS.has(key) && (kept === 0 || kept === false || kept === '')) continue;
    // The value of an environment variable; in a map of strings an empty text says something.
    if (isBuiltIn && key === 'value' && kept === '' && 'name' in value) continue;
    result[key] = kept;
  }
  return result;
}
