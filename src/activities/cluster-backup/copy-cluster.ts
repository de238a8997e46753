import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AwsClients } from '../../clients/aws/port.ts';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import type { ResourceClients } from '../../clients/kubernetes/resource-client.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { COPY_PARTS, COPY_PROOFS, copiesRoot, copyFolder } from '../../core/cache-backup/cache-place.ts';
import { bundleText, inOrder, objectName } from '../../core/cluster-backup/bundle.ts';
import { apiVersionOf } from '../../core/cluster-backup/kinds.ts';
import { type PlainObject, restorable, whyLeftOut } from '../../core/cluster-backup/restorable.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import type { ClusterBackupPlan, ClusterManifest, LeftOut, SecretMention } from '../../core/model/cluster-backup.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { encryptionOf } from '../cache/copy-cache.ts';
import { readJson, writeJson } from '../dumps/store-stream.ts';
import { type Transfer, withTransfer } from '../dumps/transfer.ts';
import { mentionOf, seal } from './secret-box.ts';
import type { ClusterCopyFacts, CopyClusterInput, CopyClusterResult } from './types.ts';

export interface ClusterBackupDeps {
  readonly aws: AwsClients;
  readonly kubernetes: KubernetesClients;
  readonly resources: ResourceClients;
}

/** A history names so many of what was left out. */
const MOST_NAMED = 20;
const compress = promisify(gzip);

interface Gathered {
  readonly objects: readonly PlainObject[];
  readonly secretObjects: readonly PlainObject[];
  readonly leftOut: readonly LeftOut[];
}

export function createCopyCluster(deps: ClusterBackupDeps) {
  return {
    /**
     * The objects of the namespaces as they could be applied again, in one bundle; Secrets are mentioned, or sealed
     * beside it. The manifest is written last; a whole copy of this operation is adopted. Changes nothing in the cluster.
     */
    async copyCluster(input: CopyClusterInput): Promise<CopyClusterResult> {
      return withTransfer(input.plan.deadlineMs, async (transfer) => {
        const found = await adopted(deps, input, transfer.signal);
        if (found !== undefined) return found;
        try {
          return await copyAnew(deps, input, transfer);
        } catch (error) {
          transfer.signal.throwIfAborted();
          const isFinal =
            isCoded(error) && ['Forbidden', 'NotFound', 'PreconditionFailed', 'InvalidInput'].includes(error.code);
          if (!isFinal) throw error;
          return { outcome: 'couldNotCopy', reason: error.message };
        }
      });
    },
  };
}

export function clusterRoot({ prefix, environment }: ClusterBackupPlan): string {
  return copiesRoot(prefix, environment);
}

async function adopted(
  { aws }: ClusterBackupDeps,
  { plan, nominalAtMs, mark }: CopyClusterInput,
  signal: AbortSignal,
): Promise<CopyClusterResult | undefined> {
  const store = aws.objects(plan.region);
  const folder = copyFolder(clusterRoot(plan), nominalAtMs, mark);
  const place = { bucket: plan.bucket, key: `${folder}${COPY_PROOFS.manifest}` };
  const manifest = await readJson<ClusterManifest>(store, place, signal);
  if (manifest?.format !== 1) return undefined;
  const [bundle, beside] = await Promise.all([store.head(manifest.bundle, signal), store.head(place, signal)]);
  if (bundle?.bytes !== manifest.bundle.bytes || beside === undefined) return undefined;
  const reference = { region: store.region, ...place, bytes: beside.bytes, sha256: beside.sha256 ?? '' };
  return { outcome: 'copied', copy: factsOf(folder, manifest, reference), adopted: true };
}

