import { setTimeout as delay } from 'node:timers/promises';
import { type KubeConfig, Watch } from '@kubernetes/client-node';
import { hasCode, type KubeClient, pathOf } from './kube-client.ts';
import { type KubeObject, keyOf, type Resource } from './objects.ts';

/** A change seen by list or watch. `before` is absent on the first sight, `after` when the object is gone. */
export interface CacheChange<T> {
  readonly before?: T;
  readonly after?: T;
}

/** A local copy of one resource, kept current by list and watch. */
export interface WatchCache<T extends KubeObject> {
  /** The object under `namespace/name`. Callers must not change it. */
  get(key: string): T | undefined;
  /** All objects, of one namespace when it is given. */
  list(namespace?: string): T[];
  /** Calls back for every change from now on. Returns how to stop. */
  onChange(listener: (change: CacheChange<T>) => void): () => void;
  /** Resolves when the first list has arrived. */
  readonly synced: Promise<void>;
  close(): void;
}

export interface WatchCacheOptions {
  /** A server that does not know the resource is taken to have none of it; it is asked again every few seconds. */
  readonly isOptional?: boolean;
}

const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 3000;

/**
 * Follows a resource in all namespaces. client-node's own informer stops at any error but 410 and calls back with
 * objects of two shapes; this loop lists, watches from there, resumes from the last version after an error, and lists
 * again when the server says that the version is gone.
 */
export function startWatchCache<T extends KubeObject>(
  kubeConfig: KubeConfig,
  client: KubeClient,
  resource: Resource,
  reportProblem: (problem: Error) => void = () => undefined,
  options: WatchCacheOptions = {},
): WatchCache<T> {
  const objects = new Map<string, T>();
  const listeners = new Set<(change: CacheChange<T>) => void>();
  const closing = new AbortController();
  const watch = new Watch(kubeConfig);
  let resourceVersion: string | undefined;
  let announceSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => {
    announceSynced = resolve;
  });

  function put(key: string, after: T | undefined): void {
    const before = objects.get(key);
    if (after) {
      // Items of a list carry neither on a real server.
      after.apiVersion ??= resource.apiVersion;
      after.kind ??= resource.kind;
      objects.set(key, after);
    } else {
      objects.delete(key);
    }
    if (!before && !after) return;
    if (before && after && before.metadata?.resourceVersion === after.metadata?.resourceVersion) return;
    for (const listener of listeners) {
      try {
        listener({ ...(before ? { before } : {}), ...(after ? { after } : {}) });
      } catch (error) {
        reportProblem(asError(error));
      }
    }
  }

  async function relist(): Promise<void> {
    const list = await client.list<T>({ resource });
    if (closing.signal.aborted) return;
    const alive = new Set(list.items.map(keyOf));
    for (const key of objects.keys()) if (!alive.has(key)) put(key, undefined);
    for (const item of list.items) {
      // An object replaced under the same name while we were away is a deletion and a creation.
      const known = objects.get(keyOf(item));
      if (known && known.metadata?.uid !== item.metadata?.uid) put(keyOf(item), undefined);
      put(keyOf(item), item);
    }
    resourceVersion = list.metadata?.resourceVersion ?? '';
    announceSynced();
  }

  function onEvent(phase: string, object: T & { code?: number }): void {
    if (closing.signal.aborted) return;
    if (phase === 'ERROR') {
      if (object.code === 410) resourceVersion = undefined;
      return;
    }
    if (phase === 'ADDED' || phase === 'MODIFIED') put(keyOf(object), object);
    if (phase === 'DELETED') put(keyOf(object), undefined);
    resourceVersion = object.metadata?.resourceVersion ?? resourceVersion;
  }

  function watchOnce(): Promise<void> {
    return new Promise((resolve, reject) => {
      const params = { resourceVersion, allowWatchBookmarks: true };
      const done = (error: unknown): void => (error ? reject(asError(error)) : resolve());
      watch.watch(pathOf({ resource }), params, onEvent, done).then((stream) => {
        if (closing.signal.aborted) stream.abort();
        else closing.signal.addEventListener('abort', () => stream.abort(), { once: true });
      }, reject);
    });
  }

  async function run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!closing.signal.aborted) {
      const startedMs = Date.now();
      try {
        if (resourceVersion === undefined) await relist();
        await watchOnce();
      } catch (error) {
        if (closing.signal.aborted) return;
        if (isGone(error)) resourceVersion = undefined;
        else if (options.isOptional === true && hasCode(error, 404)) announceSynced();
        else reportProblem(asError(error));
      }
      // A stream that lived for a while ended in the ordinary way: go on at once. One that ended at once is trouble.
      const hasLived = Date.now() - startedMs > LAST_BACKOFF_MS;
      if (hasLived) backoffMs = FIRST_BACKOFF_MS;
      else {
        await delay(backoffMs, undefined, { signal: closing.signal }).catch(() => undefined);
        backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS);
      }
    }
  }

  void run();
  return {
    get: (key) => objects.get(key),
    list: (namespace) => {
      const all = [...objects.values()];
      return namespace === undefined ? all : all.filter((object) => object.metadata?.namespace === namespace);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    synced,
    close: () => {
      closing.abort();
      announceSynced();
    },
  };
}

function isGone(error: unknown): boolean {
  return hasCode(error, 410) || (error as { statusCode?: number } | undefined)?.statusCode === 410;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
