import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type KubeConfig, KubernetesObjectApi, type KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { hasCode, type KubeClient } from './cluster/kube/kube-client.ts';
import { type Deployment, RESOURCES } from './cluster/kube/objects.ts';
import { SANDBOX_NAMESPACE } from './kubeconfig.ts';

/** The version of the example company that a new sandbox runs. */
export const SEED_VERSION = 'v1.4.1';
const EXAMPLE = new URL('../../examples/crm/', import.meta.url);
const SERVICE = 'crm-api';
/** What stands in the company's Secret. */
const NO_DATABASE = 'postgres://crm@crm-db.example.com/crm';
const READY_TIMEOUT_MS = 60_000;

export interface SeedOptions {
  readonly kubeConfig: KubeConfig;
  readonly client: KubeClient;
  /** `host:port` of the registry. */
  readonly registryHost: string;
  readonly routerPort: number;
  /** Written into the company's Secret; a database that does not exist when left out. */
  readonly databaseUrl?: string;
  readonly onPhase?: (phase: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Puts the example company into a cluster: builds its stable version, creates its objects, and waits until the router
 * serves it. Objects that exist are left as they are.
 *
 * @throws Error that names the step, what was expected and what was seen.
 */
export async function seedExampleCompany(options: SeedOptions): Promise<void> {
  const { kubeConfig, registryHost, onPhase = () => undefined } = options;
  const repository = `${registryHost}/${SERVICE}`;
  onPhase(`building ${SERVICE} ${SEED_VERSION}`);
  const digest = await buildExample(SEED_VERSION, repository);
  onPhase(`creating the example company in namespace ${SANDBOX_NAMESPACE}`);
  await createObjects(kubeConfig, `${repository}@${digest}`, options.databaseUrl ?? NO_DATABASE);
  await waitReady(options, onPhase);
}

/** Runs the example's own build and answers the digest. Throws with what it wrote to stderr. */
export async function buildExample(version: string, repository: string): Promise<string> {
  const script = fileURLToPath(new URL('build.mjs', EXAMPLE));
  const env = { ...process.env, MAINSTAY_VERSION: version, MAINSTAY_REPOSITORY: repository };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const digest = output.stdout.trimEnd().split('\n').at(-1) ?? '';
  if (code === 0 && /^sha256:[a-f0-9]{64}$/.test(digest)) return digest;
  throw new Error(`build of ${SERVICE} ${version} ended with ${code ?? 'a signal'}: ${output.stderr.trim() || digest}`);
}

async function createObjects(kubeConfig: KubeConfig, image: string, databaseUrl: string): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(kubeConfig);
  const folder = new URL('k8s/', EXAMPLE);
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()) {
    const text = (await readFile(new URL(file, folder), 'utf8'))
      .replaceAll('REGISTRY/crm-api@DIGEST', image)
      .replaceAll(NO_DATABASE, databaseUrl);
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as KubernetesObject;
      try {
        await api.create(object);
      } catch (error) {
        if (isAlreadyThere(error)) continue;
        const title = `${object.kind} ${object.metadata?.name ?? '?'} of ${file}`;
        throw new Error(`cannot create ${title}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }
  }
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 409;
}

async function waitReady({ client, routerPort, signal }: SeedOptions, onPhase: (phase: string) => void): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  let seen = 'nothing yet';
  while (Date.now() < deadlineMs) {
    signal?.throwIfAborted();
    const [ready, wanted] = await readyReplicas(client);
    const next = `${ready} of ${wanted} pods of ${SERVICE} ready`;
    if (next !== seen) onPhase(next);
    seen = next;
    if (ready >= wanted && wanted > 0) {
      const code = await statusThroughRouter(routerPort);
      if (code === 200) return;
      seen = `${next}, but the router answers ${code ?? 'nothing'}`;
    }
    await delay(50, undefined, signal ? { signal } : {});
  }
  throw new Error(`deployment ${SANDBOX_NAMESPACE}/${SERVICE}: not served after ${READY_TIMEOUT_MS / 1000} s: ${seen}`);
}

async function readyReplicas(client: KubeClient): Promise<readonly [ready: number, wanted: number]> {
  const at = { resource: RESOURCES.deployments, namespace: SANDBOX_NAMESPACE, name: SERVICE };
  try {
    const { spec, status } = await client.get<Deployment>(at);
    return [status?.readyReplicas ?? 0, spec?.replicas ?? 1];
  } catch (error) {
    if (hasCode(error, 404)) return [0, 0];
    throw error;
  }
}

async function statusThroughRouter(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = request({
      host: '127.0.0.1',
      port,
      path: '/version',
      headers: { host: 'crm.example.com' },
      agent: false,
    });
    probe.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    probe.on('error', () => resolve(undefined));
    probe.end();
  });
}
