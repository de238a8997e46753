import { isDeepStrictEqual } from 'node:util';
import { at, isObject, type Json, type JsonObject } from '../../../src/sandbox/cluster/api/json.ts';
import { until } from '../../harness/e2e/until.ts';
import type { Answer, Request, Wire } from '../harness/wire.ts';
import { KNOWN_DIFFERENCES } from './known-differences.ts';
import { normalised } from './normalise.ts';
import type { Case, Operation } from './operation.ts';

/** One place of one reply in which the servers disagree. */
export interface Difference {
  /** `case: operation`. */
  readonly operation: string;
  readonly request: string;
  readonly codes: { readonly real: number; readonly sandbox: number };
  /** `body.spec.replicas`. */
  readonly at: string;
  readonly real: Json | undefined;
  readonly sandbox: Json | undefined;
  /** Name of the known difference that it is. */
  readonly known: string | undefined;
}

const SETTLE_MS = 20_000;

/** Sends the same operations to both servers and keeps count of where their replies differ. */
export class Comparison {
  readonly differences: Difference[] = [];
  operations = 0;
  readonly #sides: readonly [Side, Side];

  constructor(real: Wire, sandbox: Wire) {
    this.#sides = [new Side(real), new Side(sandbox)];
  }

  async run({ name, operations }: Case, namespace: string): Promise<void> {
    await this.#both((side) => side.createNamespace(namespace));
    for (const operation of operations(namespace)) await this.step(name, operation);
  }

  async step(name: string, operation: Operation): Promise<void> {
    const [real, sandbox] = await this.#both((side) => side.send(operation));
    this.operations += 1;
    const { method, path } = operation;
    const found = differencesOfAnswers(normalised(real), normalised(sandbox));
    for (const each of operation.isRacing ? found.filter(({ at: place }) => place === 'code') : found) {
      const difference = {
        operation: `${name}: ${operation.title}`,
        request: `${method} ${path}`,
        codes: { real: real.code, sandbox: sandbox.code },
        ...each,
      };
      const known = KNOWN_DIFFERENCES.find((candidate) => candidate.covers(difference))?.name;
      this.differences.push({ ...difference, known });
    }
  }

  #both<T>(act: (side: Side) => Promise<T>): Promise<[T, T]> {
    const [real, sandbox] = this.#sides;
    return Promise.all([act(real), act(sandbox)]);
  }
}

/** One server, and what it answered last at each path. */
class Side {
  readonly #wire: Wire;
  readonly #last = new Map<string, JsonObject>();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async createNamespace(name: string): Promise<void> {
    const { code, body } = await this.#wire.send({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name } },
    });
    if (code !== 201 && code !== 409)
      throw new Error(`namespace ${name} at ${this.#wire.url}: ${code} ${String(body.message)}`);
  }

  async send({ bodyFrom, untilCode, title: _title, isRacing: _isRacing, ...request }: Operation): Promise<Answer> {
    const recall = (path: string): JsonObject => this.#last.get(path) ?? {};
    const ready: Request = bodyFrom ? { ...request, body: bodyFrom(recall) } : request;
    let answer = await this.#wire.send(ready);
    if (untilCode !== undefined) {
      const isThere = async (): Promise<boolean> => {
        answer = await this.#wire.send(ready);
        return answer.code === untilCode;
      };
      await until(`${ready.path} at ${this.#wire.url}`, isThere, SETTLE_MS).catch(() => undefined); // it is compared
    }
    this.#remember(ready, answer.body);
    return answer;
  }

  /** Also under the object's own path when it came from its collection, or from `/status`. */
  #remember({ method, path }: Request, body: JsonObject): void {
    const metadata = isObject(body.metadata) ? body.metadata : {};
    if (typeof metadata.name !== 'string' || body.kind === 'Status' || body.kind === 'Scale') return;
    const [bare = '', query] = path.split('?');
    if (query?.includes('dryRun')) return;
    this.#last.set(method === 'POST' ? `${bare}/${metadata.name}` : bare.replace(/\/status$/, ''), body);
  }
}

type Found = Pick<Difference, 'at' | 'real' | 'sandbox'>;

/** One difference when one server accepts what the other refuses, or refuses it otherwise: the bodies say the same again. */
function differencesOfAnswers(real: JsonObject, sandbox: JsonObject): Found[] {
  if (real.code === sandbox.code) return differencesOf(real, sandbox);
  const short = ({ code, body }: JsonObject): JsonObject => ({
    code,
    reason: at(body, 'reason'),
    causes: at(body, 'details', 'causes'),
  });
  return [{ at: 'code', real: short(real), sandbox: short(sandbox) }];
}

/** The places where two values differ, as deep as they can be named. */
export function differencesOf(real: Json | undefined, sandbox: Json | undefined, place = ''): Found[] {
  if (isDeepStrictEqual(real, sandbox)) return [];
  if (isObject(real) && isObject(sandbox)) {
    const keys = new Set([...Object.keys(real), ...Object.keys(sandbox)]);
    return [...keys].flatMap((key) => differencesOf(real[key], sandbox[key], place === '' ? key : `${place}.${key}`));
  }
  if (Array.isArray(real) && Array.isArray(sandbox) && real.length === sandbox.length)
    return real.flatMap((item, index) => differencesOf(item, sandbox[index], `${place}[${index}]`));
  return [{ at: place, real, sandbox }];
}
