import type { ServerResponse } from 'node:http';
import { ApiError, gone } from './api-error.ts';
import type { Cluster } from './cluster.ts';
import type { ApiObject, Json, JsonObject } from './json.ts';
import { apiVersionOf, type ResourceKind } from './kinds/kind.ts';
import { type Presentation, presentWatched } from './present.ts';
import { isTrue, versionIn } from './query.ts';
import type { StoreEvent } from './store.ts';

/** A reader that falls this many bytes behind is cut off, as a real server cuts off slow watchers. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export interface WatchRequest {
  readonly kind: ResourceKind;
  readonly matches: (object: ApiObject) => boolean;
  readonly how: Presentation;
  readonly query: URLSearchParams;
  /** How often a bookmark tells the current version to those who asked for bookmarks. */
  readonly bookmarkEveryMs: number;
}

/**
 * Serves one watch: first what the client has not seen (the present state, or the events since its version), then
 * every later event, one JSON object a line. A version older than the history gets an ERROR event with 410.
 */
export function serveWatch(cluster: Cluster, request: WatchRequest, response: ServerResponse): void {
  const { kind, query, matches } = request;
  const { store } = cluster;
  const from = versionIn(query);
  const write = eventWriter(request, response);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();

  const wantsInitial = isTrue(query, 'sendInitialEvents');
  const isFresh = from === undefined || from === 0;
  if (wantsInitial || (isFresh && query.get('sendInitialEvents') === null)) {
    for (const object of store.list(kind)) if (matches(object)) write('ADDED', object);
    if (wantsInitial) write('BOOKMARK', bookmark(kind, store.version, { [INITIAL_EVENTS_END]: 'true' }));
  } else if (!isFresh) {
    const missed = store.since(from);
    if (!missed) {
      const status = gone(`too old resource version: ${from} (current ${store.version})`).toStatus();
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    for (const event of missed) forward(event, request, write);
  }

  const unsubscribe = store.subscribe((event) => {
    forward(event, request, write);
    if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
  });
  const timers = startTimers(cluster, request, response, write);
  response.on('close', () => {
    unsubscribe();
    for (const timer of timers) clearTimeout(timer);
  });
}

type EventType = StoreEvent['type'] | 'BOOKMARK';
type EventWriter = (type: EventType, object: ApiObject) => void;

function eventWriter(request: WatchRequest, response: ServerResponse): EventWriter {
  let isFirst = true;
  return (type, object) => {
    // Between `end` and `close` a slow reader still drains; a write then would be an error without a handler.
    if (response.writableEnded || response.destroyed) return;
    const shown: Json = presentWatched(request.kind, object, request.how, isFirst);
    isFirst = false;
    response.write(`${JSON.stringify({ type, object: shown })}\n`);
  };
}

/** With a selector a change can bring an object into view or take it out of view. */
function forward(event: StoreEvent, request: WatchRequest, write: EventWriter): void {
  if (event.kind !== request.kind) return;
  const was = event.previous !== undefined && request.matches(event.previous);
  const is = event.type !== 'DELETED' && request.matches(event.object);
  if (is) write(was ? 'MODIFIED' : 'ADDED', event.object);
  else if (was) write('DELETED', event.type === 'DELETED' ? event.object : lastSeen(event));
}

/** The state that matched last, with the version of the change, so that the client's position moves on. */
function lastSeen(event: StoreEvent): ApiObject {
  const last = event.previous ?? event.object;
  return { ...last, metadata: { ...last.metadata, resourceVersion: String(event.version) } };
}

function bookmark(kind: ResourceKind, version: number, annotations?: Record<string, string>): ApiObject {
  const metadata = { resourceVersion: String(version), ...(annotations ? { annotations } : {}) };
  const body: JsonObject = kind.kind === 'Pod' ? { spec: { containers: null } } : {};
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata, ...body };
}

function startTimers(
  cluster: Cluster,
  request: WatchRequest,
  response: ServerResponse,
  write: EventWriter,
): NodeJS.Timeout[] {
  const timers: NodeJS.Timeout[] = [];
  const seconds = Number(request.query.get('timeoutSeconds') ?? 0);
  if (seconds > 0) timers.push(setTimeout(() => response.end(), seconds * 1000));
  if (isTrue(request.query, 'allowWatchBookmarks')) {
    const tell = (): void => write('BOOKMARK', bookmark(request.kind, cluster.store.version));
    timers.push(setInterval(tell, request.bookmarkEveryMs));
  }
  return timers;
}

/** The refusal of `sendInitialEvents` combined with what it may not be combined with. */
export function checkWatchQuery(query: URLSearchParams): void {
  if (!isTrue(query, 'sendInitialEvents')) return;
  if (query.get('resourceVersionMatch') === 'NotOlderThan' && isTrue(query, 'allowWatchBookmarks')) return;
  throw new ApiError(
    422,
    'Invalid',
    'sendInitialEvents is forbidden for watch unless resourceVersionMatch is NotOlderThan and allowWatchBookmarks is true',
  );
}
