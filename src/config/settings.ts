/** Settings of the process, from its environment. What operations do stands in the catalogue, not here. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { problemsOf } from '../contracts/problems.ts';
import { oneOf } from '../contracts/schema.ts';
import type { Problem } from '../core/model/problem.ts';
import { DEFAULT_CATALOGUE } from './load-catalogue.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export interface Settings {
  /** Path of the catalogue. */
  readonly cataloguePath: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Folder of the builds in flight and their logs: a worker that comes after a killed one finds them there. */
  readonly stateDir: string;
}

/** One row a variable. The reference page is made from it. */
export const SETTINGS = {
  MAINSTAY_CONFIG: { says: 'Path of the catalogue.', fallback: DEFAULT_CATALOGUE },
  MAINSTAY_LOG_LEVEL: { says: `How much is logged: ${LOG_LEVELS.join(', ')}.`, fallback: 'warn' },
  MAINSTAY_STATE_DIR: {
    says: 'Folder of the builds in flight and their logs.',
    fallback: '$XDG_STATE_HOME/mainstay, else ~/.local/state/mainstay',
  },
} as const;

const schema = z.object({
  MAINSTAY_CONFIG: z.string(),
  MAINSTAY_LOG_LEVEL: oneOf(LOG_LEVELS),
  MAINSTAY_STATE_DIR: z.string(),
}) satisfies z.ZodType<Record<keyof typeof SETTINGS, string>>;

/** The settings, or everything that is wrong with them; a variable that is empty counts as not set. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly settings: Settings } | { readonly problems: readonly Problem[] } {
  const stateHome = environment.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  const given = {
    MAINSTAY_CONFIG: environment.MAINSTAY_CONFIG || DEFAULT_CATALOGUE,
    // Written in capitals by those who come from other loggers.
    MAINSTAY_LOG_LEVEL: (environment.MAINSTAY_LOG_LEVEL || 'warn').toLowerCase(),
    MAINSTAY_STATE_DIR: environment.MAINSTAY_STATE_DIR || join(stateHome, 'mainstay'),
  };
  const parsed = schema.safeParse(given);
  if (!parsed.success) return { problems: problemsOf(parsed.error, given) };
  const { MAINSTAY_CONFIG, MAINSTAY_LOG_LEVEL, MAINSTAY_STATE_DIR } = parsed.data;
  return {
    settings: { cataloguePath: MAINSTAY_CONFIG, logLevel: MAINSTAY_LOG_LEVEL, stateDir: MAINSTAY_STATE_DIR },
  };
}

/** The table as a Markdown page, for docs/reference/settings.generated.md. */
export function settingsPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { says, fallback }]) => `| \`${name}\` | ${says} | \`${fallback}\` |`,
  );
  return [
    '# Settings of the process',
    '',
    'Temporal connections are read from the standard `TEMPORAL_*` variables and `temporal.toml`.',
    '',
    '| variable | meaning | default |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
