import type { ApiObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: ResourceKind;
  /** For DELETED: the last state, with the resourceVersion of the deletion. */
  readonly object: ApiObject;
  readonly previous: ApiObject | undefined;
  readonly version: number;
}

export type StoreListener = (event: StoreEvent) => void;

/**
 * All objects in memory, with one rising version for every write and a bounded history of events.
 * Objects are replaced, never changed in place, so readers may keep them.
 */
export class Store {
  private readonly objects = new Map<string, Map<string, ApiObject>>();
  private readonly listeners = new Set<StoreListener>();
  private history: StoreEvent[] = [];
  /** Versions at or below this one are forgotten. */
  private forgotten: number;
  private latest: number;
  private window: number;

  /** @param window how many events a watch can go back before it is told 410 Gone */
  constructor(window: number, nowMs = Date.now()) {
    // From the clock, in microseconds: a restarted server must not hand out versions that clients still hold.
    this.latest = nowMs * 1000;
    this.forgotten = this.latest - 1;
    this.window = window;
  }

  get version(): number {
    return this.latest;
  }

  get(kind: ResourceKind, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.table(kind).get(keyOf(namespace, name));
  }

  /** Objects of a kind in the order of namespace and name, of one namespace or of all. */
  list(kind: ResourceKind, namespace?: string): ApiObject[] {
    const all = [...this.table(kind).values()];
    const chosen = namespace ? all.filter((object) => object.metadata.namespace === namespace) : all;
    return chosen.sort((a, b) => compareText(sortKey(a), sortKey(b)));
  }

  /** Inserts or replaces; the stored object gets the next resourceVersion. */
  put(kind: ResourceKind, object: ApiObject): ApiObject {
    const table = this.table(kind);
    const key = keyOf(object.metadata.namespace, object.metadata.name ?? '');
    const previous = table.get(key);
    const stored = this.stamp(object);
    table.set(key, stored);
    this.record({ type: previous ? 'MODIFIED' : 'ADDED', kind, object: stored, previous, version: this.latest });
    return stored;
  }

  /** Removes; answers the last state, or undefined when there was nothing. */
  remove(kind: ResourceKind, object: ApiObject): ApiObject | undefined {
    const table = this.table(kind);
    const key = keyOf(object.metadata.namespace, object.metadata.name ?? '');
    const previous = table.get(key);
    if (!previous) return undefined;
    table.delete(key);
    const last = this.stamp(object);
    this.record({ type: 'DELETED', kind, object: last, previous, version: this.latest });
    return last;
  }

  /** Events after a version, or undefined when the history does not reach back that far. */
  since(version: number): readonly StoreEvent[] | undefined {
    if (version < this.forgotten) return undefined;
    return this.history.filter((event) => event.version > version);
  }

  /** Calls back for every later write, in order; answers the function that ends it. */
  subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Sets how many events are kept. */
  setWindow(events: number): void {
    this.window = events;
    this.trim();
  }

  /** Forgets all events up to now, as a compaction does: a watch from an older version gets 410. */
  compact(): void {
    this.history = [];
    this.forgotten = this.latest;
  }

  private stamp(object: ApiObject): ApiObject {
    this.latest += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.latest) } };
  }

  private record(event: StoreEvent): void {
    this.history.push(event);
    // Trimming in batches keeps a write cheap; the window is a lower bound.
    if (this.history.length > this.window * 1.25 + 16) this.trim();
    for (const listener of this.listeners) listener(event);
  }

  private trim(): void {
    const surplus = this.history.length - this.window;
    if (surplus <= 0) return;
    this.forgotten = this.history[surplus - 1]?.version ?? this.latest;
    this.history = this.history.slice(surplus);
  }

  private table(kind: ResourceKind): Map<string, ApiObject> {
    const key = `${kind.group}/${kind.plural}`;
    let table = this.objects.get(key);
    if (!table) this.objects.set(key, (table = new Map<string, ApiObject>()));
    return table;
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function sortKey(object: ApiObject): string {
  return keyOf(object.metadata.namespace, object.metadata.name ?? '');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
