/** Asks a Prometheus server over its HTTP API. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { PrometheusServer } from '../../../core/model/prometheus.ts';
import {
  classifyPrometheusLoss,
  classifyPrometheusRefusal,
  QUERY_TROUBLES,
} from '../../../errors/classify-prometheus.ts';
import { CodedError } from '../../../errors/coded-error.ts';
import { exchange, ExchangeError, type HttpReply, retryAfterMs } from '../../http/exchange.ts';
import type { KubernetesClient } from '../../kubernetes/port.ts';
import { resolveSecret } from '../../secrets/resolve-secret.ts';
import { type Answer, parseAnswer, type ResultType } from './answer.ts';

/** A longer reply is a query that is too wide: some ten thousand series. */
export const MAX_REPLY_BYTES = 16 * 1024 * 1024;
/** Longer addresses are refused by proxies; the query goes into a form then. */
const LONGEST_ADDRESS = 2000;

export interface PrometheusApi {
  /**
   * Evaluates at one time.
   *
   * @throws CodedError that names server, query and trouble (`QUERY_TROUBLES`), and never a secret; an aborted signal
   *   throws its reason
   */
  query(promql: string, atMs: number, allowed: readonly ResultType[], signal?: AbortSignal): Promise<Answer>;
  /** Evaluates at every step from the first time to the last; a matrix. Errors as `query`. */
  queryRange(promql: string, range: QueryRange, signal?: AbortSignal): Promise<Answer>;
}

export interface QueryRange {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
}

export interface PrometheusApiDeps {
  /** Where `k8s:` secrets are read. */
  readonly kubernetes: KubernetesClient;
  /** Default `MAX_REPLY_BYTES`. */
  readonly maxBytes?: number;
}

// Looks come every few seconds: connections are kept.
const AGENTS = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) } as const;

export function createPrometheusApi(server: PrometheusServer, deps: PrometheusApiDeps): PrometheusApi {
  async function ask(path: string, promql: string, parameters: Readonly<Record<string, string>>, signal?: AbortSignal) {
    const where = `Prometheus ${server.url}: ${promql.length > 200 ? `${promql.slice(0, 200)}...` : promql}`;
    const form = new URLSearchParams({
      query: promql,
      ...parameters,
      timeout: `${server.timeoutMs}ms`,
      // Newer servers: an old value is not carried on for 5 min. Older ones ignore it.
      lookback_delta: `${server.staleAfterMs}ms`,
    });
    const authorization = await authorizationOf(server, deps.kubernetes, signal);
    const reply = await send({ server, path, form, authorization, where, maxBytes: deps.maxBytes }, signal);
    if (reply.status === 200) return { body: reply.body, where };
    const { trouble, text } = classifyPrometheusRefusal(reply.status, reply.body);
    throw new CodedError(QUERY_TROUBLES[trouble], `${where}: ${text}`, {
      retryAfterMs: retryAfterMs(reply.headers, Date.now()),
      details: { trouble },
    });
  }
  return {
    async query(promql, atMs, allowed, signal) {
      const { body, where } = await ask('query', promql, { time: seconds(atMs) }, signal);
      return parseAnswer(body, where, allowed);
    },
    async queryRange(promql, { fromMs, untilMs, stepMs }, signal) {
      const range = { start: seconds(fromMs), end: seconds(untilMs), step: seconds(stepMs) };
      const { body, where } = await ask('query_range', promql, range, signal);
      return parseAnswer(body, where, ['matrix']);
    },
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** The value of the Authorization header. It is resolved for each request: a token may be renewed while a step is watched. */
async function authorizationOf(
  { auth }: PrometheusServer,
  kubernetes: KubernetesClient,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (!auth) return undefined;
  if (auth.kind === 'bearer') return `Bearer ${await secretOf(auth.token, kubernetes, signal)}`;
  const password = await secretOf(auth.password, kubernetes, signal);
  return `Basic ${Buffer.from(`${auth.username}:${password}`).toString('base64')}`;
}

async function secretOf(reference: string, kubernetes: KubernetesClient, signal?: AbortSignal): Promise<string> {
  const value = await resolveSecret(reference, { kubernetes }, signal);
  // Node refuses such a header with an error that shows it.
  if (!/[^\x20-\x7e]/.test(value)) return value;
  throw new CodedError('InvalidInput', `secret ${reference}: expected printable characters on one line, found others`);
}

interface Call {
  readonly server: PrometheusServer;
  readonly path: string;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
  readonly where: string;
  readonly maxBytes: number | undefined;
}

async function send(call: Call, signal?: AbortSignal): Promise<HttpReply> {
  const { server, form, authorization } = call;
  const url = addressOf(call);
  const asForm = url.href.length + form.toString().length > LONGEST_ADDRESS;
  if (!asForm) url.search = form.toString();
  const headers = {
    ...server.headers,
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
    ...(asForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
  };
  try {
    return await exchange({
      method: asForm ? 'POST' : 'GET',
      url,
      headers,
      agent: url.protocol === 'https:' ? AGENTS['https:'] : AGENTS['http:'],
      timeoutMs: server.timeoutMs,
      maxBytes: call.maxBytes ?? MAX_REPLY_BYTES,
      ...(asForm ? { body: form.toString() } : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    if (error.kind === 'cancelled') throw signal?.reason ?? error;
    const { trouble, text } = classifyPrometheusLoss(error.kind, error.message);
    throw new CodedError(QUERY_TROUBLES[trouble], `${call.where}: ${text}`, { details: { trouble } });
  }
}

function addressOf({ server, path, where }: Call): URL {
  try {
    const url = new URL(`${server.url.replace(/\/+$/, '')}/api/v1/${path}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Told below.
  }
  throw new CodedError('InvalidInput', `${where}: expected an http or https URL of Prometheus`);
}
