// The CRM's HTTP service. Its version, and how that version behaves, is part of the image: version.json beside this
// file. Node built-ins only, so the image needs no packages.
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createBehaviour, readVersion } from './behaviour.mjs';
import { readConfig } from './config.mjs';
import { watchDatabase } from './database.mjs';
import { createMetrics } from './metrics.mjs';
import { createStore } from './store.mjs';

const version = await readVersion(process.argv[2]);
const config = readConfig(process.env);
const metrics = createMetrics(version.version);
const behaviour = createBehaviour(version, process.env.SANDBOX_FAULT_FILE);
const store = createStore(config.pageSize);
const database = watchDatabase(process.env.CRM_DATABASE_URL);
const startedAt = Date.now();
let draining = false;
let inFlight = 0;

const server = createServer((request, response) => void answer(request, response));
// Longer than any client keeps an idle connection: the side that closes first must be the client.
server.keepAliveTimeout = 75_000;
server.headersTimeout = 80_000;

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1', () => {
  const { port } = server.address();
  log('listening', { port, version: version.version, pod: process.env.POD_NAME, region: config.region });
});
server.on('error', (error) => {
  log('cannot listen', { error: error.message });
  process.exit(1);
});

behaviour.onCrash((reason) => {
  console.error(`fatal: ${reason}`);
  process.exit(1);
});
process.once('SIGTERM', drain);
process.once('SIGINT', drain);

async function answer(request, response) {
  const path = new URL(request.url, 'http://crm').pathname;
  if (path === '/healthz') return send(response, 200, { ok: true });
  if (path === '/readyz') return ready(response);
  if (path === '/metrics') return sendMetrics(response);
  return serve(request, response, path);
}

/** A request of a customer: counted, timed, and subject to the version's behaviour and to injected faults. */
async function serve(request, response, path) {
  const beginMs = performance.now();
  inFlight += 1;
  const route = routeOf(path);
  let code = 500;
  try {
    const body = await readBody(request);
    const { latencyMs, fails } = behaviour.next();
    if (latencyMs > 0) await delay(latencyMs);
    const answered = fails ? { code: 500, body: { error: 'internal error' } } : handle(request.method, path, body);
    code = answered.code;
    send(response, code, answered.body);
  } catch (error) {
    code = error instanceof SyntaxError ? 400 : 500;
    send(response, code, { error: error.message });
  } finally {
    inFlight -= 1;
    metrics.request({ method: request.method, route, code }, (performance.now() - beginMs) / 1000);
    if (route === '/api/orders' && request.method === 'POST') metrics.checkout(code < 500);
  }
}

function handle(method, path, body) {
  if (path === '/version') {
    return {
      code: 200,
      body: {
        version: version.version,
        features: version.features,
        pod: process.env.POD_NAME ?? null,
        database: database(),
      },
    };
  }
  if (path === '/api/customers' && method === 'GET') return { code: 200, body: store.customers() };
  if (path === '/api/orders' && method === 'GET') return { code: 200, body: store.orders() };
  if (path === '/api/orders' && method === 'POST') return { code: 201, body: store.addOrder(JSON.parse(body || '{}')) };
  if (path === '/api/orders' || path === '/api/customers')
    return { code: 405, body: { error: `${method} is not allowed` } };
  return { code: 404, body: { error: `no route ${path}` } };
}

/** Known routes only: a scanner must not be able to grow the metrics. */
function routeOf(path) {
  return ['/api/orders', '/api/customers', '/version'].includes(path) ? path : 'other';
}

function ready(response) {
  const reason = draining ? 'draining' : behaviour.whyNotReady(Date.now() - startedAt);
  return reason ? send(response, 503, { ready: false, reason }) : send(response, 200, { ready: true });
}

function sendMetrics(response) {
  if (behaviour.hidesMetrics()) return send(response, 404, { error: 'no route /metrics' });
  const text = metrics.text();
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function send(response, code, body) {
  // While draining every answer asks its client to go elsewhere, also the late answer to an early request.
  if (draining) response.setHeader('connection', 'close');
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 65_536) throw new SyntaxError('body is larger than 64 KiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Stop without losing a request: answer "not ready", go on serving until the routers have heard of it, then close the
 * idle connections, finish what runs, and leave. A second signal ends at once.
 */
async function drain(signal) {
  draining = true;
  log('draining', { signal, inFlight });
  process.once(signal, () => process.exit(1));
  await delay(config.drainMs);
  const closed = new Promise((resolve) => server.close(resolve));
  setInterval(() => server.closeIdleConnections(), 50);
  await Promise.race([closed, delay(config.drainLimitMs)]);
  log('stopped', { inFlight });
  process.exit(0);
}

function log(message, fields) {
  console.log(JSON.stringify({ time: new Date().toISOString(), message, ...fields }));
}
