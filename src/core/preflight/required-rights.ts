/**
 * Every right a deployment needs in the namespace of its workload, and why. The preflight asks for them, and the role
 * file grants them and no others.
 */
export interface RequiredRight {
  readonly kind: 'Deployment' | 'Service' | 'HTTPRoute' | 'Pod' | 'ConfigMap' | 'Secret';
  readonly verbs: readonly ('get' | 'list' | 'create' | 'update' | 'delete')[];
  readonly why: string;
  /**
   * `always`: the check `rights` asks for it. `config`: needed only for what the catalogue lists under `requires`, and
   * shown by reading it; a role may then grant it by name, which a question about the whole kind would not see.
   */
  readonly asked: 'always' | 'config';
}

export const REQUIRED_RIGHTS: readonly RequiredRight[] = [
  {
    kind: 'Deployment',
    verbs: ['get', 'list', 'create', 'update', 'delete'],
    why: 'create, scale and delete the canary; roll the named Deployment and roll it back',
    asked: 'always',
  },
  {
    kind: 'Service',
    verbs: ['get', 'list', 'create', 'delete'],
    why: 'create and delete the Service of the canary',
    asked: 'always',
  },
  { kind: 'HTTPRoute', verbs: ['get', 'update'], why: 'set the weights', asked: 'always' },
  { kind: 'Pod', verbs: ['list'], why: 'read metrics, explain pods that do not get ready', asked: 'always' },
  { kind: 'ConfigMap', verbs: ['get'], why: 'see that the keys under `requires` are there', asked: 'config' },
  { kind: 'Secret', verbs: ['get'], why: 'see that the keys under `requires` are there', asked: 'config' },
];

/** `update HTTPRoute` */
export interface AskedRight {
  readonly kind: RequiredRight['kind'];
  readonly verb: RequiredRight['verbs'][number];
}

/** What the check `rights` asks, one question each. */
export function askedRights(): readonly AskedRight[] {
  return REQUIRED_RIGHTS.filter((right) => right.asked === 'always').flatMap(({ kind, verbs }) =>
    verbs.map((verb) => ({ kind, verb })),
  );
}
