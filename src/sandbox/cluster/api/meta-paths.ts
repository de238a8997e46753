import type { IncomingMessage } from 'node:http';
import { methodNotAllowed, unknownPath } from './api-error.ts';
import type { Cluster } from './cluster.ts';
import {
  aggregatedDiscovery,
  aggregatedType,
  coreVersions,
  groupList,
  oneGroup,
  openApiDocument,
  openApiIndex,
  openApiV2,
  resourceList,
} from './discovery.ts';
import type { Json } from './json.ts';
import type { Reply } from './resource-verbs.ts';
import type { Route } from './route.ts';

/** Serves what is no resource: discovery, OpenAPI, version, health. Throws 404 and 405. */
export function serveMeta(
  cluster: Cluster,
  route: Exclude<Route, { type: 'resource' }>,
  request: IncomingMessage,
): Reply {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  if (route.type === 'version') return { code: 200, body: resourceList(cluster, route.group, route.version) };
  if (route.type === 'group') return found(oneGroup(cluster, route.group));
  const aggregated = aggregatedType(request.headers.accept);
  switch (route.path) {
    case '/api':
      return aggregated
        ? { code: 200, body: aggregatedDiscovery(cluster, true), type: aggregated }
        : { code: 200, body: coreVersions() };
    case '/apis':
      return aggregated
        ? { code: 200, body: aggregatedDiscovery(cluster, false), type: aggregated }
        : { code: 200, body: groupList(cluster) };
    case '/version':
      return {
        code: 200,
        body: { major: '1', minor: '36', gitVersion: 'v1.36.0+mainstay-sandbox', platform: 'sandbox' },
      };
    case '/healthz':
    case '/livez':
    case '/readyz':
      return { code: 200, body: 'ok' };
    case '/openapi/v2':
      return { code: 200, ...openApiV2(request.headers.accept) };
    case '/openapi/v3':
      return { code: 200, body: openApiIndex(cluster) };
    default:
      if (route.path.startsWith('/openapi/v3/'))
        return found(openApiDocument(cluster, route.path.slice('/openapi/v3/'.length)));
      throw unknownPath();
  }
}

function found(body: Json | undefined): Reply {
  if (body === undefined) throw unknownPath();
  return { code: 200, body };
}
