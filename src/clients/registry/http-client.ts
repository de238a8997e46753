import { createHash } from 'node:crypto';
import { CodedError } from '../../errors/coded-error.ts';
import { classifyRegistryLoss, classifyRegistryRefusal } from '../../errors/classify-registry.ts';
import { exchange, ExchangeError, type HttpReply, retryAfterMs } from '../http/exchange.ts';
import { parseChallenge, readToken } from './challenge.ts';
import type { RegistryClient, RegistryCredentials, RegistryCredentialsOf } from './port.ts';
import { checkTag, isLoopback, parseRepository, type RepositoryAddress } from './reference.ts';

export interface RegistryClientOptions {
  /** For one question with all its requests. Default 5 s. */
  readonly timeoutMs?: number;
  /** `host[:port]` of registries without TLS besides loopback. */
  readonly insecureHosts?: readonly string[];
  readonly credentials?: RegistryCredentialsOf;
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
const MAX_REDIRECTS = 3;

/** One question to a registry: everything it sends ends by the same deadline. */
interface Question {
  readonly at: RepositoryAddress;
  /** `image host/name:tag`, for messages. */
  readonly image: string;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Reads image registries by the OCI distribution API, anonymously or with the credentials they challenge for. */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const timeoutMs = options.timeoutMs ?? 5000;
  const tokens = new Map<string, { authorization: string; untilMs: number }>();

  function ask(repository: string, reference: string, signal: AbortSignal | undefined): Question {
    const at = parseRepository(repository, options.insecureHosts);
    const image = `image ${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`;
    return { at, image, timeoutMs, deadlineMs: Date.now() + timeoutMs, signal };
  }

  /** The manifest's reply, 2xx or 404. */
  async function manifest(question: Question, method: 'GET' | 'HEAD', reference: string): Promise<HttpReply> {
    const url = new URL(`${question.at.origin}/v2/${question.at.name}/manifests/${reference}`);
    const key = `${question.at.host}/${question.at.name}`;
    const known = tokens.get(key);
    const usable = known && known.untilMs > Date.now() ? known.authorization : undefined;
    let reply = await request(question, method, url, usable);
    if (reply.status === 401) {
      const fresh = await authorize(question, reply);
      if (fresh) {
        tokens.set(key, fresh);
        reply = await request(question, method, url, fresh.authorization);
      }
    }
    const isAnswer = (reply.status >= 200 && reply.status < 300) || reply.status === 404;
    if (!isAnswer) throw refusal(question, reply, 'registry');
    return reply;
  }

  async function authorize(question: Question, reply: HttpReply) {
    const challenge = parseChallenge(reply.headers['www-authenticate']);
    if (!challenge) return undefined;
    const given = await options.credentials?.(question.at.host);
    if (challenge.scheme === 'basic') {
      return given ? { authorization: basic(given), untilMs: Date.now() + 60_000 } : undefined;
    }
    const realm = realmOf(question, challenge.realm);
    if (challenge.service) realm.searchParams.set('service', challenge.service);
    realm.searchParams.set('scope', challenge.scope ?? `repository:${question.at.name}:pull`);
    const answer = await request(
      question,
      'GET',
      realm,
      given ? basic(given) : undefined,
      `token service ${realm.host}`,
    );
    const by = `token service ${realm.host}`;
    if (answer.status < 200 || answer.status > 299) throw refusal(question, answer, by);
    const token = readToken(answer.body);
    if (!token) throw new CodedError('BadResponse', `${question.image}: ${by} answered without a token`);
    return { authorization: `Bearer ${token.token}`, untilMs: Date.now() + token.lifeMs * 0.9 };
  }

  return {
    async resolveTag(repository, tag, signal) {
      checkTag(repository, tag);
      const question = ask(repository, tag, signal);
      const head = await manifest(question, 'HEAD', tag);
      const named = head.headers['docker-content-digest'];
      if (head.status !== 404 && typeof named === 'string' && DIGEST.test(named)) return named;
      // Some registries name the digest only in a whole answer, and only that says what exactly is missing.
      const whole = await manifest(question, 'GET', tag);
      if (whole.status === 404) throw refusal(question, whole, 'registry');
      return `sha256:${createHash('sha256').update(whole.bytes).digest('hex')}`;
    },

    async hasDigest(repository, digest, signal) {
      if (!DIGEST.test(digest)) {
        throw new CodedError(
          'InvalidInput',
          `image ${repository}@${digest}: expected sha256: and 64 hexadecimal digits`,
        );
      }
      const question = ask(repository, digest, signal);
      return (await manifest(question, 'HEAD', digest)).status !== 404;
    },
  };
}

/** One request, redirects followed; credentials never leave for another host. */
async function request(
  question: Question,
  method: 'GET' | 'HEAD',
  url: URL,
  authorization: string | undefined,
  by = `registry ${question.at.host}`,
): Promise<HttpReply> {
  let target = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const isHome = target.origin === url.origin;
    const reply = await send(question, method, target, isHome ? authorization : undefined, by);
    const location = reply.headers.location;
    if (reply.status < 300 || reply.status > 399 || !location) return reply;
    target = new URL(location, target);
  }
  throw new CodedError('BadResponse', `${question.image}: ${by} redirected more than ${MAX_REDIRECTS} times`);
}

async function send(
  question: Question,
  method: 'GET' | 'HEAD',
  url: URL,
  authorization: string | undefined,
  by: string,
) {
  const headers: Record<string, string> = { accept: ACCEPT, 'user-agent': 'mainstay' };
  if (authorization) headers.authorization = authorization;
  const timeoutMs = Math.max(1, question.deadlineMs - Date.now());
  try {
    const { signal } = question;
    return await exchange({
      method,
      url,
      headers,
      timeoutMs,
      maxBytes: MAX_MANIFEST_BYTES,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    if (error.kind === 'cancelled') throw error.cause;
    const message = error.kind === 'timeout' ? `no answer within ${question.timeoutMs / 1000} s` : error.message;
    const classified = classifyRegistryLoss({ image: question.image, kind: error.kind, message, by });
    throw new CodedError(classified.code, classified.message, { cause: error });
  }
}

function refusal(question: Question, reply: HttpReply, by: string): CodedError {
  const classified = classifyRegistryRefusal({
    image: question.image,
    status: reply.status,
    body: reply.body,
    retryAfterMs: retryAfterMs(reply.headers, Date.now()),
    by,
  });
  return new CodedError(classified.code, classified.message, { retryAfterMs: classified.retryAfterMs });
}

/** A registry with TLS must not make us send a password in the open. */
function realmOf(question: Question, realm: string): URL {
  let url: URL;
  try {
    url = new URL(realm);
  } catch {
    throw new CodedError(
      'BadResponse',
      `${question.image}: the registry names no valid token service: ${realm.slice(0, 100)}`,
    );
  }
  const isSafe = url.protocol === 'https:' || isLoopback(url.host) || question.at.origin.startsWith('http:');
  if (!isSafe || !/^https?:$/.test(url.protocol)) {
    throw new CodedError(
      'BadResponse',
      `${question.image}: the registry names a token service without TLS: ${url.origin}`,
    );
  }
  return url;
}

function basic(given: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${given.username}:${given.password}`).toString('base64')}`;
}
