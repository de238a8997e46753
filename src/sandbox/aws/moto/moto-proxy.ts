import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { join, resolve as absolute } from 'node:path';
import { errorReply } from '../front/error-reply.ts';
import type { AwsBackend, AwsRequest, AwsResponse } from '../front/handler.ts';
import { findMoto } from './find-moto.ts';
import { type MotoProcess, startMoto } from './moto-process.ts';

export interface MotoProxyOptions {
  /** moto's folder is made in it. */
  readonly stateDir: string;
  /** A Python that has moto; absent: found at the first request. */
  readonly python?: string;
}

export interface MotoProxy extends AwsBackend {
  /** Of the process group, once it was started. */
  pid(): number | undefined;
}

/** Between two programs of one machine they mean nothing, and `expect` was answered by the front. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'expect',
  'upgrade',
]);

/**
 * S3, Secrets Manager, SNS, IAM and others, played by moto. The server starts at the first request and is of this proxy
 * alone. Bodies stream both ways; Host and Authorization reach it as they were sent, because moto reads service, region
 * and bucket from them. When it cannot start, or has ended, requests are answered 503 with the reason: what it held was
 * in its memory, so it is not started again behind its users' backs.
 */
export function createMotoProxy({ stateDir, python }: MotoProxyOptions): MotoProxy {
  let starting: Promise<MotoProcess> | undefined;
  let running: MotoProcess | undefined;
  let end: string | undefined;
  let closing: Promise<void> | undefined;

  async function start(): Promise<MotoProcess> {
    const moto = await startMoto({ python: python ?? findMoto(), folder: join(absolute(stateDir), 'moto') });
    running = moto;
    void moto.ended.then((why) => (end = why));
    return moto;
  }

  async function started(): Promise<MotoProcess> {
    if (closing) throw new Error('the sandbox is being ended');
    starting ??= start();
    try {
      return await starting;
    } catch (error) {
      // It may be installed, or given memory, meanwhile.
      starting = undefined;
      throw error;
    }
  }

  return {
    async handle(request) {
      try {
        const moto = await started();
        if (end !== undefined) throw new Error(`${end}; what it held is lost: start the sandbox anew`);
        return await forward(moto.port, request);
      } catch (error) {
        if (request.signal.aborted) throw error;
        request.stream?.resume();
        // A broken connection is told before the end of the process that was behind it.
        const problem = error instanceof Error ? error.message : String(error);
        return unavailable(request, end ?? problem);
      }
    },
    pid: () => running?.pid,
    close() {
      closing ??= (async () => {
        const moto = await starting?.catch(() => undefined);
        await moto?.close();
      })();
      return closing;
    },
  };
}

function unavailable({ service, headers }: AwsRequest, message: string): AwsResponse {
  return errorReply({
    service,
    headers,
    status: 503,
    code: 'ServiceUnavailable',
    message: `${service} of the sandbox is not there: ${message}`,
    requestId: randomUUID(),
  });
}

async function forward(port: number, request: AwsRequest): Promise<AwsResponse> {
  const { method, path, search, body, stream, signal } = request;
  const headers = outgoingHeaders(request);
  const asking = httpRequest({ host: '127.0.0.1', port, method, path: path + search, headers, signal, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asking.on('response', resolve);
    asking.on('error', reject); // also after the answer, where nobody waits any more
  });
  if (stream === undefined) asking.end(body);
  else {
    // Not `pipeline`: it would end the caller's connection when moto answers before it has read all.
    stream.pipe(asking);
    asking.on('close', () => stream.resume());
    stream.on('error', () => asking.destroy());
  }
  const reply = await answered;
  return { status: reply.statusCode ?? 502, headers: repliedHeaders(reply), body: reply };
}

function outgoingHeaders({ headers, stream, body }: AwsRequest): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_PASSED_ON.has(name)) passed[name] = value;
  }
  if (stream === undefined) passed['content-length'] = body.length;
  // Without a length it comes in chunks, and goes on so.
  else if (passed['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    passed['content-length'] = 0;
  return passed;
}

function repliedHeaders({ rawHeaders }: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
