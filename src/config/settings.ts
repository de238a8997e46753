/** Settings of the process, from its environment. What operations do stands in the catalogue, not here. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { problemsOf } from '../contracts/problems.ts';
import { oneOf } from '../contracts/schema.ts';
import { parseSecretReference, SECRET_REFERENCE_EXPECTED } from '../core/model/secret-reference.ts';
import type { Problem } from '../core/model/problem.ts';
import { DEFAULT_CATALOGUE } from './load-catalogue.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
export const LEDGER_MODES = ['on', 'off'] as const;

export interface Settings {
  /** Path of the catalogue. */
  readonly cataloguePath: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** `auto`: text in a terminal, else one JSON object a line. */
  readonly logFormat: (typeof LOG_FORMATS)[number];
  /** Folder of the builds in flight and their logs: a worker that comes after a killed one finds them there. */
  readonly stateDir: string;
  /** `host[:port]` of registries that are spoken to without TLS; loopback always is. */
  readonly insecureRegistries: readonly string[];
  /** File with credentials of registries, in Docker's format. It need not exist. */
  readonly registryAuthFile: string;
  /** Whether a release ledger is kept. */
  readonly ledger: (typeof LEDGER_MODES)[number];
  /** URL of the ledger's database, a secret, or a reference to one; empty: a server of our own in `stateDir`. */
  readonly databaseUrl: string;
  /** Reference to the key of temporary passwords; empty: one of our own in `stateDir`. */
  readonly temporarySecret: string;
}

/** One row a variable. The reference page is made from it. */
export const SETTINGS = {
  MAINSTAY_CONFIG: { says: 'Path of the catalogue.', fallback: DEFAULT_CATALOGUE },
  MAINSTAY_LOG_LEVEL: { says: `How much is logged: ${LOG_LEVELS.join(', ')}.`, fallback: 'warn' },
  MAINSTAY_LOG_FORMAT: {
    says: `Log lines as ${LOG_FORMATS.join(', ')}; auto is text in a terminal, else one JSON object a line.`,
    fallback: 'auto',
  },
  MAINSTAY_STATE_DIR: {
    says: 'Folder of the builds in flight and their logs: the same for every worker of a host, whatever its working directory.',
    fallback: '$XDG_STATE_HOME/mainstay, else ~/.local/state/mainstay',
  },
  MAINSTAY_INSECURE_REGISTRIES: {
    says: 'Image registries without TLS: `host[:port]`, separated by commas. Loopback is always among them.',
    fallback: '',
  },
  MAINSTAY_REGISTRY_AUTH_FILE: {
    says: "File with credentials of image registries, in the format of Docker's config.json (`auths`; no credential helpers).",
    fallback: '$DOCKER_CONFIG/config.json, else ~/.docker/config.json',
  },
  MAINSTAY_LEDGER: {
    says: `Whether a release ledger is kept: ${LEDGER_MODES.join(', ')}. See docs/ledger.md.`,
    fallback: 'on',
  },
  MAINSTAY_DATABASE_URL: {
    says: 'Postgres of the release ledger: `postgres://user:password@host:port/database`, or a reference (`env:NAME`, `file:/PATH`, `k8s:NAMESPACE/NAME/KEY`).',
    fallback: 'a server of our own in MAINSTAY_STATE_DIR',
  },
  MAINSTAY_TEMPORARY_SECRET: {
    says: 'Key that passwords of temporary database instances are made from, as a reference (`env:NAME`, `file:/PATH`, `aws-sm:ID#KEY`); the same for every worker.',
    fallback: 'made once, in MAINSTAY_STATE_DIR: enough for workers of one host',
  },
} as const;

/** Stands for a wrong URL or reference in what is told of it: it may hold a password. */
const NOT_SHOWN = 'another text, which is not shown';

