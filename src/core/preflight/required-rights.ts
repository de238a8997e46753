import type { TrafficPlan } from '../model/plan.ts';

/**
 * Every right a deployment needs in the namespace of its workload, and why. The preflight asks for them, and the role
 * file grants them and no others.
 */
export interface RequiredRight {
  readonly kind:
    | 'Deployment'
    | 'Service'
    | 'HTTPRoute'
    | 'VirtualService'
    | 'DestinationRule'
    | 'EndpointSlice'
    | 'Pod'
    | 'ConfigMap'
    | 'Secret';
  readonly verbs: readonly ('get' | 'list' | 'create' | 'update' | 'delete')[];
  readonly why: string;
  /**
   * `always`: the check `rights` asks for it. `config`: needed only for what the catalogue lists under `requires`, and
   * shown by reading it; a role may then grant it by name, which a question about the whole kind would not see.
   */
  readonly asked: 'always' | 'config';
  /** Needed only where traffic is routed in one of these ways; everywhere when left out. */
  readonly traffic?: readonly TrafficPlan['kind'][];
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
    traffic: ['httpRoute', 'istioVirtualService'],
  },
  {
    kind: 'Service',
    verbs: ['get', 'update'],
    why: 'let canary pods behind the stable Service, and out again',
    asked: 'always',
    traffic: ['podRatio'],
  },
  { kind: 'HTTPRoute', verbs: ['get', 'update'], why: 'set the weights', asked: 'always', traffic: ['httpRoute'] },
  {
    kind: 'VirtualService',
    verbs: ['get', 'update'],
    why: 'set the weights',
    asked: 'always',
    traffic: ['istioVirtualService'],
  },
  {
    kind: 'DestinationRule',
    verbs: ['get', 'list', 'create', 'delete'],
    why: 'read the policy of the stable host, create and delete the rule of the canary',
    asked: 'always',
    traffic: ['istioVirtualService'],
  },
  {
    kind: 'EndpointSlice',
    verbs: ['list'],
    why: 'see which pods are behind the stable Service',
    asked: 'always',
    traffic: ['podRatio'],
  },
  { kind: 'Pod', verbs: ['list'], why: 'read metrics, explain pods that do not get ready', asked: 'always' },
  { kind: 'ConfigMap', verbs: ['get'], why: 'see that the keys under `requires` are there', asked: 'config' },
  { kind: 'Secret', verbs: ['get'], why: 'see that the keys under `requires` are there', asked: 'config' },
];

/** `update HTTPRoute` */
export interface AskedRight {
  readonly kind: RequiredRight['kind'];
  readonly verb: RequiredRight['verbs'][number];
}

/** The rows that hold for one way to route. */
export function rightsFor(kind: TrafficPlan['kind']): readonly RequiredRight[] {
  return REQUIRED_RIGHTS.filter(({ traffic }) => traffic?.includes(kind) ?? true);
}

/** What the check `rights` asks, one question each. */
export function askedRights(kind: TrafficPlan['kind'] = 'httpRoute'): readonly AskedRight[] {
  return rightsFor(kind)
    .filter((right) => right.asked === 'always')
    .flatMap((right) => right.verbs.map((verb) => ({ kind: right.kind, verb })));
}