async function copyAnew(
  deps: ClusterBackupDeps,
  { plan, nominalAtMs, mark }: CopyClusterInput,
  transfer: Transfer,
): Promise<CopyClusterResult> {
  const { signal } = transfer;
  const takenAtMs = Date.now();
  const gathered = await gather(deps, plan, transfer);
  const sources = { kubernetes: deps.kubernetes(plan.cluster), awsSecrets: deps.aws.secrets };
  const secretOf = (reference: string): Promise<string> => resolveSecret(reference, sources, signal);
  const { environment, secrets } = plan;
  const digestKey = secrets.mode === 'references' && secrets.digestKey ? await secretOf(secrets.digestKey) : undefined;
  const mentions = gathered.secretObjects.map((secret) => mentionOf(secret, digestKey));

  const store = deps.aws.objects(plan.region);
  const folder = copyFolder(clusterRoot(plan), nominalAtMs, mark);
  const put = async (part: string, body: Buffer, contentType: string): Promise<ObjectReference> => {
    const object = { bucket: plan.bucket, key: `${folder}${part}`, body, contentType, encryption: encryptionOf(plan) };
    const { bucket, key, bytes, sha256 } = await store.put(object, signal);
    return { region: store.region, bucket, key, bytes, sha256 };
  };
  const head = { environment, takenAtMs, secrets: mentions, isEncryptedBeside: secrets.mode === 'encrypted' };
  const bundle = await put(COPY_PARTS.objects, await compress(bundleText(gathered.objects, head)), 'application/gzip');
  const secretsBundle =
    secrets.mode === 'encrypted'
      ? await put(
          COPY_PARTS.secrets,
          seal(bundleText(gathered.secretObjects, { ...head, secrets: [] }), folder, await secretOf(secrets.key)),
          'application/octet-stream',
        )
      : undefined;
  const manifest = manifestOf({ plan, mark, takenAtMs, bundle, secretsBundle, mentions }, gathered);
  const place = { bucket: plan.bucket, key: `${folder}${COPY_PROOFS.manifest}`, encryption: encryptionOf(plan) };
  const reference = await writeJson(store, place, manifest, signal);
  return { outcome: 'copied', copy: factsOf(folder, manifest, reference), adopted: false };
}

/** Every kind of every namespace, one after the other: a copy must not be felt by the API server. */
async function gather(
  { resources }: ClusterBackupDeps,
  plan: ClusterBackupPlan,
  { signal, tell }: Transfer,
): Promise<Gathered> {
  const client = resources(plan.cluster);
  const objects: PlainObject[] = [];
  const leftOut: LeftOut[] = [];
  for (const kind of plan.kinds) {
    tell(`listing ${kind.plural}`, objects.length);
    const places = kind.namespaced ? plan.namespaces : [undefined];
    for (const namespace of places) {
      // Namespaces are named: a selector speaks of what is in them.
      const selector = kind.kind === 'Namespace' ? undefined : plan.labelSelector;
      const where = {
        ...(namespace === undefined ? {} : { namespace }),
        ...(selector ? { labelSelector: selector } : {}),
      };
      const found = await client.list(kind, where, signal);
      if (found === undefined) {
        leftOut.push({ object: kind.kind, why: 'the server does not serve this kind' });
        break;
      }
      for (const object of found as readonly unknown[] as readonly PlainObject[]) {
        if (kind.kind === 'Namespace' && !plan.namespaces.includes(object.metadata.name)) continue;
        const why = whyLeftOut(object);
        if (why !== undefined) leftOut.push({ object: objectName(object), why });
        else objects.push(restorable(object, apiVersionOf(kind)));
      }
    }
  }
  const ordered = inOrder(
    objects,
    plan.kinds.map(({ kind }) => kind),
  );
  const volumes = ordered.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  return {
    objects: ordered.filter(({ kind }) => kind !== 'Secret'),
    secretObjects: ordered.filter(({ kind }) => kind === 'Secret'),
    leftOut: [
      ...leftOut,
      ...volumes.map((claim) => ({ object: objectName(claim), why: 'the data of its volume is not copied' })),
    ],
  };
}

function manifestOf(
  made: {
    readonly plan: ClusterBackupPlan;
    readonly mark: ClusterManifest['mark'];
    readonly takenAtMs: number;
    readonly bundle: ObjectReference;
    readonly secretsBundle: ObjectReference | undefined;
    readonly mentions: readonly SecretMention[];
  },
  { objects, leftOut }: Gathered,
): ClusterManifest {
  const { plan, mark, takenAtMs, bundle, secretsBundle, mentions } = made;
  const counts: Record<string, number> = {};
  for (const { kind } of objects) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    format: 1,
    environment: plan.environment,
    mark,
    bundle,
    ...(secretsBundle === undefined ? {} : { secretsBundle }),
    takenAtMs,
    counts,
    secrets: mentions,
    leftOut,
  };
}

function factsOf(folder: string, manifest: ClusterManifest, reference: ObjectReference): ClusterCopyFacts {
  const { bundle, secretsBundle, counts, secrets, leftOut, takenAtMs } = manifest;
  return {
    folder,
    bundle,
    ...(secretsBundle === undefined ? {} : { secretsBundle }),
    manifest: reference,
    objects: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
    secrets: secrets.length,
    leftOut: leftOut.slice(0, MOST_NAMED),
    leftOutCount: leftOut.length,
    takenAtMs,
  };
}
