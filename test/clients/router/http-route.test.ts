import { describeRouterContract } from './contract.ts';
import { CANARY_NAME, gatewayRoute, service } from './router-lab.ts';

const RULES = [
  { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [{ name: 'crm-api', port: 80, weight: 1 }] },
  { matches: [{ path: { type: 'PathPrefix', value: '/docs' } }], backendRefs: [{ name: 'docs', port: 80, weight: 3 }] },
];

describeRouterContract('HTTPRoute', {
  objects: [...gatewayRoute(RULES), service(CANARY_NAME, 'canary-7')],
  trafficOf: (adminUrl) => ({
    kind: 'httpRoute',
    route: 'crm-api',
    stableService: 'crm-api',
    port: 80,
    weightMetric: {
      url: `${adminUrl}/metrics`,
      name: 'router_backend_weight',
      backendLabel: 'backend',
      labels: { namespace: 'crm', route: 'crm-api' },
    },
  }),
  address: { kind: 'HTTPRoute', namespace: 'crm', name: 'crm-api' },
  name: 'HTTPRoute crm/crm-api',
  before: [{ service: 'crm-api', port: 80, weight: 1 }],
  shares: { 10: 10, 50: 50, 100: 100 },
  foreign: (object) => {
    const spec = structuredClone(object.spec) as { rules: { backendRefs: object[] }[] };
    (spec.rules[0] as { backendRefs: object[] }).backendRefs = [
      { name: 'crm-api', port: 80, weight: 50 },
      { name: CANARY_NAME, port: 80, weight: 50 },
    ];
    return { ...object, spec };
  },
  blind: ({ router }) => router.faults.set({ kind: 'noMetrics' }),
});
