/** `mainstay doctor`: is everything there that a deployment needs, and what to do about what is not. */
import { Command } from 'commander';
import { createKubernetesClients } from '../clients/kubernetes/http-client.ts';
import { createTrafficRouter } from '../clients/router/traffic-router.ts';
import { loadCatalogue } from '../config/load-catalogue.ts';
import {
  type Check,
  type CheckResult,
  diagnose,
  type Diagnosis,
  failed,
  notChecked,
  ok,
  warning,
} from '../core/doctor/check.ts';
import type { CatalogueLoad } from '../core/model/catalogue-load.ts';
import { describeProblem } from '../core/model/problem.ts';
import { CommandError } from './command-error.ts';
import { environmentOption } from './common-options.ts';
import { clusterRuns } from './doctor/check-cluster.ts';
import { checkLedger } from './doctor/check-database.ts';
import { checkNode, checkTools } from './doctor/check-machine.ts';
import { checkServer, checkWorkerCatalogue, checkWorkers, type SessionSeen } from './doctor/check-temporal.ts';
import { type CheckRun, runChecks } from './doctor/run-checks.ts';
import { EXIT_CODES, type ExitName } from './exit-codes.ts';
import { openSession } from './session.ts';
import { type Output, widthOf } from './view/screen.ts';
import { type Style, styleFor, wrap } from './view/style.ts';

/** Longer than the longest bounded call, so that its own words arrive. */
const CHECK_MS = 12_000;
const CALL_MS = 6_000;

export interface DoctorOptions {
  readonly environment?: string;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check server, workers, catalogue, clusters, rights, database and tools, and say what to do')
    .addOption(environmentOption())
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nExit code: 0 all well (warnings count as well), 20 something failed, 21 something could not be checked.',
    )
    .action(async (options: DoctorOptions) => {
      process.exitCode = await doctor(options, process.stdout);
      // A question that nobody answered must not keep the process: its answer is told already.
      setTimeout(() => process.exit(), 500).unref();
    });
}

/** Returns the exit code, within seconds, also when everything is away. */
export async function doctor(options: DoctorOptions, output: Output): Promise<number> {
  const session = openedSession();
  const local = await loadCatalogue();
  const deps = kubernetesDeps();
  const runs: readonly CheckRun[] = [
    { id: 'node', run: async () => [checkNode()] },
    { id: 'temporal', run: async () => checkServer(await session) },
    { id: 'workers', run: async () => checkWorkers(await session) },
    { id: 'catalogue', run: async () => [checkCatalogueFile(local, options.environment)] },
    { id: 'workerCatalogue', run: async () => checkWorkerCatalogue(await session, local) },
    ...(local.outcome === 'loaded' ? clusterRuns(deps, local.catalogue, options.environment) : []),
    { id: 'database', run: async () => [await checkLedger()] },
    ...checkTools().map((check, index) => ({ id: `tool/${index}`, run: async () => [await check()] })),
  ];
  try {
    const diagnosis = diagnose(await runChecks(runs, CHECK_MS));
    if (options.json === true) output.write(`${JSON.stringify(diagnosis)}\n`);
    else output.write(`${page(diagnosis, widthOf(output), styleFor(output)).join('\n')}\n`);
    return EXIT_CODES[exitOfDiagnosis(diagnosis)].code;
  } finally {
    const seen = await session;
    if ('session' in seen) await seen.session.close();
  }
}

async function openedSession(): Promise<SessionSeen> {
  try {
    return { session: await openSession() };
  } catch (error) {
    if (error instanceof CommandError) return { away: error };
    throw error;
  }
}

function kubernetesDeps() {
  const kubernetes = createKubernetesClients({ callTimeoutMs: CALL_MS });
  return { kubernetes, router: createTrafficRouter(kubernetes) };
}

function checkCatalogueFile(local: CatalogueLoad, environment: string | undefined): Check {
  const id = 'catalogue';
  switch (local.outcome) {
    case 'absent':
      return notChecked(
        id,
        `no catalogue at ${local.path}: nothing of clusters and services is checked`,
        'set MAINSTAY_CONFIG to the path of mainstay.yaml',
      );
    case 'refused':
      return failed(id, `${local.path} is not usable`, ...local.problems.map(describeProblem));
    case 'loaded':
      break;
  }
  const known = Object.keys(local.catalogue.environments);
  if (environment !== undefined && !known.includes(environment)) {
    return failed(id, `${local.path} has no environment ${environment}; it knows ${known.join(', ')}`);
  }
  const says = `${local.path}, digest ${local.digest.slice(0, 12)}`;
  if (local.unset.length === 0) return ok(id, says);
  return warning(id, `${says}; not set here: ${local.unset.join(', ')}`, 'the worker that uses them needs them');
}

function exitOfDiagnosis({ counts }: Diagnosis): ExitName {
  if (counts.failed > 0) return 'checkFailed';
  return counts.couldNotCheck > 0 ? 'notChecked' : 'ok';
}

const WORDS: Readonly<Record<CheckResult, string>> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  couldNotCheck: 'unknown',
};
const WORD_WIDTH = 9;

function page({ counts, checks }: Diagnosis, width: number, style: Style): readonly string[] {
  const longest = Math.max(...checks.map(({ id }) => id.length)) + 2;
  const paint = { ok: style.green, warning: style.yellow, failed: style.red, couldNotCheck: style.yellow };
  const lines = checks.flatMap(({ id, result, says, todo }) => {
    const indent = ' '.repeat(WORD_WIDTH + longest);
    const [first = '', ...more] = wrap(says, width - WORD_WIDTH - longest);
    return [
      `${paint[result](WORDS[result].padEnd(WORD_WIDTH))}${id.padEnd(longest)}${first}`,
      ...more.map((line) => `${indent}${line}`),
      ...todo.map((line) => `${indent}-> ${line}`),
    ];
  });
  const { ok: fine, failed: bad, couldNotCheck: open } = counts;
  return [...lines, '', `${fine} ok, ${counts.warning} warnings, ${bad} failed, ${open} could not be checked`];
}
