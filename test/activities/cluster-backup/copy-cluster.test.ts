import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCopyCluster } from '../../../src/activities/cluster-backup/copy-cluster.ts';
import { createPruneClusterCopies } from '../../../src/activities/cluster-backup/prune-cluster.ts';
import { mentionOf, seal, unseal } from '../../../src/activities/cluster-backup/secret-box.ts';
import type { ClusterCopyFacts, CopyClusterResult } from '../../../src/activities/cluster-backup/types.ts';
import { createVerifyCluster } from '../../../src/activities/cluster-backup/verify-cluster.ts';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import { createResourceClients } from '../../../src/clients/kubernetes/resource-client.ts';
import { parseBundle } from '../../../src/core/cluster-backup/bundle.ts';
import { BACKED_UP_KINDS } from '../../../src/core/cluster-backup/kinds.ts';
import type { PlainObject } from '../../../src/core/cluster-backup/restorable.ts';
import type { ClusterBackupPlan, ClusterManifest } from '../../../src/core/model/cluster-backup.ts';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';
import { createMemoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { isMissing, requireTool } from '../../harness/tools.ts';
import { activityContext } from '../activity-context.ts';
import { fill, request } from './some-objects.ts';

const NOMINAL = Date.parse('2026-11-01T03:00:00Z');
const MARK = { operation: 'backup-cluster/production/1', run: 'run-1' };
const DAY = 86_400_000;
const KEY = 'a key of at least thirty-two characters';

describe('a copy of the objects of a cluster', () => {
  let folder: string;
  let api: ApiServer;

  beforeAll(async () => {
    process.env.TEST_CLUSTER_KEY = KEY;
    folder = await mkdtemp(join(tmpdir(), 'mainstay-cluster-'));
    api = await startApiServer({ namespaces: ['default', 'crm', 'other'] });
    await writeKubeconfig('source', api.url);
    await fill(api.url);
  });
  afterAll(async () => {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('holds what can be applied again, no value of a Secret, and is taken by dry runs', async () => {
    const memory = createMemoryStore();
    const copied = mustBeCopied(
      await copy(memory, planOf({ secrets: { mode: 'references', digestKey: 'env:TEST_CLUSTER_KEY' } })),
    );
    const { objects, text } = bundleIn(memory, copied);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace crm',
      'ConfigMap crm-api',
      'Service crm-api',
      'Service headless',
      'Deployment crm-api',
      'HorizontalPodAutoscaler crm-api',
    ]);
    expect(text).toMatch(/# {3}crm\/crm-api \(Opaque\): password, url/);
    for (const word of [
      'uid',
      'resourceVersion',
      'managedFields',
      'creationTimestamp',
      '"status"',
      'nodePort',
      'last-applied',
      'bm8tc3VjaC13b3Jk',
      'deployment.kubernetes.io',
    ])
      expect(text).not.toContain(word);
    expect(objects[2]).toMatchObject({ spec: expect.not.objectContaining({ clusterIP: expect.anything() }) });
    expect(objects[3]).toMatchObject({ spec: { clusterIP: 'None' } });

    const manifest = manifestIn(memory, copied);
    expect(manifest.secrets).toEqual([
      {
        namespace: 'crm',
        name: 'crm-api',
        type: 'Opaque',
        keys: ['password', 'url'],
        digests: { password: expect.stringMatching(/^[0-9a-f]{64}$/), url: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ]);
    const why = Object.fromEntries(manifest.leftOut.map((each) => [each.object, each.why]));
    expect(why).toMatchObject({
      'Deployment crm/crm-api-canary-7': 'it belongs to a release that was under way',
      StatefulSet: 'the server does not serve this kind',
      'ConfigMap crm/made': 'Deployment crm-api makes it',
    });
    const before = await storeOf(api);
    const verified = await verify(memory, planOf(), copied);
    expect(verified).toEqual({
      outcome: 'verified',
      checked: 6,
      changedSince: [],
      says: [expect.stringContaining('6 objects')],
    });
    expect(await storeOf(api)).toEqual(before);
    expect(memory.objects.has(`backups/${copied.folder}verified.json`)).toBe(true);
  });

  it('is the same bytes twice, adopted by a second run, and lists in pages', async () => {
    const memory = createMemoryStore();
    const first = mustBeCopied(await copy(memory, planOf()));
    const again = await copy(memory, planOf());
    expect(again).toMatchObject({ adopted: true, copy: { bundle: first.bundle } });
    const other = mustBeCopied(await copy(memory, planOf(), { ...MARK, run: 'two' }));
    expect(bundleIn(memory, other).objects).toEqual(bundleIn(memory, first).objects);
    const picked = mustBeCopied(await copy(createMemoryStore(), planOf({ labelSelector: 'app=crm-api' })));
    expect(picked.counts).toEqual({ Namespace: 1, ConfigMap: 1, Deployment: 1 });
  });

  it.skipIf(isMissing('kubectl'))('can be applied to an empty cluster by kubectl, and is then the same', async () => {
    const empty = await startApiServer({ namespaces: ['default'] });
    try {
      await writeKubeconfig('target', empty.url);
      const memory = createMemoryStore();
      const sealed = planOf({ secrets: { mode: 'encrypted', key: 'env:TEST_CLUSTER_KEY' } });
      const copied = mustBeCopied(await copy(memory, sealed));
      const { text } = bundleIn(memory, copied);
      const secrets = unseal(memory.objects.get(`backups/${copied.secretsBundle?.key}`) ?? Buffer.alloc(0), KEY).text;
      const [namespace = '', ...rest] = text.split(/^---$/m).slice(1);
      // Secrets come after the namespaces, before what needs them.
      for (const [index, part] of [namespace, secrets, rest.join('---\n')].entries()) {
        const file = join(folder, `part-${index}.yaml`);
        await writeFile(file, part);
        const argv = [
          '--kubeconfig',
          join(folder, 'target'),
          '--cache-dir',
          join(folder, 'cache'),
          'apply',
          '--server-side',
          '-f',
          file,
        ];
        await promisify(execFile)(requireTool('kubectl'), argv);
      }
      const back = createMemoryStore();
      const target = { ...sealed, cluster: { kubeconfig: join(folder, 'target') } };
      const restored = mustBeCopied(await copy(back, target));
      expect(bundleIn(back, restored).objects).toEqual(bundleIn(memory, copied).objects);
      expect(restored.secrets).toBe(1);
    } finally {
      await empty.close();
    }
  });

  it('with sealed Secrets is verified with them, and is of no use without the key', async () => {
    const memory = createMemoryStore();
    const plan = planOf({ secrets: { mode: 'encrypted', key: 'env:TEST_CLUSTER_KEY' } });
    const copied = mustBeCopied(await copy(memory, plan));
    const sealed = memory.objects.get(`backups/${copied.secretsBundle?.key}`) ?? Buffer.alloc(0);
    expect(sealed.toString('latin1')).not.toContain('bm8tc3VjaC13b3Jk');
    expect(await verify(memory, plan, copied)).toMatchObject({ outcome: 'verified', checked: 7 });
    expect(() => unseal(sealed, 'another key of at least thirty-two chars')).toThrow(/expected the key/);
    sealed[sealed.length - 20] = (sealed[sealed.length - 20] ?? 0) ^ 1;
    expect(await verify(memory, plan, copied)).toMatchObject({
      outcome: 'failed',
      says: [expect.stringMatching(/sha256|cannot be read back/)],
    });
  });

  it('says what changed since, and what the cluster refuses', async () => {
    const memory = createMemoryStore();
    const copied = mustBeCopied(await copy(memory, planOf()));
    await request(api.url, 'PATCH', '/api/v1/namespaces/crm/configmaps/crm-api', { data: { LEVEL: 'debug' } });
    expect(await verify(memory, planOf(), copied)).toMatchObject({
      outcome: 'verified',
      changedSince: ['ConfigMap crm/crm-api: data.LEVEL'],
    });
    await request(api.url, 'PATCH', '/api/v1/namespaces/crm/configmaps/crm-api', { data: { LEVEL: 'info' } });

    const name = `backups/${copied.bundle.key}`;
    const whole = memory.objects.get(name) ?? Buffer.alloc(0);
    const broken = gzipSync(gunzipSync(whole).toString().replace('"containerPort": 8080', '"containerPort": 808080'));
    memory.objects.set(name, broken);
    expect(
      await verify(memory, planOf(), { ...copied, bundle: { ...copied.bundle, bytes: broken.length } }),
    ).toMatchObject({
      outcome: 'failed',
      says: [expect.stringMatching(/apply \(dry run\) Deployment crm\/crm-api: 422/)],
    });
    memory.objects.set(name, whole.subarray(0, 40));
    expect(await verify(memory, planOf(), copied)).toMatchObject({
      outcome: 'failed',
      says: [expect.stringContaining('cannot be read back')],
    });
  });

  it('could not be verified without the right to patch, and is refused without the right to list', async () => {
    const memory = createMemoryStore();
    const copied = mustBeCopied(await copy(memory, planOf()));
    const patch = api.faults.add({ verb: 'patch', resource: 'services', deny: true });
    expect(await verify(memory, planOf(), copied)).toMatchObject({
      outcome: 'couldNotVerify',
      says: [expect.stringContaining('403'), expect.stringContaining('headless')],
    });
    api.faults.remove(patch);
    const list = api.faults.add({ verb: 'list', resource: 'services', deny: true });
    expect(await copy(createMemoryStore(), planOf())).toMatchObject({
      outcome: 'couldNotCopy',
      reason: expect.stringMatching(/list Service crm: 403/),
    });
    api.faults.remove(list);
    const away = api.faults.add({ verb: 'list', resource: 'services', status: 503 });
    await expect(copy(createMemoryStore(), planOf())).rejects.toMatchObject({ type: 'Unavailable' });
    api.faults.remove(away);
  });

  it('is pruned by age, but never the last verified one', async () => {
    const memory = createMemoryStore();
    const plan = planOf({ keepMs: DAY });
    const old = mustBeCopied(await copy(memory, plan));
    await verify(memory, plan, old);
    const nowMs = NOMINAL + 40 * DAY;
    const { copyCluster } = createCopyCluster(depsOf(memory));
    const next = mustBeCopied(await activityContext().run(() => copyCluster({ plan, mark: MARK, nominalAtMs: nowMs })));
    const prune = () =>
      activityContext().run(() =>
        createPruneClusterCopies(memory).pruneClusterCopies({ plan, own: next.folder, nowMs }),
      );
    expect(await prune()).toMatchObject({ removed: [], kept: 2 });
    await verify(memory, plan, next);
    expect(await prune()).toMatchObject({ removed: [{ folder: old.folder }], kept: 1 });
  });

  function planOf(change: Partial<ClusterBackupPlan> = {}): ClusterBackupPlan {
    return {
      environment: 'production',
      region: 'eu-central-1',
      cluster: { kubeconfig: join(folder, 'source') },
      namespaces: ['crm'],
      kinds: BACKED_UP_KINDS,
      secrets: { mode: 'references' },
      bucket: 'backups',
      prefix: 'cluster',
      keepMs: 90 * DAY,
      deadlineMs: 60_000,
      verify: 'dryRun',
      catalogueDigest: 'x',
      ...change,
    };
  }

  async function writeKubeconfig(name: string, server: string): Promise<void> {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'here',
      clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'here', user: {} }],
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'here', namespace: 'crm' } }],
    };
    await writeFile(join(folder, name), JSON.stringify(config));
  }
});

