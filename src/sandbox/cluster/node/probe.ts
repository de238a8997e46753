import { spawn } from 'node:child_process';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Probe } from '../kube/objects.ts';

/** Where and how a container is probed. */
export interface ProbeTarget {
  /** Real address of a container port, by number or name; undefined when the container has no such port. */
  readonly dial: (port: number | string) => { readonly host: string; readonly port: number } | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

const OK: ProbeResult = { ok: true };

/** One look at a container. Never throws: whatever goes wrong is a failed probe with its reason. */
export async function runProbe(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    if (probe.httpGet) return await httpProbe(probe.httpGet, target, bounded);
    if (probe.tcpSocket) return await tcpProbe(probe.tcpSocket.port, target, bounded);
    if (probe.exec) return await execProbe(probe.exec.command ?? [], target, bounded);
    return { ok: false, message: 'sandbox nodes know httpGet, tcpSocket and exec probes only' };
  } catch (error) {
    if (bounded.aborted) return { ok: false, message: `no answer within ${timeoutMs} ms` };
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

type HttpGet = NonNullable<Probe['httpGet']>;

export function httpProbe(get: HttpGet, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const address = dialled(target, get.port);
  const path = `/${(get.path ?? '/').replace(/^\//, '')}`;
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const isTls = get.scheme === 'HTTPS';
  const options = {
    ...address,
    path,
    headers: { 'user-agent': 'kube-probe/sandbox', ...headers },
    signal,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const onReply = (reply: IncomingMessage): void => {
      reply.resume();
      const code = reply.statusCode ?? 0;
      const isGood = code >= 200 && code < 400;
      resolve(isGood ? OK : { ok: false, message: `HTTP probe failed with statuscode: ${code}` });
    };
    const request = isTls
      ? httpsRequest({ ...options, agent: false, rejectUnauthorized: false }, onReply)
      : httpRequest({ ...options, agent: false }, onReply);
    request.on('error', reject);
    request.end();
  });
}

function tcpProbe(port: number | string, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const socket = connect(dialled(target, port));
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy();
      reject(new Error('aborted'));
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(OK);
    });
    socket.once('error', (error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    });
  });
}

/** Runs a command beside the container, with its environment and working folder. */
export function execProbe(command: readonly string[], target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  const [file = '', ...args] = command;
  const program = file === 'node' ? process.execPath : file;
  return new Promise((resolve, reject) => {
    const options = {
      cwd: target.cwd,
      env: { ...target.env },
      signal,
      killSignal: 'SIGKILL',
      stdio: 'ignore',
    } as const;
    const child = spawn(program, args, options);
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(
        code === 0 ? OK : { ok: false, message: `command ${command.join(' ')} exited with ${code ?? 'a signal'}` },
      );
    });
  });
}

function dialled(target: ProbeTarget, port: number | string): { host: string; port: number } {
  const address = target.dial(port);
  if (!address) throw new Error(`the container declares no port ${port}`);
  return { ...address };
}
