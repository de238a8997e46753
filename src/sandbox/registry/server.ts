import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnLoopback } from '../http/listen.ts';
import { notAllowed, serveBlob, serveUpload, startUpload } from './blob-requests.ts';
import { ContentStore } from './content-store.ts';
import { serveManifest } from './manifest-requests.ts';
import { OciError } from './oci-error.ts';
import { RegistryFaults } from './registry-faults.ts';
import { parseRoute } from './route.ts';
import { Uploads } from './uploads.ts';

export interface RegistryOptions {
  /** Images are kept in `<stateDir>/registry`. */
  readonly stateDir: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
}

export interface Registry {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `127.0.0.1:<port>`: the first part of an image reference. */
  readonly host: string;
  readonly port: number;
  readonly faults: RegistryFaults;
  /** The digest a tag means, undefined when repository or tag is unknown; also while a fault is on. */
  resolveTag(repository: string, tag: string): Promise<string | undefined>;
  /** Every tag of a repository with its digest; empty when the repository is unknown; also while a fault is on. */
  tags(repository: string): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** Serves the OCI distribution API v2 on loopback, without authentication. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const root = join(options.stateDir, 'registry');
  await mkdir(root, { recursive: true });
  const store = new ContentStore(root);
  const uploads = new Uploads();
  const faults = new RegistryFaults();

  const server = createServer((request, response) => {
    void answer(store, uploads, faults, request, response);
  });
  const listening = await listenOnLoopback(server, options.port);
  return {
    url: listening.url,
    host: listening.host,
    port: listening.port,
    faults,
    resolveTag: (repository, tag) => store.tagged(repository, tag),
    tags: async (repository) => {
      const digests = new Map<string, string>();
      for (const tag of await store.tags(repository)) digests.set(tag, (await store.tagged(repository, tag)) ?? '');
      return digests;
    },
    close: listening.close,
  };
}

async function answer(
  store: ContentStore,
  uploads: Uploads,
  faults: RegistryFaults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (faults.has('down')) {
      request.socket.destroy();
      return;
    }
    const waitMs = faults.delayMs();
    if (waitMs > 0) await delay(waitMs);
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (faults.has('unavailable')) throw new OciError('UNAVAILABLE', 'the registry is unavailable (injected fault)');
    await route(store, uploads, request, response);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const refusal = error instanceof OciError ? error : undefined;
    const body = refusal
      ? refusal.body()
      : JSON.stringify({ errors: [{ code: 'UNKNOWN', message: String(error), detail: {} }] });
    // The body of a refused upload may be unread; the connection is then of no further use.
    const close = request.readableEnded ? {} : { connection: 'close' };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...close };
    response.writeHead(refusal?.status ?? 500, headers).end(request.method === 'HEAD' ? undefined : body);
  }
}

async function route(
  store: ContentStore,
  uploads: Uploads,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry');
  const target = parseRoute(decodePath(url.pathname));
  switch (target.kind) {
    case 'base':
      return answerJson(response, {});
    case 'catalog': {
      const page = paged(await store.repositories(), url.searchParams);
      return answerJson(response, { repositories: page.names }, page.link('/v2/_catalog'));
    }
    case 'tags': {
      if (!(await store.hasRepository(target.name))) {
        throw new OciError('NAME_UNKNOWN', `repository ${target.name} does not exist`, { name: target.name });
      }
      const page = paged(await store.tags(target.name), url.searchParams);
      return answerJson(response, { name: target.name, tags: page.names }, page.link(`/v2/${target.name}/tags/list`));
    }
    case 'manifest':
      return serveManifest(store, target, request, response);
    case 'blob':
      return serveBlob(store, target, request, response);
    case 'startUpload':
      return startUpload(store, uploads, target.name, request, response, url.searchParams);
    case 'upload':
      return serveUpload(store, uploads, target, request, response, url.searchParams);
    case 'unknown':
      throw notAllowed(request);
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new OciError('NAME_INVALID', `path ${path} is not valid percent-encoding`);
  }
}

/** One page of a sorted list (`n`, `last`), with the Link header of the next one when there is more. */
function paged(names: readonly string[], query: URLSearchParams) {
  const last = query.get('last');
  const rest = last === null ? names : names.filter((name) => name > last);
  const n = Number(query.get('n') ?? rest.length);
  const page = Number.isInteger(n) && n >= 0 ? rest.slice(0, n) : rest;
  const next = page.length > 0 && page.length < rest.length ? page.at(-1) : undefined;
  return {
    names: page,
    link: (path: string): Record<string, string> =>
      next === undefined ? {} : { link: `<${path}?n=${n}&last=${encodeURIComponent(next)}>; rel="next"` },
  };
}

function answerJson(response: ServerResponse, content: unknown, headers: Record<string, string> = {}): void {
  const body = JSON.stringify(content);
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
