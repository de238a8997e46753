/** `mainstay catalogue check | schema | show | rbac`: everything about the file that needs no server. */
import { Command } from 'commander';
import { stringify } from 'yaml';
import { KINDS } from '../clients/kubernetes/port.ts';
import { withMigrationFiles } from '../clients/migrations/migration-folder.ts';
import { loadCatalogue } from '../config/load-catalogue.ts';
import { catalogueJsonSchema } from '../contracts/catalogue.ts';
import { resolveDatabase } from '../core/backup/resolve-database.ts';
import type { CatalogueLoad } from '../core/model/catalogue-load.ts';
import { type Problem, describeProblem } from '../core/model/problem.ts';
import { roleFile, type RoleOptions } from '../core/preflight/role-file.ts';
import { resolvePlan } from '../core/rollout/resolve-plan.ts';
import { nameArgument, versionArgument } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { EXIT_CODES } from './exit-codes.ts';

interface Output {
  write(text: string): unknown;
}

type Loaded = Extract<CatalogueLoad, { outcome: 'loaded' }>;

interface ShowOptions {
  readonly service?: string;
  readonly database?: string;
  readonly environment?: string;
  readonly for?: string;
  readonly json?: boolean;
}

const FILE = 'the catalogue (MAINSTAY_CONFIG, else ./mainstay.yaml)';

export function catalogueCommand(): Command {
  const command = new Command('catalogue').description('check the catalogue, and show what it means');
  command
    .command('check')
    .description('tell everything that is wrong with the catalogue')
    .argument('[file]', FILE)
    .option('--json', 'one JSON object')
    .action(async (file: string | undefined, { json = false }: { json?: boolean }) => {
      process.exitCode = await checkCatalogueFile(file, json, process.stdout);
    });
  command
    .command('schema')
    .description('print the JSON Schema of the catalogue, for editors')
    .action(() => {
      process.stdout.write(`${JSON.stringify(catalogueJsonSchema(), null, 2)}\n`);
    });
  command
    .command('show')
    .description('print the plan of a service or a database in an environment, every default written out')
    .argument('[file]', FILE)
    .option('-s, --service <service>', 'name of the service', nameArgument)
    .option('--database <database>', 'of a database instead', nameArgument)
    .option('-e, --environment <environment>', 'where the service runs', nameArgument)
    .option('--for <version>', 'the version in the plan', versionArgument)
    .option('--json', 'JSON instead of YAML')
    .action(async (file: string | undefined, options: ShowOptions) => {
      process.exitCode = await showPlan(file, options, process.stdout);
    });
  command
    .command('rbac')
    .description('print the Kubernetes rights that a worker needs for this catalogue, ready for kubectl apply')
    .argument('[file]', FILE)
    .option('--account <name>', 'ServiceAccount of the worker', nameArgument, 'mainstay-worker')
    .option(
      '--account-namespace <namespace>',
      'where that account is; by default each namespace has its own',
      nameArgument,
    )
    .action(
      async (file: string | undefined, options: { readonly account: string; readonly accountNamespace?: string }) => {
        process.exitCode = await printRoles(file, options, process.stdout);
      },
    );
  return command;
}

/** Exit code: 0, 65 with problems, 66 without a file. */
export async function checkCatalogueFile(file: string | undefined, json: boolean, output: Output): Promise<number> {
  const load = await loadCatalogue({ path: file });
  if (json) output.write(`${JSON.stringify(checkReport(load))}\n`);
  else for (const line of checkLines(load)) output.write(`${line}\n`);
  return exitOfLoad(load);
}

