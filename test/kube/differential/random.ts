/** Operations drawn by a seed: the same seed draws the same ones. */
import { createHash } from 'node:crypto';
import { type JsonObject, objectAt } from '../../../src/sandbox/cluster/api/json.ts';
import { configMap, deployment, endpointSlice, lease, pod, replicaSet, route, secret, service } from './objects.ts';
import { at, JSON_PATCH, MERGE_PATCH, type Operation, STRATEGIC_PATCH } from './operation.ts';

type Draw = () => number;

interface Subject {
  readonly plural: string;
  readonly isCustom?: boolean;
  readonly scales?: boolean;
  readonly make: (name: string, draw: Draw) => object;
  /** Merge patches that keep the object valid, mostly. */
  readonly changes: (draw: Draw) => readonly object[];
  /** Merge patches that a server has to refuse. */
  readonly mistakes: readonly object[];
}

const whole = (draw: Draw, below: number): number => Math.floor(draw() * below);
function pick<T>(draw: Draw, list: readonly T[]): T {
  const found = list[whole(draw, list.length)];
  if (found === undefined) throw new Error('picked from an empty list');
  return found;
}

const inContainer = (change: object) => ({
  spec: { template: { spec: { containers: [{ name: 'web', image: 'web:1', ...change }] } } },
});

const SUBJECTS: readonly Subject[] = [
  {
    plural: 'deployments',
    scales: true,
    make: (name, draw) => deployment(name, { replicas: whole(draw, 5), minReadySeconds: whole(draw, 3) }),
    changes: (draw) => [
      { spec: { replicas: whole(draw, 9) } },
      { spec: { paused: draw() < 0.5 } },
      { spec: { strategy: { rollingUpdate: { maxSurge: `${whole(draw, 50)}%`, maxUnavailable: whole(draw, 3) } } } },
      { spec: { progressDeadlineSeconds: 10 + whole(draw, 50) } },
      inContainer({ image: `web:${whole(draw, 4)}` }),
      inContainer({ env: [{ name: 'N', value: String(whole(draw, 4)) }] }),
      { spec: { template: { metadata: { annotations: { restarted: String(whole(draw, 3)) } } } } },
    ],
    mistakes: [
      { spec: { replicas: -2 } },
      { spec: { selector: { matchLabels: { app: 'other' } } } },
      { spec: { template: { spec: { containers: [] } } } },
      { spec: { strategy: { type: 'Never' } } },
      { spec: { replicas: 'x' } },
    ],
  },
  {
    plural: 'replicasets',
    scales: true,
    make: (name, draw) => replicaSet(name, { replicas: whole(draw, 4) }),
    changes: (draw) => [{ spec: { replicas: whole(draw, 9) } }, { spec: { minReadySeconds: whole(draw, 4) } }],
    mistakes: [{ spec: { replicas: -1 } }, { spec: { minReadySeconds: -1 } }],
  },
  {
    plural: 'configmaps',
    make: (name, draw) => configMap(name, { n: String(whole(draw, 9)) }),
    changes: (draw) => [
      { data: { [`k${whole(draw, 3)}`]: String(whole(draw, 9)) } },
      { data: { n: null } },
      { data: null },
    ],
    mistakes: [{ data: { 'a b': '1' } }, { data: { a: 1 } }, { data: 'x' }],
  },
  {
    plural: 'secrets',
    make: (name, draw) => secret(name, { n: String(whole(draw, 9)) }),
    changes: (draw) => [{ stringData: { n: String(whole(draw, 9)) } }, { data: { b: 'Yg==' } }, { data: { b: null } }],
    mistakes: [{ data: { a: '%' } }, { type: 'kubernetes.io/other' }],
  },
  {
    plural: 'services',
    make: (name) => service(name),
    changes: (draw) => [
      { spec: { selector: { app: `a${whole(draw, 3)}` } } },
      { spec: { ports: [{ name: 'http', port: 80 + whole(draw, 3) }] } },
      { spec: { sessionAffinity: pick(draw, ['None', 'ClientIP']) } },
      { spec: { publishNotReadyAddresses: draw() < 0.5 } },
    ],
    mistakes: [{ spec: { ports: [] } }, { spec: { type: 'Odd' } }, { spec: { ports: [{ port: 0 }] } }],
  },
  {
    plural: 'pods',
    make: (name) => pod(name),
    changes: (draw) => [
      { spec: { containers: [{ name: 'web', image: `web:${whole(draw, 4)}` }] } },
      { spec: { activeDeadlineSeconds: 100 - whole(draw, 50) } },
    ],
    mistakes: [
      { spec: { restartPolicy: 'Never' } },
      { spec: { nodeName: 'elsewhere' } },
      { spec: { hostNetwork: true } },
    ],
  },
  {
    plural: 'leases',
    make: (name, draw) => lease(name, `h${whole(draw, 3)}`),
    changes: (draw) => [
      { spec: { holderIdentity: `h${whole(draw, 3)}` } },
      { spec: { leaseTransitions: whole(draw, 5) } },
    ],
    mistakes: [{ spec: { leaseDurationSeconds: -1 } }, { spec: { renewTime: 'now' } }],
  },
  {
    plural: 'endpointslices',
    make: (name, draw) => endpointSlice(name, [`10.244.0.${1 + whole(draw, 9)}`]),
    changes: (draw) => [
      {
        endpoints: [
          { addresses: [`10.244.1.${1 + whole(draw, 9)}`], conditions: { ready: draw() < 0.5, serving: true } },
        ],
      },
      { ports: [{ port: 80 + whole(draw, 9) }] },
    ],
    mistakes: [{ addressType: 'IPv6' }, { endpoints: [{ addresses: ['127.0.0.1'] }] }],
  },
  {
    plural: 'httproutes',
    isCustom: true,
    make: (name, draw) => route(name, whole(draw, 100)),
    changes: (draw) => [
      {
        spec: {
          rules: [
            {
              backendRefs: [
                { name: 'a', port: 80, weight: whole(draw, 100) },
                { name: 'b', port: 80 },
              ],
            },
          ],
        },
      },
      { spec: { hostnames: [`h${whole(draw, 3)}.example.com`] } },
      { spec: { hostnames: [] } },
    ],
    mistakes: [
      { spec: { rules: [{ backendRefs: [{ name: 'a', port: 80, weight: -1 }] }] } },
      { spec: { rules: [{ backendRefs: [{ name: 'a' }] }] } },
      { spec: { parentRefs: [{}] } },
    ],
  },
];

