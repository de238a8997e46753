/** The programs pg_dump and pg_restore of this machine, with their versions. */
import { execFile } from 'node:child_process';
import { access, constants, readdir, readFile, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type FoundPgTools, pgVersionOf } from '../../core/dumps/choose-pg-tools.ts';

const run = promisify(execFile);
const ASK_LIMIT_MS = 10_000;
/** Where packages of systems put them, by major. */
const SYSTEM_ROOTS = [
  { root: '/usr/lib/postgresql', bin: 'bin', pattern: /^\d+$/ },
  { root: '/usr', bin: 'bin', pattern: /^pgsql-\d+$/ },
  { root: '/opt/homebrew/opt', bin: 'bin', pattern: /^(postgresql|libpq)(@\d+)?$/ },
] as const;

export interface PgToolsPlaces {
  /** Of the process when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Looked at last; those of the system when left out. */
  readonly systemFolders?: readonly string[];
}

/**
 * Every folder with both programs, in the order of preference: MAINSTAY_PG_BIN_<major>, PATH, the system's packages.
 * Scripts on PATH are left out: wrappers choose a version by themselves. A program that does not answer is left out too.
 */
export async function findPgTools(places: PgToolsPlaces = {}): Promise<readonly FoundPgTools[]> {
  const environment = places.environment ?? process.env;
  const named = Object.keys(environment)
    .filter((name) => /^MAINSTAY_PG_BIN_\d+$/.test(name) && environment[name])
    .sort()
    .map((name) => ({ folder: environment[name] ?? '', from: name }));
  const path = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const system = places.systemFolders ?? (await systemFolders());
  const candidates = [
    ...named,
    ...path.map((folder) => ({ folder, from: 'PATH' })),
    ...system.map((folder) => ({ folder, from: folder })),
  ];
  const asked = await Promise.all(candidates.map(ask));
  const seen = new Set<string>();
  return asked.flatMap((found) => {
    if (found === undefined || seen.has(found.real)) return [];
    seen.add(found.real);
    const { real: _, ...tools } = found;
    return [tools];
  });
}

async function ask({
  folder,
  from,
}: {
  readonly folder: string;
  readonly from: string;
}): Promise<(FoundPgTools & { readonly real: string }) | undefined> {
  const program = join(folder, 'pg_dump');
  try {
    await access(program, constants.X_OK);
    await access(join(folder, 'pg_restore'), constants.X_OK);
    const real = await realpath(program);
    if (from === 'PATH' && (await isScript(real))) return undefined;
    const { stdout } = await run(program, ['--version'], { timeout: ASK_LIMIT_MS, env: { LC_ALL: 'C' } });
    const version = pgVersionOf(stdout);
    return version && { ...version, folder, from, real };
  } catch {
    return undefined;
  }
}

/** Debian's pg_wrapper picks the version of a local cluster, whatever server is asked for. */
async function isScript(program: string): Promise<boolean> {
  const bytes = await readFile(program);
  return bytes.subarray(0, 2).toString('latin1') === '#!';
}

async function systemFolders(): Promise<readonly string[]> {
  const found = await Promise.all(
    SYSTEM_ROOTS.map(async ({ root, bin, pattern }) => {
      const names = await readdir(root).catch(() => []);
      return names.filter((name) => pattern.test(name)).map((name) => join(root, name, bin));
    }),
  );
  return found.flat().sort();
}
