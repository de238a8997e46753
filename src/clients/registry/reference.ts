import { CodedError } from '../../errors/coded-error.ts';

/** Where a repository is served. */
export interface RepositoryAddress {
  /** `host[:port]` as it was written. */
  readonly host: string;
  /** Base address of the distribution API. */
  readonly origin: string;
  /** Name within the registry. */
  readonly name: string;
}

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

/**
 * Splits `host[:port]/name` as `docker pull` does: a first part without dot, colon or `localhost` belongs to the name,
 * and the host is Docker Hub. Plain http for loopback and for the hosts that are declared insecure.
 *
 * @throws CodedError InvalidInput
 */
export function parseRepository(repository: string, insecureHosts: readonly string[] = []): RepositoryAddress {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const host = isHost ? first : 'docker.io';
  const rest = isHost ? repository.slice(slash + 1) : repository;
  const name = host === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  if (!/^[A-Za-z0-9.-]+(?::\d{1,5})?$|^\[[0-9a-fA-F:]+\](?::\d{1,5})?$/.test(host) || !NAME.test(name)) {
    const expected = 'expected HOST[:PORT]/NAME in lower case, such as registry.example.com/crm-api';
    throw new CodedError('InvalidInput', `repository ${repository || '(empty)'}: ${expected}`);
  }
  const isPlain = LOOPBACK.test(host) || insecureHosts.includes(host);
  const server = host === 'docker.io' ? 'registry-1.docker.io' : host;
  return { host, origin: `${isPlain ? 'http' : 'https'}://${server}`, name };
}

/** @throws CodedError InvalidInput */
export function checkTag(repository: string, tag: string): void {
  if (TAG.test(tag)) return;
  const expected = 'expected letters, digits, dot, dash and underscore, at most 128';
  throw new CodedError('InvalidInput', `image ${repository}:${tag}: not a tag; ${expected}`);
}

/** True for hosts that may be talked to without TLS by anyone: this very machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
