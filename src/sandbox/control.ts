import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { InvalidFault, parseFault } from './faults/fault.ts';
import { listenOnLoopback } from './http/listen.ts';
import { MAX_RPS } from './load/load.ts';
import type { Sandbox } from './sandbox.ts';
import type { SandboxStatus } from './status.ts';

export interface ControlOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** The sandbox once it is there; until then /load and /faults answer 503. */
  readonly sandbox: () => Sandbox | undefined;
  readonly status: () => Promise<SandboxStatus>;
}

export interface Control {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 64 * 1024;
const loadSchema = z.strictObject({ rps: z.number().min(0).max(MAX_RPS) });

/** An answer that is no success; the body is `{"error": message}`. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The sandbox's switches as JSON over HTTP on loopback: `GET /status`, `PUT /load {"rps":N}`, `GET /faults`,
 * `POST /faults {"kind":...}`, `DELETE /faults`, `DELETE /faults/ID`.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const server = createServer((request, response) => {
    route(options, request)
      .then(({ code, body }) => send(response, code, body))
      .catch((error: unknown) => {
        const known = error instanceof InvalidFault ? new Refusal(400, error.message) : error;
        const message = known instanceof Error ? known.message : String(known);
        send(response, known instanceof Refusal ? known.code : 500, { error: message });
      });
  });
  return listenOnLoopback(server, options.port);
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
}

async function route({ sandbox, status }: ControlOptions, request: IncomingMessage): Promise<Answer> {
  const { method = 'GET' } = request;
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const [, root = '', id] = path.split('/').map(decodeURIComponent);
  const call = `${method} /${root}${id ? '/ID' : ''}`;
  if (call === 'GET /status') return { code: 200, body: await status() };

  const running = sandbox();
  if (!running) throw new Refusal(503, 'the sandbox is not ready yet; GET /status tells what it does');
  switch (call) {
    case 'GET /load':
      return { code: 200, body: running.load.statistics() };
    case 'PUT /load': {
      const parsed = loadSchema.safeParse(await readJson(request));
      if (!parsed.success) throw new Refusal(400, `expected {"rps": 0 to ${MAX_RPS}}`);
      running.load.setRate(parsed.data.rps);
      return { code: 200, body: running.load.statistics() };
    }
    case 'GET /faults':
      return { code: 200, body: { faults: running.faults.list() } };
    case 'POST /faults':
      return { code: 201, body: await running.faults.add(parseFault(await readJson(request))) };
    case 'DELETE /faults':
      return { code: 200, body: { cleared: await running.faults.clear() } };
    case 'DELETE /faults/ID': {
      if (!(await running.faults.remove(id ?? ''))) throw new Refusal(404, `no fault ${id} is on`);
      return { code: 200, body: { cleared: 1 } };
    }
    default:
      throw new Refusal(404, `no such call: ${method} ${path}`);
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new Refusal(413, `body is larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'body is not JSON');
  }
}

function send(response: ServerResponse, code: number, body: unknown): void {
  if (response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
