import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const VARIABLE = 'MAINSTAY_PROMETHEUS';

/**
 * Path of the Prometheus program: what the environment variable names, else the first on PATH.
 *
 * @throws Error that says how to get it
 */
export function findPrometheus(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = environment[VARIABLE];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`${VARIABLE}=${named}: no such program, or it may not be run`);
  }
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  const found = folders.map((folder) => join(folder, 'prometheus')).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `no prometheus on PATH: install it (Debian, Ubuntu: apt-get install prometheus) or set ${VARIABLE} to its path`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
