import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAINSTAY = fileURLToPath(new URL('../../bin/mainstay', import.meta.url));

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly end: Promise<CommandEnd>;
  /** Resolves when standard output holds the text; rejects when the command ends before. */
  untilSays(text: string): Promise<void>;
}

/** Starts `mainstay` as a person would, in a process of its own. Settings of this machine's Temporal do not reach it. */
export function startMainstay(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TEMPORAL_') && name !== 'MAINSTAY_CONFIG',
  );
  const startedMs = Date.now();
  const child = spawn(process.execPath, [MAINSTAY, ...args], {
    env: {
      ...Object.fromEntries(clean),
      XDG_CONFIG_HOME: '/nowhere',
      MAINSTAY_CONFIG: '/nowhere',
      MAINSTAY_LEDGER: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const end = new Promise<CommandEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output, ms: Date.now() - startedMs }));
  });
  return {
    child,
    end,
    untilSays: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.stdout.includes(text)) resolve();
        };
        look();
        child.stdout.on('data', look);
        child.on('close', () => reject(new Error(`ended without saying "${text}": ${output.stdout}${output.stderr}`)));
      }),
  };
}

export function runMainstay(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandEnd> {
  return startMainstay(args, env).end;
}

/** A page instead of standard output, for commands that are called as functions. */
export function page(): { text: string; write(text: string): void } {
  return {
    text: '',
    write(text) {
      this.text += text;
    },
  };
}
