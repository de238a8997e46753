/** Pods' metrics over HTTP: one page of ordinary size, whose counters grow as so many requests a second would make them. */
import { createServer } from 'node:http';
import { listenOnLoopback } from '../../src/sandbox/http/listen.ts';

export interface MetricsPage {
  /** `127.0.0.1:port` */
  readonly dial: string;
  close(): Promise<void>;
}

const ROUTES = ['/api/orders', '/api/customers', '/version'];
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ERROR_SHARE = 0.001;

/** Healthy traffic of `rps` for each pod; one request in a thousand fails. */
export async function startMetricsPage(rps: number): Promise<MetricsPage> {
  const startedMs = Date.now();
  const server = createServer((_request, response) => {
    const requests = Math.floor((rps * (Date.now() - startedMs)) / 1000);
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(pageOf(requests));
  });
  const listening = await listenOnLoopback(server);
  return { dial: `127.0.0.1:${listening.port}`, close: () => listening.close() };
}

function pageOf(requests: number): string {
  const lines = ['# TYPE http_requests_total counter'];
  const share = Math.floor(requests / ROUTES.length);
  for (const route of ROUTES) {
    const failed = Math.floor(share * ERROR_SHARE);
    lines.push(`http_requests_total{method="GET",route="${route}",code="200"} ${share - failed}`);
    lines.push(`http_requests_total{method="GET",route="${route}",code="500"} ${failed}`);
  }
  lines.push('# TYPE http_request_duration_seconds histogram');
  for (const route of ROUTES) {
    const series = `method="GET",route="${route}"`;
    for (const bound of BOUNDS) {
      lines.push(`http_request_duration_seconds_bucket{${series},le="${bound}"} ${bound < 0.025 ? 0 : share}`);
    }
    lines.push(`http_request_duration_seconds_bucket{${series},le="+Inf"} ${share}`);
    lines.push(`http_request_duration_seconds_count{${series}} ${share}`);
    lines.push(`http_request_duration_seconds_sum{${series}} ${share * 0.02}`);
  }
  lines.push('# TYPE crm_checkout_success_ratio gauge', 'crm_checkout_success_ratio 0.991');
  for (let index = 0; index < 30; index += 1) lines.push(`nodejs_gauge_${index}{kind="runtime"} ${index * 1000}`);
  return `${lines.join('\n')}\n`;
}
