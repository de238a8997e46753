import type { JsonObject } from '../../../src/sandbox/cluster/api/json.ts';
import type { Request } from '../harness/wire.ts';

/** The last whole object a server answered with at a path; `{}` before the first. */
export type Recall = (path: string) => JsonObject;

/** One request to be sent to both servers. */
export interface Operation extends Omit<Request, 'body'> {
  /** In reports; unique within its case. */
  readonly title: string;
  /** May differ between the servers in what they hand out themselves: uids and versions. */
  readonly body?: unknown;
  readonly bodyFrom?: (recall: Recall) => unknown;
  /** Asked again until the code is this one: for what happens behind the replies. */
  readonly untilCode?: number;
  /** Something else works on the object at the same time: only the code is compared. */
  readonly isRacing?: boolean;
}

/** Operations that build on each other, in a namespace of their own. */
export interface Case {
  readonly name: string;
  readonly operations: (namespace: string) => readonly Operation[];
}

const PREFIXES: Readonly<Record<string, string>> = {
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  ingresses: '/apis/networking.k8s.io/v1',
  horizontalpodautoscalers: '/apis/autoscaling/v2',
  endpointslices: '/apis/discovery.k8s.io/v1',
  leases: '/apis/coordination.k8s.io/v1',
  gateways: '/apis/gateway.networking.k8s.io/v1',
  httproutes: '/apis/gateway.networking.k8s.io/v1',
};

/** Path of a collection or an object: `deployments`, `deployments/web`, `deployments/web/scale?dryRun=All`. */
export function at(namespace: string, what: string): string {
  const plural = what.split(/[/?]/, 1)[0] ?? '';
  return `${PREFIXES[plural] ?? '/api/v1'}/namespaces/${namespace}/${what}`;
}

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** The verbs with everything in one namespace, short enough that a case reads as a list. */
export function verbs(namespace: string) {
  const path = (what: string): string => at(namespace, what);
  return {
    create: (title: string, plural: string, body: unknown): Operation => ({
      title,
      method: 'POST',
      path: path(plural),
      body,
    }),
    get: (title: string, what: string, accept?: string): Operation => ({
      title,
      method: 'GET',
      path: path(what),
      ...(accept !== undefined && { accept }),
    }),
    gone: (title: string, what: string): Operation => ({ title, method: 'GET', path: path(what), untilCode: 404 }),
    remove: (title: string, what: string, body?: unknown): Operation => ({
      title,
      method: 'DELETE',
      path: path(what),
      ...(body !== undefined && { body }),
    }),
    patch: (title: string, what: string, body: unknown, type: string = MERGE_PATCH): Operation => ({
      title,
      method: 'PATCH',
      path: path(what),
      body,
      type,
    }),
    /** PUT of what the server answered last, changed. */
    replace: (title: string, what: string, change: (object: JsonObject) => unknown): Operation => ({
      title,
      method: 'PUT',
      path: path(what),
      bodyFrom: (recall) =>
        change(
          structuredClone(
            recall(
              path(what)
                .replace(/[?].*/, '')
                .replace(/\/status$/, ''),
            ),
          ),
        ),
    }),
    put: (title: string, what: string, body: unknown): Operation => ({ title, method: 'PUT', path: path(what), body }),
  };
}
