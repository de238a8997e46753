import { badRequest, invalidOptions, invalidValue, notSupported, preconditionFailed } from './api-error.ts';
import { type Cluster, timestamp } from './cluster.ts';
import { type ApiObject, isObject, type Json, numberAt, textAt } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';
import { isFinished, type ObjectAddress, readObject } from './writes.ts';

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';
const POLICIES = ['Foreground', 'Background', 'Orphan'];

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | 'Default';
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

/**
 * Reads DeleteOptions from the body or, when there is none, from the query: with a body, a real server does not look at
 * the query. Throws 400 and 422 for nonsense.
 */
export function readDeleteOptions(parameters: URLSearchParams, body: Json): DeleteOptions {
  const query = isObject(body) ? new URLSearchParams() : parameters;
  const grace = numberAt(body, 'gracePeriodSeconds') ?? optionalNumber(query.get('gracePeriodSeconds'));
  if (grace !== undefined && !Number.isInteger(grace))
    throw badRequest(`gracePeriodSeconds must be a whole number of seconds, got ${grace}`);
  const policy = textAt(body, 'propagationPolicy') ?? query.get('propagationPolicy') ?? 'Default';
  if (policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan' && policy !== 'Default')
    throw invalidOptions('DeleteOptions', notSupported('propagationPolicy', policy, POLICIES));
  const orphan = isObject(body) ? body.orphanDependents : undefined;
  if (orphan !== undefined && orphan !== null && policy !== 'Default')
    throw invalidOptions(
      'DeleteOptions',
      invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  const uid = textAt(body, 'preconditions', 'uid');
  const resourceVersion = textAt(body, 'preconditions', 'resourceVersion');
  const dryRun =
    query.getAll('dryRun').includes('All') ||
    (isObject(body) && Array.isArray(body.dryRun) && body.dryRun.includes('All'));
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    propagation: orphan === true ? 'Orphan' : policy,
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    dryRun,
  };
}

function optionalNumber(text: string | null): number | undefined {
  return text === null || text === '' ? undefined : Number(text);
}

/** `gone`: the object was removed at once; otherwise it stays with a deletionTimestamp until someone finishes it. */
export interface Deletion {
  readonly gone: boolean;
  readonly object: ApiObject;
}

export function deleteObject(cluster: Cluster, address: ObjectAddress, options: DeleteOptions): Deletion {
  const { kind, name } = address;
  const current = readObject(cluster, address);
  if (options.uid && options.uid !== current.metadata.uid)
    throw preconditionFailed(
      kind,
      name,
      `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
    );
  if (options.resourceVersion && options.resourceVersion !== current.metadata.resourceVersion)
    throw preconditionFailed(
      kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${current.metadata.resourceVersion ?? ''}`,
    );
  const marked = markDeleted(kind, current, options);
  if (options.dryRun)
    return { gone: isFinished(marked), object: isFinished(marked) ? lastState(kind, current, marked) : marked };
  // What goes at once was never under deletion: only what waits for somebody carries the mark.
  if (isFinished(marked))
    return { gone: true, object: cluster.store.remove(kind, lastState(kind, current, marked)) ?? marked };
  return { gone: false, object: marked === current ? current : cluster.store.put(kind, marked) };
}

/** A Pod goes by way of its grace, even of none; others, and what is not yet marked, as they stand. */
function lastState(kind: ResourceKind, current: ApiObject, marked: ApiObject): ApiObject {
  return kind.kind === 'Pod' || current.metadata.deletionTimestamp ? marked : current;
}

/** The object as the deletion leaves it; the same object when nothing changes (a second, no shorter delete). */
function markDeleted(kind: ResourceKind, current: ApiObject, options: DeleteOptions): ApiObject {
  const grace = graceOf(kind, current, options);
  const { metadata } = current;
  const finalizers = finalizersAfter(metadata.finalizers ?? [], options);
  const isShorter = grace < (metadata.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY);
  const isMarked = metadata.deletionTimestamp !== undefined;
  if (isMarked && !isShorter) return current;
  const { finalizers: _before, ...rest } = metadata;
  const marked: ApiObject = {
    ...current,
    metadata: {
      ...rest,
      ...(finalizers.length > 0 ? { finalizers } : {}),
      deletionTimestamp: timestamp(Date.now() + grace * 1000),
      ...(kind.kind === 'Namespace' ? {} : { deletionGracePeriodSeconds: grace }),
      ...(kind.counts && !isMarked ? { generation: (metadata.generation ?? 0) + 1 } : {}),
    },
  };
  if (kind.kind === 'Namespace')
    marked.status = { ...(isObject(current.status) ? current.status : {}), phase: 'Terminating' };
  return marked;
}

/** Only a bound Pod that has not ended has a node that grants grace. */
function graceOf(kind: ResourceKind, current: ApiObject, options: DeleteOptions): number {
  if (kind.kind !== 'Pod') return 0;
  const phase = textAt(current, 'status', 'phase');
  if (!textAt(current, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
  if (options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0) return 1;
  return options.gracePeriodSeconds ?? numberAt(current, 'spec', 'terminationGracePeriodSeconds') ?? 30;
}

function finalizersAfter(before: readonly string[], options: DeleteOptions): string[] {
  const others = before.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (options.propagation === 'Orphan') return [...others, ORPHAN];
  if (options.propagation === 'Foreground') return [...others, FOREGROUND];
  if (options.propagation === 'Background') return others;
  return [...before];
}
