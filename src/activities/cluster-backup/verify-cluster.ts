import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { ResourceClient } from '../../clients/kubernetes/resource-client.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { COPY_PROOFS } from '../../core/cache-backup/cache-place.ts';
import { differences, objectName, parseBundle } from '../../core/cluster-backup/bundle.ts';
import { apiVersionOf } from '../../core/cluster-backup/kinds.ts';
import { type PlainObject, restorable } from '../../core/cluster-backup/restorable.ts';
import type { ClusterBackupPlan, ClusterManifest } from '../../core/model/cluster-backup.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { encryptionOf } from '../cache/copy-cache.ts';
import { readJson, writeJson } from '../dumps/store-stream.ts';
import { withTransfer } from '../dumps/transfer.ts';
import type { ClusterBackupDeps } from './copy-cluster.ts';
import { unseal } from './secret-box.ts';
import type { VerifyClusterInput, VerifyClusterResult } from './types.ts';

const MOST_NAMED = 20;
const LARGEST_BUNDLE = 512 * 1024 * 1024;
/** What the object is called that is tried as a new one: the name is taken by its original. */
const NEW_NAME = 'mainstay-check';
const decompress = promisify(gunzip);

interface Found {
  readonly refused: string[];
  readonly denied: string[];
  readonly different: string[];
  readonly changed: string[];
}

export function createVerifyCluster(deps: ClusterBackupDeps) {
  return {
    /**
     * Reads the copy back from S3 and tries each object on the cluster it came from, by dry runs that write nothing: as
     * an apply over what is there (it must come out as it was copied), and as a new object under another name (it must
     * not lack what only a living one had). Then each is read again: what changed meanwhile is told, and is no fault.
     */
    async verifyCluster({ plan, copy }: VerifyClusterInput): Promise<VerifyClusterResult> {
      return withTransfer(plan.deadlineMs, async ({ signal, tell }): Promise<VerifyClusterResult> => {
        const store = deps.aws.objects(copy.bundle.region);
        const manifest = await readJson<ClusterManifest>(store, copy.manifest, signal);
        if (manifest === undefined) return ended('failed', [`${copy.manifest.key}: expected a manifest, found none`]);
        const objects = await readCopy(deps, { plan, copy }, signal);
        if ('problem' in objects) return ended('failed', [objects.problem]);
        if (objects.length !== copy.objects + (copy.secretsBundle ? copy.secrets : 0)) {
          return ended('failed', [`${copy.bundle.key}: expected ${copy.objects} objects, found ${objects.length}`]);
        }
        if (plan.verify === 'none') return ended('couldNotVerify', ['dry runs are switched off in the catalogue']);
        const client = deps.resources(plan.cluster);
        const found: Found = { refused: [], denied: [], different: [], changed: [] };
        for (const [index, object] of objects.entries()) {
          tell(`trying ${objectName(object)} (${index + 1} of ${objects.length})`, index);
          await tryObject(client, plan, object, found, signal);
        }
        const result = verdictOf(found, objects.length);
        if (result.outcome === 'verified') {
          const proof = { format: 1, verifiedAtMs: Date.now(), objects: objects.length };
          const place = { bucket: copy.bundle.bucket, key: `${copy.folder}${COPY_PROOFS.verified}` };
          await writeJson(store, { ...place, encryption: encryptionOf(plan) }, proof, signal);
        }
        return result;
      });
    },
  };
}

async function readCopy(
  deps: ClusterBackupDeps,
  { plan, copy }: VerifyClusterInput,
  signal: AbortSignal,
): Promise<readonly PlainObject[] | { readonly problem: string }> {
  const store = deps.aws.objects(copy.bundle.region);
  try {
    const zipped = await store.get({ ...copy.bundle, maxBytes: LARGEST_BUNDLE }, signal);
    const objects = parseBundle((await decompress(zipped)).toString('utf8'));
    if (copy.secretsBundle === undefined || plan.secrets.mode !== 'encrypted') return objects;
    const sealed = await store.get({ ...copy.secretsBundle, maxBytes: LARGEST_BUNDLE }, signal);
    const sources = { kubernetes: deps.kubernetes(plan.cluster), awsSecrets: deps.aws.secrets };
    const { text, about } = unseal(sealed, await resolveSecret(plan.secrets.key, sources, signal));
    if (about !== copy.folder) return { problem: `${copy.secretsBundle.key}: Secrets of another copy, ${about}` };
    return [...parseBundle(text), ...objects];
  } catch (error) {
    signal.throwIfAborted();
    const isOurs = isCoded(error)
      ? ['BadResponse', 'NotFound', 'InvalidInput'].includes(error.code)
      : error instanceof Error;
    if (!isOurs) throw error;
    return {
      problem: `${copy.bundle.key}: cannot be read back: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function tryObject(
  client: ResourceClient,
  plan: ClusterBackupPlan,
  object: PlainObject,
  found: Found,
  signal: AbortSignal,
): Promise<void> {
  const kind = plan.kinds.find((each) => each.kind === object.kind && apiVersionOf(each) === object.apiVersion);
  if (kind === undefined) throw new CodedError('InvalidInput', `${objectName(object)}: expected a kind of the plan`);
  const name = objectName(object);
  const clean = (seen: KubernetesObject): PlainObject =>
    restorable({ ...(seen as unknown as PlainObject), kind: kind.kind }, apiVersionOf(kind));
  const living = await client.get(kind, object.metadata, signal);
  const since = living === undefined ? ['gone'] : differences(object, clean(living));
  if (since.length > 0) found.changed.push(`${name}: ${since.join(', ')}`);
  try {
    const applied = await client.tryApply(kind, object as unknown as KubernetesObject, signal);
    const differs = differences(object, clean(applied));
    // What someone else added since the copy is kept by an apply.
    if (differs.length > 0 && since.length === 0)
      found.different.push(`${name}: comes out different: ${differs.join(', ')}`);
    if (!kind.namespaced) return;
    const asNew = { ...object, metadata: { ...object.metadata, name: NEW_NAME } };
    await client.tryCreate(kind, asNew as unknown as KubernetesObject, signal);
  } catch (error) {
    if (!isCoded(error)) throw error;
    if (error.code === 'Forbidden') found.denied.push(error.message);
    else if (['InvalidInput', 'PreconditionFailed', 'BadResponse', 'NotFound', 'Conflict'].includes(error.code)) {
      found.refused.push(error.message);
    } else throw error;
  }
}

function verdictOf({ refused, denied, different, changed }: Found, checked: number): VerifyClusterResult {
  const faults = [...refused, ...different];
  const changedSince = changed.slice(0, MOST_NAMED);
  if (faults.length > 0) return { outcome: 'failed', says: faults.slice(0, MOST_NAMED), checked, changedSince };
  if (denied.length > 0) return { outcome: 'couldNotVerify', says: denied.slice(0, MOST_NAMED), checked, changedSince };
  const says = `${checked} objects tried by dry run, as an apply and as new ones; all were taken and came out as copied`;
  return { outcome: 'verified', says: [says], checked, changedSince };
}

function ended(outcome: VerifyClusterResult['outcome'], says: readonly string[]): VerifyClusterResult {
  return { outcome, says, checked: 0, changedSince: [] };
}
