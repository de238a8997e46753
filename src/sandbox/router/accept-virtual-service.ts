import { type HttpRule, serviceOfHost, type VirtualService } from './istio-objects.ts';
import type { PathMatch } from './route-match.ts';
import { GATEWAY_CLASS } from './gateway-objects.ts';

/** A VirtualService that is ours to serve, with what may be served of it: nothing when it was refused. */
export interface AcceptedVirtualService {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly createdAt: string;
  readonly hostnames: readonly string[];
  readonly http: readonly (HttpRule & { readonly paths: readonly PathMatch[] })[];
  readonly refused?: string;
}

const KNOWN_FIELDS = new Set(['name', 'match', 'route']);
const KNOWN_MATCHES = new Set(['name', 'uri']);

/** Undefined when it is for gateways that are not this one: the mesh, or `mainstay-sandbox`. */
export function acceptVirtualService({ metadata, spec }: VirtualService): AcceptedVirtualService | undefined {
  const namespace = metadata?.namespace ?? '';
  const gateways = spec?.gateways?.length ? spec.gateways : ['mesh'];
  const isOurs = gateways.some((each) => each === 'mesh' || each.split('/').at(-1) === GATEWAY_CLASS);
  if (!isOurs) return undefined;
  const refused = whyUnsupported(spec);
  return {
    namespace,
    name: metadata?.name ?? '',
    generation: metadata?.generation ?? 0,
    createdAt: metadata?.creationTimestamp ?? '',
    hostnames: (spec?.hosts ?? []).flatMap((host) => hostnamesOf(host, namespace)),
    http: refused === undefined ? (spec?.http ?? []).map((http) => ({ ...http, paths: pathsOf(http) })) : [],
    ...(refused !== undefined && { refused }),
  };
}

/** `*` is every host; a Service answers to each form of its name. */
function hostnamesOf(host: string, namespace: string): readonly string[] {
  if (host === '*') return [''];
  const service = serviceOfHost(host, namespace);
  if (service === undefined) return [host];
  const full = `${service}.${namespace}`;
  return [service, full, `${full}.svc`, `${full}.svc.cluster.local`];
}

/** One that asks for what this router cannot do is refused whole: serving half of it would be a lie. */
function whyUnsupported(spec: VirtualService['spec']): string | undefined {
  if (spec?.tls?.length || spec?.tcp?.length) return 'only http routes are supported, found tls or tcp';
  for (const [index, http] of (spec?.http ?? []).entries()) {
    const at = `http[${index}]`;
    const field = Object.keys(http).find((name) => !KNOWN_FIELDS.has(name));
    if (field !== undefined) return `${at}: ${field} is not supported`;
    if (!http.route?.length) return `${at}: has no route`;
    if (http.route.some((each) => 'headers' in each)) return `${at}: headers of a destination are not supported`;
    for (const match of http.match ?? []) {
      const other = Object.keys(match).find((name) => !KNOWN_MATCHES.has(name));
      if (other !== undefined) return `${at}: only matches by uri are supported, found one by ${other}`;
      if (match.uri?.regex !== undefined) return `${at}: a uri by regular expression is not supported`;
    }
  }
  return undefined;
}

function pathsOf({ match }: HttpRule): PathMatch[] {
  const matches = match?.length ? match : [{}];
  return matches.map(({ uri }) =>
    uri?.exact === undefined ? { type: 'TextPrefix', value: uri?.prefix ?? '/' } : { type: 'Exact', value: uri.exact },
  );
}