const schema = z.object({
  MAINSTAY_CONFIG: z.string(),
  MAINSTAY_LOG_LEVEL: oneOf(LOG_LEVELS),
  MAINSTAY_LOG_FORMAT: oneOf(LOG_FORMATS),
  MAINSTAY_STATE_DIR: z.string(),
  MAINSTAY_INSECURE_REGISTRIES: z.string(),
  MAINSTAY_REGISTRY_AUTH_FILE: z.string(),
  MAINSTAY_LEDGER: oneOf(LEDGER_MODES),
  MAINSTAY_DATABASE_URL: z.string().refine((text) => text !== NOT_SHOWN, {
    error: `postgres://user:password@host:port/database, or ${SECRET_REFERENCE_EXPECTED}`,
  }),
  MAINSTAY_TEMPORARY_SECRET: z.string().refine((text) => text !== NOT_SHOWN, { error: SECRET_REFERENCE_EXPECTED }),
}) satisfies z.ZodType<Record<keyof typeof SETTINGS, string>>;

/** The settings, or everything that is wrong with them; a variable that is empty counts as not set. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly settings: Settings } | { readonly problems: readonly Problem[] } {
  const stateHome = environment.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  const dockerHome = environment.DOCKER_CONFIG || join(homedir(), '.docker');
  const given = {
    MAINSTAY_CONFIG: environment.MAINSTAY_CONFIG || DEFAULT_CATALOGUE,
    // Written in capitals by those who come from other loggers.
    MAINSTAY_LOG_LEVEL: (environment.MAINSTAY_LOG_LEVEL || 'warn').toLowerCase(),
    MAINSTAY_LOG_FORMAT: (environment.MAINSTAY_LOG_FORMAT || 'auto').toLowerCase(),
    MAINSTAY_STATE_DIR: resolve(environment.MAINSTAY_STATE_DIR || join(stateHome, 'mainstay')),
    MAINSTAY_INSECURE_REGISTRIES: environment.MAINSTAY_INSECURE_REGISTRIES ?? '',
    MAINSTAY_REGISTRY_AUTH_FILE: environment.MAINSTAY_REGISTRY_AUTH_FILE || join(dockerHome, 'config.json'),
    MAINSTAY_LEDGER: (environment.MAINSTAY_LEDGER || 'on').toLowerCase(),
    MAINSTAY_DATABASE_URL: usableDatabaseUrl(environment.MAINSTAY_DATABASE_URL ?? ''),
    MAINSTAY_TEMPORARY_SECRET: usableReference(environment.MAINSTAY_TEMPORARY_SECRET ?? ''),
  };
  const parsed = schema.safeParse(given);
  if (!parsed.success) return { problems: problemsOf(parsed.error, given) };
  const read = parsed.data;
  return {
    settings: {
      cataloguePath: read.MAINSTAY_CONFIG,
      logLevel: read.MAINSTAY_LOG_LEVEL,
      logFormat: read.MAINSTAY_LOG_FORMAT,
      stateDir: read.MAINSTAY_STATE_DIR,
      insecureRegistries: read.MAINSTAY_INSECURE_REGISTRIES.split(/[\s,]+/).filter((host) => host !== ''),
      registryAuthFile: read.MAINSTAY_REGISTRY_AUTH_FILE,
      ledger: read.MAINSTAY_LEDGER,
      databaseUrl: read.MAINSTAY_DATABASE_URL,
      temporarySecret: read.MAINSTAY_TEMPORARY_SECRET,
    },
  };
}

function usableDatabaseUrl(text: string): string {
  const isUrl = /^postgres(ql)?:\/\//.test(text) && URL.canParse(text);
  return text === '' || isUrl || parseSecretReference(text) !== undefined ? text : NOT_SHOWN;
}

function usableReference(text: string): string {
  return text === '' || parseSecretReference(text) !== undefined ? text : NOT_SHOWN;
}

/** The table as a Markdown page, for docs/reference/settings.generated.md. */
export function settingsPage(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { says, fallback }]) => `| \`${name}\` | ${says} | ${fallback === '' ? 'none' : `\`${fallback}\``} |`,
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