const NAMES = ['a', 'b', 'c'];

export function randomOperations(namespace: string, seed: number, count: number): Operation[] {
  const draw = numbersFrom(seed);
  return Array.from({ length: count }, (_, index) => {
    const { name, ...operation } = oneOperation(namespace, draw);
    return { ...operation, title: `${index} ${name}` };
  });
}

type Drawn = Omit<Operation, 'title'> & { readonly name: string };

function oneOperation(namespace: string, draw: Draw): Drawn {
  const subject = pick(draw, SUBJECTS);
  const name = pick(draw, NAMES);
  const object = at(namespace, `${subject.plural}/${name}`);
  const collection = at(namespace, subject.plural);
  const dryRun = draw() < 0.06 ? '?dryRun=All' : '';
  const dice = whole(draw, 100);
  if (dice < 22)
    return { name: 'create', method: 'POST', path: `${collection}${dryRun}`, body: subject.make(name, draw) };
  if (dice < 34) {
    const change = pick(draw, subject.changes(draw));
    return {
      name: 'replace',
      method: 'PUT',
      path: `${object}${dryRun}`,
      bodyFrom: (recall) => laidOver(recall(object), change),
    };
  }
  if (dice < 39) {
    const stale = { metadata: { resourceVersion: '7' }, ...pick(draw, subject.changes(draw)) };
    return {
      name: 'replace, stale',
      method: 'PUT',
      path: object,
      bodyFrom: (recall) => laidOver(recall(object), stale),
    };
  }
  if (dice < 55) {
    const type = subject.isCustom || draw() < 0.5 ? MERGE_PATCH : STRATEGIC_PATCH;
    return {
      name: `patch ${type}`,
      method: 'PATCH',
      path: `${object}${dryRun}`,
      type,
      body: pick(draw, subject.changes(draw)),
    };
  }
  if (dice < 62) return { name: 'metadata', method: 'PATCH', path: object, body: metadataChange(draw) };
  if (dice < 67) return { name: 'JSON patch', method: 'PATCH', path: object, type: JSON_PATCH, body: jsonChange(draw) };
  if (dice < 74) {
    const body = pick(draw, subject.mistakes);
    return { name: 'mistake', method: 'PATCH', path: object, type: MERGE_PATCH, body };
  }
  if (dice < 79 && subject.scales)
    return {
      name: 'scale',
      method: 'PATCH',
      path: `${object}/scale${dryRun}`,
      body: { spec: { replicas: whole(draw, 6) - 1 } },
    };
  if (dice < 84 && subject.scales) {
    const status = { replicas: 3, readyReplicas: whole(draw, 4), observedGeneration: whole(draw, 5) };
    return { name: 'status', method: 'PATCH', path: `${object}/status`, body: { status } };
  }
  if (dice < 90) return { name: 'get', method: 'GET', path: object };
  if (dice < 93)
    return {
      name: 'list',
      method: 'GET',
      path: `${collection}?labelSelector=${encodeURIComponent(pick(draw, ['l=1', 'l', '!l', 'l in (0,2)']))}`,
    };
  return {
    name: 'delete',
    method: 'DELETE',
    path: `${object}${dryRun}`,
    body: pick(draw, [{}, { propagationPolicy: 'Background' }, { gracePeriodSeconds: 0 }]),
  };
}

function metadataChange(draw: Draw): object {
  const value = draw() < 0.3 ? null : String(whole(draw, 3));
  return { metadata: { [pick(draw, ['labels', 'annotations'])]: { [pick(draw, ['l', 'm'])]: value } } };
}

function jsonChange(draw: Draw): object[] {
  const value = String(whole(draw, 3));
  return pick(draw, [
    [{ op: 'add', path: '/metadata/labels', value: { l: value } }],
    [{ op: 'replace', path: '/metadata/labels/l', value }],
    [{ op: 'remove', path: '/metadata/labels/l' }],
    [
      { op: 'test', path: '/metadata/labels/l', value },
      { op: 'remove', path: '/metadata/labels' },
    ],
    [{ op: 'add', path: '/metadata/annotations/x', value }],
  ]);
}

/** A PUT body: what the server answered last with the change laid over it, one object deep at a time. */
function laidOver(object: JsonObject, change: object): JsonObject {
  const result: JsonObject = { ...object };
  for (const [key, value] of Object.entries(change)) {
    const isDeep = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (value === null) delete result[key];
    else result[key] = isDeep ? laidOver(objectAt(object, key), value as object) : value;
  }
  return result;
}

/** Numbers from 0 to 1, the same ones for the same seed. */
function numbersFrom(seed: number): Draw {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(`${seed} ${drawn}`).digest().readUInt32BE(0) / 2 ** 32;
  };
}
