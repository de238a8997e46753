import { statSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { CodedError } from '../../errors/coded-error.ts';
import type { ClusterAddress } from './port.ts';

/** How to reach a cluster and what to show it. */
export interface Connection {
  /** Base address without a trailing slash. */
  readonly server: string;
  readonly agent: HttpAgent;
  /** Request headers with the credentials, and TLS settings. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Readonly<RequestOptions>;
}

/** Credentials are asked for again after this time, so that exec plugins without an expiry are not run for every call. */
const CREDENTIALS_MS = 10_000;
/** Idle connections are given up before servers and load balancers commonly cut them. */
const IDLE_MS = 30_000;

/**
 * The connection to one cluster: kubeconfig, credentials and kept connections. A kubeconfig that changed on disk is
 * read again, so that a rotated credential or a new address does not need a new process.
 */
export class ClusterConnection {
  readonly #address: ClusterAddress;
  readonly #http = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  readonly #https = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS });
  #loaded: { config: KubeConfig; stamp: string } | undefined;
  #ready: { connection: Connection; untilMs: number } | undefined;

  constructor(address: ClusterAddress) {
    this.#address = address;
  }

  /** @throws CodedError InvalidInput when kubeconfig or context are wrong, Forbidden when no credential can be had */
  async open(): Promise<Connection> {
    const files = kubeconfigFiles(this.#address);
    const stamp = files.map(stampOf).join('|');
    if (this.#loaded?.stamp !== stamp) {
      this.#loaded = { config: load(this.#address, files), stamp };
      this.#ready = undefined;
    }
    if (this.#ready && this.#ready.untilMs > Date.now()) return this.#ready.connection;
    const connection = await this.#authenticate(this.#loaded.config);
    this.#ready = { connection, untilMs: Date.now() + CREDENTIALS_MS };
    return connection;
  }

  /** The server refused the credentials: ask for new ones at the next call. */
  forgetCredentials(): void {
    this.#ready = undefined;
    this.#loaded = undefined;
  }

  /** Cuts the kept connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #authenticate(config: KubeConfig): Promise<Connection> {
    const cluster = config.getCurrentCluster();
    if (!cluster)
      throw new CodedError('InvalidInput', `kubeconfig: context ${config.getCurrentContext()} names no cluster`);
    const options: RequestOptions = { headers: {} };
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      const said = error instanceof Error ? error.message.trim() : String(error);
      const user = config.getCurrentUser()?.name ?? '(none)';
      throw new CodedError('Forbidden', `kubeconfig: no credentials for user ${user}: ${said.slice(0, 300)}`, {
        cause: error,
      });
    }
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
    const given = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
    const ownAgent = cluster.server.startsWith('https:') ? this.#https : this.#http;
    return {
      server: cluster.server.replace(/\/+$/, ''),
      // client-node makes a new agent for every call; only its proxy agents cannot be had otherwise.
      agent: cluster.proxyUrl && options.agent instanceof HttpAgent ? options.agent : ownAgent,
      headers: headersOf(options),
      tls: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    };
  }
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Token files end in a newline, which is not allowed in a header.
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function load(address: ClusterAddress, files: readonly string[]): KubeConfig {
  const config = new KubeConfig();
  try {
    read(config, files);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new CodedError('InvalidInput', `kubeconfig ${files.join(', ')}: ${said}`, { cause: error });
  }
  if (address.context !== undefined) {
    const known = config.getContexts().map((context) => context.name);
    if (!known.includes(address.context)) {
      const list = known.length > 0 ? known.join(', ') : 'none';
      throw new CodedError(
        'InvalidInput',
        `kubeconfig ${files.join(', ')}: context ${address.context} not found; contexts: ${list}`,
      );
    }
    config.setCurrentContext(address.context);
  }
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    const context = config.getCurrentContext() ?? '(none)';
    throw new CodedError('InvalidInput', `kubeconfig ${files.join(', ')}: current context ${context} names no cluster`);
  }
  const isPlain = cluster.server.startsWith('http:');
  if (isPlain && !cluster.skipTLSVerify) {
    // As kubectl does: over plain http no credentials are sent, unless the file says that it may be insecure.
    config.loadFromClusterAndUser({ ...cluster, skipTLSVerify: true }, { name: 'anonymous' });
  } else if (!config.getCurrentUser()) {
    // client-node forgets the CA of a context without a user.
    config.loadFromClusterAndUser(cluster, { name: 'anonymous' });
  }
  return config;
}

function read(config: KubeConfig, files: readonly string[]): void {
  if (files.length === 0) {
    if (!process.env.KUBERNETES_SERVICE_HOST) {
      const expected = 'set KUBECONFIG, name a kubeconfig in the catalogue, create ~/.kube/config, or run in a cluster';
      throw new CodedError('InvalidInput', `no cluster settings found: ${expected}`);
    }
    config.loadFromCluster();
    return;
  }
  const missing = files.filter((file) => stampOf(file) === 'absent');
  if (missing.length === files.length)
    throw new CodedError('InvalidInput', `kubeconfig ${missing.join(', ')}: no such file`);
  for (const [index, file] of files.filter((name) => !missing.includes(name)).entries()) {
    if (index === 0) {
      config.loadFromFile(file);
      continue;
    }
    const more = new KubeConfig();
    more.loadFromFile(file);
    config.mergeConfig(more, true);
  }
}

/** The files to read, in order; none means the settings of the cluster this process runs in. */
function kubeconfigFiles(address: ClusterAddress): readonly string[] {
  if (address.kubeconfig) return [expandHome(address.kubeconfig)];
  if (process.env.KUBECONFIG) return process.env.KUBECONFIG.split(delimiter).filter(Boolean).map(expandHome);
  const standard = join(homedir(), '.kube', 'config');
  return stampOf(standard) === 'absent' ? [] : [standard];
}

function expandHome(path: string): string {
  if (path === '~') return homedir();
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}

/** Changes when the file changes. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino}:${found.mtimeMs}:${found.size}` : 'absent';
}
