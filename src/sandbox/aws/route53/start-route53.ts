import { randomUUID } from 'node:crypto';
import type { AwsBackend, AwsRequest, AwsResponse } from '../front/handler.ts';
import { Changes } from './changes.ts';
import { document, type Element } from './element.ts';
import { HealthChecks } from './health-checks.ts';
import { type Answer, routeOf, type Route53State } from './operations.ts';
import { Route53Error } from './route53-error.ts';
import { Tags } from './tags.ts';
import { Zones } from './zones.ts';

export interface Route53Options {
  /** Seconds here for a second there: 0.01 makes a change INSYNC after 0.6 s. Absent: 0.01. */
  readonly clockFactor?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Route 53 in memory: zones, records, changes, protections, health checks and tags. It is of no region. */
export function createRoute53({ clockFactor = 0.01, now = Date.now }: Route53Options = {}): AwsBackend {
  const state: Route53State = {
    zones: new Zones({ clockFactor }),
    changes: new Changes({ clockFactor, now }),
    checks: new HealthChecks(),
    tags: new Tags(),
  };
  return {
    handle: (request) => answer(state, request),
    operationOf: ({ method, path }) => routeOf(method, path)?.operation,
    close: async () => undefined,
  };
}

async function answer(state: Route53State, request: AwsRequest): Promise<AwsResponse> {
  const requestId = randomUUID();
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  try {
    const found = routeOf(request.method, request.path);
    if (!found) {
      const message = `the sandbox's Route 53 has no operation for ${request.method} ${request.path}`;
      throw new Route53Error(404, 'UnknownOperationException', message);
    }
    const {
      status = 200,
      location,
      element,
    }: Answer = await found.run(state, {
      arguments: found.arguments,
      query: request.query,
      body: request.body,
      host: request.headers.host ?? 'route53.amazonaws.com',
    });
    return { status, headers: location === undefined ? headers : { ...headers, location }, body: document(element) };
  } catch (error) {
    if (!(error instanceof Route53Error)) throw error;
    return { status: error.status, headers, body: refusal(error, requestId) };
  }
}

function refusal({ status, code, message, details }: Route53Error, requestId: string): string {
  const error: readonly Element[] = [
    ['Type', status < 500 ? 'Sender' : 'Receiver'],
    ['Code', code],
    ['Message', message],
    ...details,
  ];
  return document([
    'ErrorResponse',
    [
      ['Error', error],
      ['RequestId', requestId],
    ],
  ]);
}
