import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Look {
  readonly look: string;
  readonly host: string;
  readonly port: number;
}

const SCRIPT = fileURLToPath(new URL('rds_script.py', import.meta.url));

/**
 * Runs the script and answers what it saw, by name.
 *
 * @param options.onLook called where the script waits for somebody to look into a database
 * @throws Error with its last words when it fails
 */
export async function driveScript(options: {
  readonly python: string;
  readonly url: string;
  readonly onLook?: (look: Look) => Promise<void>;
}): Promise<Readonly<Record<string, unknown>>> {
  const child = spawn(options.python, ['-W', 'ignore', SCRIPT, options.url], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  ended.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const seen: Record<string, unknown> = {};
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as { readonly seen: string; readonly value: unknown } | Look;
      if ('seen' in told) {
        seen[told.seen] = told.value;
        continue;
      }
      await options.onLook?.(told);
      child.stdin.write('\n');
    }
    const code = await ended;
    if (code === 0) return seen;
    const last = Object.keys(seen).at(-1) ?? 'nothing';
    throw new Error(`${SCRIPT} ended with ${code}; the last it saw was ${last}: ${said.trim().slice(-1_500)}`);
  } finally {
    child.kill('SIGKILL');
  }
}
