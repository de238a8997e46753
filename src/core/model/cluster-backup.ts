/** The objects of an environment's cluster, copied so that they can be applied again. */
import type { ObjectReference, OperationMark } from './backup.ts';
import type { ClusterRef } from './plan.ts';

/** A kind of object with its REST address. */
export interface ResourceKind {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ClusterBackupPlan {
  readonly environment: string;
  readonly region: string;
  readonly cluster: ClusterRef;
  readonly namespaces: readonly string[];
  /** Every object of the namespaces where it is left out. */
  readonly labelSelector?: string;
  /** In the order in which they are applied again. */
  readonly kinds: readonly ResourceKind[];
  /**
   * `references`: names, keys and, with a key for it, a keyed digest of each value; no values. `encrypted`: the Secrets
   * themselves, by AES-256-GCM, in an object of their own. Keys are secret references.
   */
  readonly secrets:
    | { readonly mode: 'references'; readonly digestKey?: string }
    | { readonly mode: 'encrypted'; readonly key: string };
  readonly bucket: string;
  readonly prefix: string;
  readonly kmsKeyId?: string;
  readonly keepMs: number;
  readonly deadlineMs: number;
  /** `dryRun` needs the rights to patch and create what it checks, although nothing is written. */
  readonly verify: 'dryRun' | 'none';
  readonly catalogueDigest: string;
}

/** A Secret that is not in the copy: what must be there before what is applied can work. */
export interface SecretMention {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly keys: readonly string[];
  /** HMAC-SHA256 of each value by the key of the plan, in hexadecimal; absent without one. */
  readonly digests?: Readonly<Record<string, string>>;
}

/** What was seen and is not in the copy. */
export interface LeftOut {
  /** `ReplicaSet crm/web-5d9c`, or a kind. */
  readonly object: string;
  readonly why: string;
}

/** The small object beside a bundle, written after it. */
export interface ClusterManifest {
  readonly format: 1;
  readonly environment: string;
  readonly mark: OperationMark;
  readonly bundle: ObjectReference;
  /** Encrypted Secrets, where the plan has a key. */
  readonly secretsBundle?: ObjectReference;
  readonly takenAtMs: number;
  /** Objects in the bundle by kind. */
  readonly counts: Readonly<Record<string, number>>;
  readonly secrets: readonly SecretMention[];
  readonly leftOut: readonly LeftOut[];
}
