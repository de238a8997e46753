import type { Cause } from '../api-error.ts';
import type { ApiObject, Json } from '../json.ts';

export type Subresource = 'status' | 'scale' | 'log' | 'binding';

/** One column of `kubectl get`; `wide` columns show only with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type?: 'string' | 'integer';
  readonly wide?: boolean;
  readonly cell: (object: ApiObject, nowMs: number) => Json;
}

/** What defaulting may look at besides the object: addresses and ports already given away, for Services. */
export interface DefaultingContext {
  readonly others: () => readonly ApiObject[];
}

/** Everything the server knows about a kind. A new kind is a new row of `KINDS`. */
export interface ResourceKind {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly Subresource[];
  /** Name of the model with the fields of the kind: the client library's, or one of our own for custom resources. */
  readonly model: string;
  /** A custom resource: takes no strategic patch, keeps empty lists, wants a resourceVersion on PUT. */
  readonly custom?: boolean;
  /** Whether `metadata.generation` counts changes of everything but metadata and status. */
  readonly counts?: 'spec' | 'specAndAnnotations' | 'specAndLabels';
  /** A write of the status does not change labels; annotations it always may. */
  readonly statusKeepsLabels?: boolean;
  /** Only POST, nothing is stored (reviews). */
  readonly createOnly?: boolean;
  /** A PUT of an object that is not there creates it. */
  readonly createsOnUpdate?: boolean;
  /** A PUT has to name the resourceVersion it is based on. */
  readonly wantsVersion?: boolean;
  /** A finished DELETE answers with the object instead of a Status. */
  readonly returnsDeleted?: boolean;
  readonly columns: readonly Column[];
  /** Field selectors besides metadata.name and metadata.namespace. */
  readonly fields?: Readonly<Record<string, (object: ApiObject) => string>>;
  /** Fills in what the client left out; changes the draft in place. Runs before `validate`, on create and update. */
  readonly applyDefaults?: (draft: ApiObject, old: ApiObject | undefined, context: DefaultingContext) => void;
  /** Initial status and the like, on create only. */
  readonly prepareCreate?: (draft: ApiObject) => void;
  /** Texts for the `Warning` header about what is accepted and yet not good. */
  readonly warnings?: (draft: ApiObject) => readonly string[];
  readonly validate?: (draft: ApiObject, old: ApiObject | undefined) => readonly Cause[];
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: ResourceKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

export function hasStatus(kind: ResourceKind): boolean {
  return kind.subresources?.includes('status') ?? false;
}