/** Exit code: 0. Throws CommandError with every problem. */
export async function showPlan(file: string | undefined, options: ShowOptions, output: Output): Promise<number> {
  const load = await loadCatalogue({ path: file });
  if (load.outcome !== 'loaded') {
    const exit = load.outcome === 'absent' ? 'noFile' : 'badInput';
    throw new CommandError(exit, checkLines(load).join('\n'));
  }
  if (options.database !== undefined) return showDatabase(load, options.database, options, output);
  const { service, environment } = chosen(load, options);
  const resolved = resolvePlan(load, { service, environment, version: options.for ?? 'VERSION' });
  if ('problems' in resolved) {
    throw new CommandError('badInput', [`no plan from ${load.path}`, ...linesOf(resolved.problems)].join('\n'));
  }
  const plan = await withMigrationFiles(resolved.plan).catch((error: unknown) => {
    throw new CommandError(
      'badInput',
      `no plan from ${load.path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  output.write(options.json === true ? `${JSON.stringify(plan)}\n` : stringify(plan, { aliasDuplicateObjects: false }));
  return EXIT_CODES.ok.code;
}

function showDatabase(load: Loaded, database: string, options: ShowOptions, output: Output): number {
  const environment =
    options.environment ?? only(Object.keys(load.catalogue.databases?.[database]?.environments ?? {}));
  if (environment === undefined) throw new CommandError('usage', 'which plan is meant? Give --environment too');
  const resolved = resolveDatabase(load, { database, environment });
  if ('problems' in resolved) {
    throw new CommandError('badInput', [`no plan from ${load.path}`, ...linesOf(resolved.problems)].join('\n'));
  }
  const { plan } = resolved;
  output.write(options.json === true ? `${JSON.stringify(plan)}\n` : stringify(plan, { aliasDuplicateObjects: false }));
  return EXIT_CODES.ok.code;
}

/** Exit code: 0. Throws CommandError with every problem. */
export async function printRoles(file: string | undefined, options: RoleOptions, output: Output): Promise<number> {
  const load = await loadCatalogue({ path: file });
  if (load.outcome !== 'loaded') {
    const exit = load.outcome === 'absent' ? 'noFile' : 'badInput';
    throw new CommandError(exit, checkLines(load).join('\n'));
  }
  output.write(roleFile(load.catalogue, (kind) => KINDS[kind], options));
  return EXIT_CODES.ok.code;
}

function exitOfLoad({ outcome }: CatalogueLoad): number {
  switch (outcome) {
    case 'loaded':
      return EXIT_CODES.ok.code;
    case 'refused':
      return EXIT_CODES.badInput.code;
    case 'absent':
      return EXIT_CODES.noFile.code;
  }
}

function checkReport(load: CatalogueLoad): Record<string, unknown> {
  if (load.outcome !== 'loaded') return { ok: false, ...load };
  const { path, digest, unset, catalogue } = load;
  const names = { services: Object.keys(catalogue.services), environments: Object.keys(catalogue.environments) };
  return { ok: true, outcome: load.outcome, path, digest, ...names, unset, problems: [] };
}

function checkLines(load: CatalogueLoad): readonly string[] {
  if (load.outcome !== 'loaded')
    return [`${load.path}: ${counted(load.problems.length, 'problem')}`, ...linesOf(load.problems)];
  const { path, digest, unset, catalogue } = load;
  const services = Object.keys(catalogue.services).join(', ');
  const environments = Object.keys(catalogue.environments).join(', ');
  return [
    `${path}: good, digest ${digest.slice(0, 12)}`,
    `  services: ${services}`,
    `  environments: ${environments}`,
    ...(unset.length > 0 ? [`  not set here, and needed by the worker that uses them: ${unset.join(', ')}`] : []),
  ];
}

function linesOf(problems: readonly Problem[]): readonly string[] {
  return problems.map((problem) => `  ${describeProblem(problem)}`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** With one service or environment in the file nobody needs to name it. */
function chosen(
  { catalogue }: Loaded,
  options: ShowOptions,
): { readonly service: string; readonly environment: string } {
  const services = Object.keys(catalogue.services);
  const environments = Object.keys(catalogue.environments);
  const service = options.service ?? only(services);
  const environment = options.environment ?? only(environments);
  if (service !== undefined && environment !== undefined) return { service, environment };
  throw new CommandError('usage', 'which plan is meant? Give --service and --environment', [
    `services: ${services.join(', ')}`,
    `environments: ${environments.join(', ')}`,
  ]);
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
