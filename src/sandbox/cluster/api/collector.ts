import { type Cluster, kindByPlural } from './cluster.ts';
import { deleteObject, FOREGROUND, ORPHAN } from './deletes.ts';
import { type ApiObject, isObject, type OwnerReference } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';
import type { StoreEvent } from './store.ts';
import { isFinished } from './writes.ts';

interface Entry {
  readonly kind: ResourceKind;
  readonly object: ApiObject;
}

/**
 * Owner-reference garbage collection and namespace deletion. Runs behind the writes (as on a real server, a deleted
 * owner is gone before its dependents), driven by the store's events alone. Answers the function that stops it.
 */
export function startCollector(cluster: Cluster): () => void {
  const collector = new Collector(cluster);
  return cluster.store.subscribe((event) => collector.see(event));
}

class Collector {
  private readonly cluster: Cluster;
  /** Everything that lives, by uid. */
  private readonly living = new Map<string, Entry>();
  /** uids of dependents by uid of the owner they name. */
  private readonly dependents = new Map<string, Set<string>>();
  private readonly queue: (() => void)[] = [];

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  see(event: StoreEvent): void {
    const { object, previous, kind } = event;
    const uid = object.metadata.uid ?? '';
    for (const owner of previous?.metadata.ownerReferences ?? []) this.dependents.get(owner.uid)?.delete(uid);
    if (event.type === 'DELETED') {
      this.living.delete(uid);
      this.later(() => this.afterRemoval(object));
      return;
    }
    this.living.set(uid, { kind, object });
    for (const owner of ownersOf(object)) {
      const known = this.dependents.get(owner.uid) ?? new Set<string>();
      this.dependents.set(owner.uid, known.add(uid));
    }
    if (ownersOf(object).length > 0 && ownersOf(object) !== previous?.metadata.ownerReferences)
      this.later(() => this.checkDependent(uid));
    if (object.metadata.deletionTimestamp) this.later(() => this.checkDeletion(uid));
  }

  private later(job: () => void): void {
    this.queue.push(job);
    if (this.queue.length === 1) setImmediate(() => this.drain());
  }

  private drain(): void {
    for (let job = this.queue[0]; job; job = this.queue[0]) {
      job();
      this.queue.shift();
    }
  }

  private afterRemoval(object: ApiObject): void {
    const uid = object.metadata.uid ?? '';
    for (const dependent of this.dependentsOf(uid)) this.checkDependent(dependent);
    this.dependents.delete(uid);
    for (const owner of ownersOf(object)) this.checkDeletion(owner.uid);
    const namespace = object.metadata.namespace;
    if (namespace !== undefined) this.checkNamespaceNamed(namespace);
  }

  /** Deletes an object whose owners are all gone or wait for it; forgets single owners that are gone. */
  private checkDependent(uid: string): void {
    const entry = this.living.get(uid);
    if (!entry || ownersOf(entry.object).length === 0) return;
    const present = ownersOf(entry.object).filter((owner) => this.isPresent(owner, entry.object));
    const waiting = present.filter((owner) => isWaiting(this.living.get(owner.uid)?.object));
    if (waiting.length === present.length) {
      const isBlocking = waiting.length > 0 && this.blockersOf(uid).length > 0;
      this.remove(entry, isBlocking ? 'Foreground' : 'Background');
    } else if (present.length < ownersOf(entry.object).length) {
      this.write(entry, { ...entry.object.metadata, ownerReferences: present });
    }
  }

  private isPresent(owner: OwnerReference, dependent: ApiObject): boolean {
    const found = this.living.get(owner.uid);
    if (!found) return false;
    return !found.kind.namespaced || found.object.metadata.namespace === dependent.metadata.namespace;
  }

  private checkDeletion(uid: string): void {
    const entry = this.living.get(uid);
    if (!entry?.object.metadata.deletionTimestamp) return;
    const finalizers = entry.object.metadata.finalizers ?? [];
    if (finalizers.includes(ORPHAN)) {
      for (const dependent of this.dependentsOf(uid)) this.orphan(dependent, uid);
      this.dropFinalizer(uid, ORPHAN);
    } else if (finalizers.includes(FOREGROUND)) {
      for (const dependent of this.dependentsOf(uid)) this.checkDependent(dependent);
      if (this.blockersOf(uid).length === 0) this.dropFinalizer(uid, FOREGROUND);
    }
    if (entry.kind.kind === 'Namespace') this.checkNamespace(entry);
  }

  /** Dependents that their owner's foreground deletion has to wait for. */
  private blockersOf(uid: string): string[] {
    return this.dependentsOf(uid).filter((dependent) => {
      const owners = this.living.get(dependent)?.object.metadata.ownerReferences ?? [];
      return owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);
    });
  }

  /** A copy: the set changes while its members are dealt with. */
  private dependentsOf(uid: string): string[] {
    return [...(this.dependents.get(uid) ?? [])];
  }

  private orphan(uid: string, owner: string): void {
    const entry = this.living.get(uid);
    if (!entry) return;
    const kept = ownersOf(entry.object).filter((reference) => reference.uid !== owner);
    const { ownerReferences: _all, ...rest } = entry.object.metadata;
    this.write(entry, kept.length > 0 ? { ...rest, ownerReferences: kept } : rest);
  }

  private dropFinalizer(uid: string, finalizer: string): void {
    const entry = this.living.get(uid);
    if (!entry) return;
    const { finalizers = [], ...rest } = entry.object.metadata;
    const kept = finalizers.filter((name) => name !== finalizer);
    this.write(entry, kept.length > 0 ? { ...rest, finalizers: kept } : rest);
  }

  private checkNamespaceNamed(name: string): void {
    const kind = kindByPlural(this.cluster, '', 'v1', 'namespaces');
    const object = kind && this.cluster.store.get(kind, undefined, name);
    if (kind && object?.metadata.deletionTimestamp) this.checkNamespace({ kind, object });
  }

  /** Deletes what is in the namespace; when nothing is left, the namespace itself goes. */
  private checkNamespace(entry: Entry): void {
    const name = entry.object.metadata.name;
    const inside = (): Entry[] =>
      [...this.living.values()].filter(({ object }) => name !== undefined && object.metadata.namespace === name);
    for (const content of inside()) this.remove(content, 'Background');
    const current = this.living.get(entry.object.metadata.uid ?? '');
    if (!current || inside().length > 0 || !isObject(current.object.spec)) return;
    const { finalizers, ...spec } = current.object.spec;
    if (finalizers !== undefined)
      this.write({ ...current, object: { ...current.object, spec } }, current.object.metadata);
  }

  private remove(entry: Entry, propagation: 'Background' | 'Foreground'): void {
    const { kind, object } = entry;
    if (object.metadata.deletionTimestamp) return;
    const { namespace, name = '', uid = '' } = object.metadata;
    deleteObject(this.cluster, { kind, namespace, name }, { propagation, uid, dryRun: false });
  }

  private write(entry: Entry, metadata: ApiObject['metadata']): void {
    const draft: ApiObject = { ...entry.object, metadata };
    if (isFinished(draft)) this.cluster.store.remove(entry.kind, draft);
    else this.cluster.store.put(entry.kind, draft);
  }
}

function ownersOf(object: ApiObject): readonly OwnerReference[] {
  return object.metadata.ownerReferences ?? NO_OWNERS;
}

const NO_OWNERS: readonly OwnerReference[] = [];

function isWaiting(owner: ApiObject | undefined): boolean {
  return owner?.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes(FOREGROUND);
}
