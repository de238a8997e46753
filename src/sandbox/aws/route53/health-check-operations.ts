import { elements } from './element.ts';
import type { Operation } from './operations.ts';
import { pageSize } from './paging.ts';
import { parseRequest } from './request-body.ts';
import { Route53Error } from './route53-error.ts';

const PAGE = 100;

export const healthCheckOperations: readonly Operation[] = [
  {
    operation: 'CreateHealthCheck',
    method: 'POST',
    path: 'healthcheck',
    run({ checks }, { body, host }) {
      const { check, id } = checks.create(parseRequest(body, 'CreateHealthCheckRequest'));
      const location = `http://${host}/2013-04-01/healthcheck/${id}`;
      return { status: 201, location, element: ['CreateHealthCheckResponse', [check]] };
    },
  },
  {
    operation: 'ListHealthChecks',
    method: 'GET',
    path: 'healthcheck',
    run({ checks }, { query }) {
      const size = pageSize(query, 'maxitems', PAGE);
      const marker = query.get('marker');
      const all = checks.list();
      const first = marker === null ? 0 : all.findIndex(({ id }) => id === marker);
      if (first === -1) throw new Route53Error(400, 'InvalidInput', `No health check found with marker: ${marker}`);
      const next = all[first + size];
      const parts = elements(
        ['HealthChecks', all.slice(first, first + size).map(({ check }) => check)],
        ['Marker', marker ?? ''],
        ['IsTruncated', next !== undefined],
        ['NextMarker', next?.id],
        ['MaxItems', size],
      );
      return { element: ['ListHealthChecksResponse', parts] };
    },
  },
  {
    operation: 'GetHealthCheckCount',
    method: 'GET',
    path: 'healthcheckcount',
    run: ({ checks }) => ({ element: ['GetHealthCheckCountResponse', [['HealthCheckCount', checks.size]]] }),
  },
  {
    operation: 'GetHealthCheck',
    method: 'GET',
    path: 'healthcheck/{}',
    run: ({ checks }, { arguments: [id = ''] }) => ({ element: ['GetHealthCheckResponse', [checks.get(id)]] }),
  },
  {
    operation: 'UpdateHealthCheck',
    method: 'POST',
    path: 'healthcheck/{}',
    run: ({ checks }, { arguments: [id = ''], body }) => ({
      element: ['UpdateHealthCheckResponse', [checks.update(id, parseRequest(body, 'UpdateHealthCheckRequest'))]],
    }),
  },
  {
    operation: 'DeleteHealthCheck',
    method: 'DELETE',
    path: 'healthcheck/{}',
    run({ checks, tags }, { arguments: [id = ''] }) {
      checks.delete(id);
      tags.forget(`healthcheck/${id}`);
      return { element: ['DeleteHealthCheckResponse', []] };
    },
  },
];
