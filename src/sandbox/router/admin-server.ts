import { createServer, type Server, type ServerResponse } from 'node:http';
import type { RouterFaults } from './router-faults.ts';
import type { RouterMetrics } from './router-metrics.ts';
import type { RoutingTable } from './routing-table.ts';

export interface AdminSources {
  readonly table: () => RoutingTable;
  readonly isSynced: () => boolean;
  readonly faults: RouterFaults;
  readonly metrics: RouterMetrics;
}

/** /metrics (Prometheus text), /routes (the applied table as JSON), /healthz (200 once a whole table was applied). */
export function createAdminServer({ table, isSynced, faults, metrics }: AdminSources): Server {
  return createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0];
    switch (path) {
      case '/metrics':
        if (faults.has('noMetrics')) return answer(response, 503, 'text/plain', 'no metrics (injected fault)\n');
        metrics.text().then(
          (text) => answer(response, 200, 'text/plain; version=0.0.4', text),
          (error: unknown) => answer(response, 500, 'text/plain', `${String(error)}\n`),
        );
        return;
      case '/routes':
        return answer(response, 200, 'application/json', `${JSON.stringify(describe(table()), undefined, 2)}\n`);
      case '/healthz':
        return answer(response, isSynced() ? 200 : 503, 'text/plain', isSynced() ? 'ok\n' : 'no routes read yet\n');
      default:
        return answer(response, 404, 'text/plain', `no page ${path}; there are /metrics, /routes, /healthz\n`);
    }
  });
}

function describe(table: RoutingTable): unknown {
  return {
    rules: table.rules.map(({ namespace, route, generation, hostname, path, backends }) => ({
      namespace,
      route,
      generation,
      hostname: hostname || '*',
      path,
      backends,
    })),
    routes: table.routes,
    virtualServices: table.virtualServices,
  };
}

function answer(response: ServerResponse, code: number, contentType: string, body: string): void {
  response.writeHead(code, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body);
}
