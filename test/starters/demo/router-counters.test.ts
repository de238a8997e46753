import { describe, expect, it } from 'vitest';
import { countedBetween, countsIn } from '../../../src/starters/demo/router-counters.ts';

const BEFORE = `# TYPE router_requests_total counter
router_requests_total{namespace="crm",route="crm-api",backend="crm-api",code="200"} 100
router_requests_total{namespace="crm",route="crm-api",backend="crm-api-canary-1",code="500"} 4
`;
const AFTER = `router_requests_total{namespace="crm",route="crm-api",backend="crm-api",code="200"} 190
router_requests_total{namespace="crm",route="crm-api",backend="crm-api-canary-1",code="500"} 4
router_requests_total{namespace="crm",route="crm-api",backend="crm-api-canary-2",code="200"} 8
router_requests_total{namespace="crm",route="crm-api",backend="crm-api-canary-2",code="503"} 2
router_backend_weight{namespace="crm",route="crm-api",backend="crm-api"} 100
`;

describe('what the router counted', () => {
  it('is summed by backend', () => {
    expect(countsIn(AFTER)['crm-api-canary-2']).toEqual({ requests: 10, failed: 2 });
  });

  it('between two readings is of that time alone', () => {
    expect(countedBetween(countsIn(BEFORE), countsIn(AFTER))).toEqual({
      canary: { requests: 10, failed: 2 },
      all: { requests: 100, failed: 2 },
    });
  });
});