describe('what is said of a Secret', () => {
  const secret: PlainObject = {
    kind: 'Secret',
    metadata: { namespace: 'crm', name: 's' },
    data: { a: 'bm8tc3VjaC13b3Jk' },
  };

  it('is keyed: the same value has another digest under another key, or in another place', () => {
    const digests = [
      mentionOf(secret, KEY),
      mentionOf(secret, `${KEY}!`),
      mentionOf({ ...secret, metadata: { name: 't' } }, KEY),
    ];
    expect(new Set(digests.map((each) => each.digests?.a)).size).toBe(3);
    expect(mentionOf(secret, undefined)).toEqual({ namespace: 'crm', name: 's', type: 'Opaque', keys: ['a'] });
  });

  it('is sealed with what it is about', () => {
    const sealed = seal('text', 'folder/', KEY);
    expect(unseal(sealed, KEY)).toEqual({ text: 'text', about: 'folder/' });
    const moved = Buffer.from(sealed.toString('latin1').replace('folder/', 'FOLDER/'), 'latin1');
    expect(() => unseal(moved, KEY)).toThrow(/changed/);
    expect(() => seal('text', 'x', 'short')).toThrow(/at least 32/);
    expect(() => unseal(Buffer.from('nothing'), KEY)).toThrow(/mainstay-sealed/);
  });
});

