/**
 * Annotation that carries where a Pod's ports can really be dialled: a JSON map from container port to `host:port`,
 * for example `{"8080":"127.0.0.1:41233"}`. Written by the sandbox's node agent, absent on ordinary clusters.
 */
export const DIAL_ANNOTATION = 'sandbox.mainstay.dev/dial';

/** Where to open a TCP connection. */
export interface PodAddress {
  readonly host: string;
  readonly port: number;
}

/** The part of a Pod the resolver reads; any typed or raw Pod fits. */
export interface AddressablePod {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly podIP?: string };
}

/**
 * The one resolver from a Pod and a container port to an address that can be dialled: the dial annotation where it
 * names the port, else `podIP:port`.
 *
 * @throws Error when the annotation is malformed, or when the Pod has neither an entry for the port nor an IP yet.
 */
export function podAddress(pod: AddressablePod, port: number): PodAddress {
  const dialled = dialMap(pod)[String(port)];
  if (dialled !== undefined) return parseDial(pod, dialled);
  const host = pod.status?.podIP;
  if (!host) throw new Error(`${podTitle(pod)}: port ${port} has no address yet, status.podIP is empty`);
  return { host, port };
}

function dialMap(pod: AddressablePod): Record<string, unknown> {
  const text = pod.metadata?.annotations?.[DIAL_ANNOTATION];
  if (!text) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw malformed(pod, text);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw malformed(pod, text);
  return { ...parsed };
}

function parseDial(pod: AddressablePod, dialled: unknown): PodAddress {
  const match = typeof dialled === 'string' ? /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(dialled) : null;
  if (!match?.[1] || Number(match[2]) > 65_535) throw malformed(pod, JSON.stringify(dialled));
  return { host: match[1], port: Number(match[2]) };
}

function malformed(pod: AddressablePod, text: string): Error {
  return new Error(
    `${podTitle(pod)}: annotation ${DIAL_ANNOTATION} must map ports to "host:port", found ${text.slice(0, 100)}`,
  );
}

function podTitle(pod: AddressablePod): string {
  return `pod ${pod.metadata?.namespace ?? '?'}/${pod.metadata?.name ?? '?'}`;
}
