/** An API server's door that writes down what is asked for: in front of the sandbox API, for one client's kubeconfig. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as the rules of a Role speak of it. */
export interface AuditedCall {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface AuditProxy {
  readonly url: string;
  readonly calls: readonly AuditedCall[];
  close(): Promise<void>;
}

export async function startAuditProxy(target: string): Promise<AuditProxy> {
  const calls: AuditedCall[] = [];
  const server = createServer((asked, answer) => {
    calls.push(callOf(asked));
    forward(target, asked, answer);
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(target: string, asked: IncomingMessage, answer: ServerResponse): void {
  const onward = request(
    new URL(asked.url ?? '/', target),
    { method: asked.method, headers: asked.headers },
    (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    },
  );
  onward.on('error', () => answer.destroy());
  answer.on('close', () => onward.destroy());
  asked.pipe(onward);
}

/** `GET /apis/apps/v1/namespaces/crm/deployments/web` -> get deployments web. Throws for what is no path of the API. */
export function callOf({ method = 'GET', url = '/' }: Pick<IncomingMessage, 'method' | 'url'>): AuditedCall {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const segments = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const [root, group = '', ...rest] = segments;
  const inGroup = root === 'apis' ? rest.slice(1) : rest;
  const isScoped = inGroup[0] === 'namespaces' && inGroup.length > 2;
  const [resource = '', name, subresource] = isScoped ? inGroup.slice(2) : inGroup;
  if (root !== 'api' && root !== 'apis') throw new Error(`audit: ${method} ${url} is no path of the API`);
  return {
    verb: verbOf(method, name, searchParams),
    group: root === 'api' ? '' : group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(isScoped && { namespace: inGroup[1] ?? '' }),
    ...(name !== undefined && { name }),
  };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
      if (query.get('watch') === 'true') return 'watch';
      return name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      throw new Error(`audit: no verb for ${method}`);
  }
}

export interface RoleRule {
  readonly namespace: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Everybody may ask what they may do. */
const GRANTED_TO_ALL = 'create authorization.k8s.io/selfsubjectaccessreviews';

export function textOf({ verb, group, resource, namespace, name }: AuditedCall): string {
  const object = [namespace, name].filter(Boolean).join('/');
  return `${verb} ${group === '' ? '' : `${group}/`}${resource}${object === '' ? '' : ` ${object}`}`;
}

export function isCovered(call: AuditedCall, rules: readonly RoleRule[]): boolean {
  return textOf(call) === GRANTED_TO_ALL || rules.some((rule) => covers(rule, call));
}

function covers({ namespace, apiGroups, resources, verbs, resourceNames }: RoleRule, call: AuditedCall): boolean {
  return (
    namespace === call.namespace &&
    apiGroups.includes(call.group) &&
    resources.includes(call.resource) &&
    verbs.includes(call.verb) &&
    (resourceNames === undefined || resourceNames.includes(call.name ?? ''))
  );
}

/** Each right of the rules that no call needed, as `verb group/resource`. */
export function unusedRights(rules: readonly RoleRule[], calls: readonly AuditedCall[]): readonly string[] {
  return rules.flatMap((rule) =>
    rule.verbs
      .filter((verb) => !calls.some((call) => call.verb === verb && covers(rule, call)))
      .map((verb) => `${verb} ${rule.apiGroups.join()}/${rule.resources.join()} in ${rule.namespace}`),
  );
}