function depsOf(memory: MemoryStore) {
  return { aws: memory.aws, kubernetes: createKubernetesClients(), resources: createResourceClients() };
}

function copy(memory: MemoryStore, plan: ClusterBackupPlan, mark = MARK): Promise<CopyClusterResult> {
  const { copyCluster } = createCopyCluster(depsOf(memory));
  return activityContext().run(() => copyCluster({ plan, mark, nominalAtMs: NOMINAL }));
}

function verify(memory: MemoryStore, plan: ClusterBackupPlan, copied: ClusterCopyFacts) {
  const { verifyCluster } = createVerifyCluster(depsOf(memory));
  return activityContext().run(() => verifyCluster({ plan, copy: copied }));
}

function mustBeCopied(result: CopyClusterResult): ClusterCopyFacts {
  if (result.outcome !== 'copied') throw new Error(result.reason);
  return result.copy;
}

function bundleIn(memory: MemoryStore, { bundle }: ClusterCopyFacts) {
  const text = gunzipSync(memory.objects.get(`backups/${bundle.key}`) ?? Buffer.alloc(0)).toString();
  return { text, objects: parseBundle(text) };
}

function manifestIn(memory: MemoryStore, { manifest }: ClusterCopyFacts): ClusterManifest {
  return JSON.parse(memory.objects.get(`backups/${manifest.key}`)?.toString() ?? '{}') as ClusterManifest;
}

/** The kinds that are copied, as the server holds them: a dry run leaves no trace. */
async function storeOf({ url }: ApiServer): Promise<string> {
  const paths = ['api/v1/configmaps', 'api/v1/services', 'api/v1/secrets', 'apis/apps/v1/deployments'];
  const texts = paths.map(async (path) =>
    JSON.stringify(((await (await fetch(`${url}/${path}`)).json()) as { items: unknown }).items),
  );
  return (await Promise.all(texts)).join('\n');
}
