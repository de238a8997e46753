import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { onTestFinished } from 'vitest';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../../src/sandbox/cluster/api/server.ts';
import { requireTool } from '../../../harness/tools.ts';

/** A server for one test, closed when the test ends, however it ends. */
export async function startServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const server = await startApiServer(options);
  onTestFinished(() => server.close());
  return server;
}

export function kubeConfigOf(url: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'sandbox', server: url, skipTLSVerify: true }],
    users: [{ name: 'sandbox' }],
    contexts: [{ name: 'sandbox', cluster: 'sandbox', user: 'sandbox', namespace: 'default' }],
    currentContext: 'sandbox',
  });
  return config;
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs kubectl and answers its output; rejects when it fails. */
  (args: string, stdin?: unknown): Promise<string>;
  /** Runs kubectl, whatever its exit code. */
  run(args: readonly string[], stdin?: unknown): Promise<KubectlResult>;
  /** Starts kubectl for a command that does not end by itself; it is killed at the end of the test. */
  start(args: string): { output(): string };
}

/** The pinned kubectl against a server, with caches of its own. Objects given as stdin are sent as JSON. */
export function kubectlFor(url: string, extra: Record<string, string> = {}): Kubectl {
  const home = mkdtempSync(join(tmpdir(), 'kubectl-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const env = { PATH: process.env.PATH ?? '', HOME: home, KUBECONFIG: join(home, 'none'), ...extra };
  const path = requireTool('kubectl');
  const launch = (args: readonly string[]) => spawn(path, ['--server', url, ...args], { env });
  const run = (args: readonly string[], stdin?: unknown): Promise<KubectlResult> =>
    new Promise((resolve, reject) => {
      const child = launch(args);
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk) => (stdout += String(chunk)));
      child.stderr.on('data', (chunk) => (stderr += String(chunk)));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
      child.stdin.end(stdin === undefined ? '' : JSON.stringify(stdin));
    });
  const checked = async (args: string, stdin?: unknown): Promise<string> => {
    const { code, stdout, stderr } = await run(words(args), stdin);
    if (code !== 0) throw new Error(`kubectl ${args}: exit code ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  const start = (args: string): { output(): string } => {
    const child = launch(words(args));
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    onTestFinished(() => void child.kill('SIGKILL'));
    return { output: () => output };
  };
  return Object.assign(checked, { run, start });
}

function words(args: string): string[] {
  return [...args.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** Plain HTTP with JSON, for what clients hide. */
export async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ code: number; body: Record<string, unknown>; headers: Headers }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : { text };
  return { code: response.status, body: parsed, headers: response.headers };
}

/** A watch read line by line over plain HTTP; ends with the test. */
export async function openWatch(url: string, path: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(`${url}${path}`, { headers, signal: abort.signal });
  const events: WatchEvent[] = [];
  let isEnded = false;
  const read = async (): Promise<void> => {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line));
    }
  };
  read()
    .catch(() => undefined)
    .finally(() => (isEnded = true));
  return { code: response.status, events, isEnded: () => isEnded, types: () => events.map((event) => event.type) };
}

export interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly annotations?: object };
    readonly code?: number;
    readonly [key: string]: unknown;
  };
}

/** A Deployment a real server would accept; `spec` is laid over. */
export function deployment(name: string, spec: Record<string, unknown> = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: template(name),
      ...spec,
    },
  };
}

export function template(app: string, image = 'registry.example.com/web:1') {
  return {
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 8080 }] }] },
  };
}

export function pod(name: string, more: { labels?: Record<string, string>; [key: string]: unknown } = {}) {
  const { labels, metadata, ...spec } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(labels ? { labels } : {}), ...(metadata as object | undefined) },
    spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }], ...spec },
  };
}

export function configMap(name: string, data: Record<string, string> = { key: 'value' }) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** A ReplicaSet `web-N` as the revision N of the Deployment web. */
export async function createRevision(url: string, owner: string, revision: number, image: string): Promise<void> {
  const labels = { app: 'web', 'pod-template-hash': String(revision) };
  const created = await call(url, 'POST', '/apis/apps/v1/namespaces/default/replicasets', {
    metadata: {
      name: `web-${revision}`,
      labels,
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'web',
          uid: owner,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { selector: { matchLabels: labels }, template: { ...template('web', image), metadata: { labels } } },
  });
  if (created.code !== 201) throw new Error(`replicaset web-${revision}: ${JSON.stringify(created.body)}`);
}

/** The cells of a table that kubectl printed. */
export function tableRows(output: string): string[][] {
  return output
    .trim()
    .split('\n')
    .map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()));
}
