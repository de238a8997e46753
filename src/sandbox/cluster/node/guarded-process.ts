import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/**
 * Runs the command in a process group of its own, with a watcher on standard input. Standard input is a pipe whose
 * other end only the node agent holds: when the agent dies, however that comes, the pipe closes and the watcher kills
 * the group. SIGTERM is passed on to the command alone, as a container runtime does; its exit code becomes ours.
 */
const GUARD = `
trap 'stop=1; [ -n "$child" ] && kill -TERM "$child" 2>/dev/null' TERM
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
( read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
guard=$!
exec 3<&-
[ -n "$stop" ] && kill -TERM "$child" 2>/dev/null
while :; do
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null || break
done
kill -KILL "$guard" 2>/dev/null
exit "$code"
`;

export interface ProcessSpec {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A command that cannot outlive this process. */
export interface GuardedProcess {
  readonly pid: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Exit code, 128 + signal number after a signal; resolves when all output has been read as well. */
  readonly exited: Promise<number>;
  /** Asks the command to end. */
  terminate(): void;
  /** Ends the command and everything it started. */
  kill(): void;
}

const SIGNAL_CODES: Readonly<Record<string, number>> = { SIGKILL: 137, SIGTERM: 143, SIGINT: 130, SIGHUP: 129 };

/** Starts the command. A command that cannot be found exits with 127 or 126, as in a shell, and says so on stderr. */
export function startGuarded(spec: ProcessSpec): GuardedProcess {
  const child: ChildProcess = spawn('/bin/sh', ['-c', GUARD, 'sh', ...spec.argv], {
    cwd: spec.cwd,
    env: { ...spec.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdout, stderr, stdin, pid } = child;
  if (!stdout || !stderr || !stdin) throw new Error('spawn gave no pipes');
  // Writing is never tried; an error here only says that the other end went away.
  stdin.on('error', () => undefined);
  const exited = new Promise<number>((resolve) => {
    let code = 128;
    child.on('error', () => {
      stdout.destroy();
      stderr.destroy();
      resolve(128);
    });
    child.on('exit', (exitCode, signal) => {
      code = exitCode ?? SIGNAL_CODES[signal ?? ''] ?? 128;
      // What the command left running holds the pipes open and, in a container, ends with it.
      signalGroup(pid, 'SIGKILL');
    });
    child.on('close', () => resolve(code));
  });
  return {
    pid,
    stdout,
    stderr,
    exited,
    terminate: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    },
    kill: () => {
      if (child.exitCode === null && child.signalCode === null) signalGroup(pid, 'SIGKILL');
    },
  };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** Asks the command to end and kills it when the grace is over. */
export async function endProcess(running: GuardedProcess, graceMs: number): Promise<void> {
  running.terminate();
  const timer = setTimeout(() => running.kill(), graceMs);
  await running.exited;
  clearTimeout(timer);
}
