/** A real Kubernetes control plane in a temporary folder: etcd, kube-apiserver, and the collector of garbage. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll } from 'vitest';
import { type Child, startChild } from '../../harness/e2e/child.ts';
import { freePort } from '../../harness/e2e/processes.ts';
import { until } from '../../harness/e2e/until.ts';
import { isMissing, requireTool, type ToolName } from '../../harness/tools.ts';
import { installCustomResources } from './custom-resources.ts';
import { createWire, type Wire } from './wire.ts';

const READY_MS = 90_000;
/** The one that the example's catalogue names. */
const CONTEXT = 'sandbox';
const PROGRAMS: readonly ToolName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager'];

export interface ControlPlane {
  readonly folder: string;
  /** https on loopback. */
  readonly url: string;
  readonly kubeconfig: string;
  readonly kubeconfigPath: string;
  readonly kubeConfig: KubeConfig;
  /** Plain requests as cluster administrator. */
  readonly wire: Wire;
  close(): Promise<void>;
}

/** Whether the suite has to be skipped; throws where that is not allowed. */
export function isControlPlaneMissing(): boolean {
  return PROGRAMS.map(isMissing).includes(true);
}

/** One for all tests of a file; ended at its end, also when it did not start. */
export function useControlPlane(): () => ControlPlane {
  let plane: ControlPlane | undefined;
  beforeAll(async () => {
    plane = await startControlPlane();
  }, 2 * READY_MS);
  afterAll(async () => plane?.close());
  return () => {
    if (plane === undefined) throw new Error('used before it was started');
    return plane;
  };
}

/** Starts it with the CRDs the sandbox knows as kinds of its own. What was started is ended when a later part fails. */
export async function startControlPlane(): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-kube-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    return await compose(folder, stops, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  folder: string,
  stops: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<ControlPlane> {
  const start = (name: ToolName, args: readonly string[]): Child => {
    const command = requireTool(name);
    const child = startChild({ name, command, args, env: process.env, logFile: join(folder, `${name}.log`) });
    stops.push(() => child.kill()); // nothing of it is kept
    return child;
  };
  const [clientPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const store = `http://127.0.0.1:${clientPort}`;
  start('etcd', etcdArguments(folder, store, `http://127.0.0.1:${peerPort}`));
  const token = randomBytes(16).toString('hex');
  const api = start('kube-apiserver', await apiServerArguments(folder, store, port, token));

  const url = `https://127.0.0.1:${port}`;
  const wire = await until(
    'kube-apiserver',
    () => ready(api, folder, url, token),
    READY_MS,
    () => tail(api),
  );
  stops.push(async () => wire.close());
  await installCustomResources(wire);
  const kubeconfig = kubeconfigOf(url, await readFile(join(folder, 'certificates', 'apiserver.crt'), 'utf8'), token);
  const kubeconfigPath = join(folder, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfig, { mode: 0o600 });
  // After the CRDs: it would take half a minute to notice them.
  start('kube-controller-manager', controllerArguments(kubeconfigPath));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(kubeconfig);
  return { folder, url, kubeconfig, kubeconfigPath, kubeConfig, wire, close };
}

function etcdArguments(folder: string, client: string, peer: string): string[] {
  const listen = ['--listen-client-urls', client, '--advertise-client-urls', client];
  const cluster = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
  const rest = ['--initial-cluster', `default=${peer}`, '--unsafe-no-fsync', '--log-level', 'error'];
  return ['--data-dir', join(folder, 'etcd'), ...listen, ...cluster, ...rest];
}

/** Pods of the sandbox's node use no service account, and nobody makes the default ones here. */
async function apiServerArguments(folder: string, store: string, port: number, token: string): Promise<string[]> {
  const key = join(folder, 'service-account.key');
  const tokens = join(folder, 'tokens.csv');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  await writeFile(tokens, `${token},administrator,administrator,system:masters\n`, { mode: 0o600 });
  return [
    `--etcd-servers=${store}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
  ];
}

/** What the sandbox's API server does itself, and nothing that the sandbox's controllers do. */
function controllerArguments(kubeconfigPath: string): string[] {
  return [
    `--kubeconfig=${kubeconfigPath}`,
    '--controllers=garbage-collector-controller,namespace-controller',
    '--leader-elect=false',
    '--secure-port=0',
  ];
}

async function ready(api: Child, folder: string, url: string, token: string): Promise<Wire | undefined> {
  if (api.ended() !== undefined) throw new Error(`${api.ended()}: ${tail(api)}`);
  const certificate = await readFile(join(folder, 'certificates', 'apiserver.crt'), 'utf8').catch(() => undefined);
  if (certificate === undefined) return undefined;
  const wire = createWire(url, { token, certificate });
  const paths = ['/readyz', '/api/v1/namespaces/default', '/api/v1/namespaces/kube-system'];
  const answers = await Promise.all(paths.map((path) => wire.send({ method: 'GET', path }).catch(() => undefined)));
  if (answers.every((answer) => answer?.code === 200)) return wire;
  wire.close();
  return undefined;
}

function tail(child: Child): string {
  return child.log().slice(-1500);
}

function kubeconfigOf(server: string, certificate: string, token: string): string {
  const authority = Buffer.from(certificate).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    clusters: [{ name: CONTEXT, cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'administrator', user: { token } }],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: 'administrator', namespace: 'crm' } }],
  });
}
