/** `mainstay traffic reset`: the manual escape. Gives all traffic to one version by what stands on the cluster alone. */
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { createKubernetesClients } from '../clients/kubernetes/http-client.ts';
import { createTrafficRouter } from '../clients/router/traffic-router.ts';
import { loadCatalogue } from '../config/load-catalogue.ts';
import { describeProblem } from '../core/model/problem.ts';
import { leftOf, planReset, type ResetPlan, resetLines, type ResetTo } from '../core/rollout/plan-reset.ts';
import { resolveTarget, type ServiceTarget } from '../core/rollout/resolve-target.ts';
import { quote } from '../core/status/possible-actions.ts';
import { isCoded } from '../errors/coded-error.ts';
import { nameArgument, whoAsks } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { byOption, environmentOption } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { applyReset, type Applied, awaitApplied, removeCanaries } from './traffic/apply-reset.ts';
import { findOwner, type OwnerSeen } from './traffic/find-owner.ts';
import { type ClusterHands, observeStanding, type Standing } from './traffic/observe-standing.ts';
import type { Output } from './view/screen.ts';

const CONFIRM_MS = 60_000;

export interface ResetOptions {
  readonly to?: ResetTo;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly removeCanary?: boolean;
  readonly by?: string;
  readonly json?: boolean;
}

export function trafficCommand(): Command {
  const command = new Command('traffic').description('who gets the traffic, without Temporal');
  command
    .command('reset')
    .description('give all traffic to the stable version, from what stands on the cluster alone')
    .argument('<service>', 'name of the service in the catalogue', nameArgument)
    .argument('[environment]', 'where the service runs', nameArgument)
    .addOption(environmentOption())
    .addOption(new Option('--to <version>', 'who gets it').choices(['stable', 'canary']).default('stable'))
    .option('--remove-canary', 'also delete the canary objects that get no traffic any more')
    .option('--dry-run', 'show what stands and what would be written, change nothing')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'although an operation owns the service (its own abort is the better way)')
    .addOption(byOption())
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nThe runbook: docs/running.md, "When Temporal itself is away".')
    .action(
      async (
        service: string,
        place: string | undefined,
        options: ResetOptions & { readonly environment?: string },
      ): Promise<void> => {
        const environment = place ?? options.environment;
        if (environment === undefined)
          throw new CommandError('usage', 'where? mainstay traffic reset SERVICE ENVIRONMENT');
        process.exitCode = await resetTraffic({ service, environment }, options, process.stdout);
      },
    );
  return command;
}

interface NamedTarget {
  readonly service: string;
  readonly environment: string;
}

/** What is asked besides the cluster. */
export interface ResetQuestions {
  readonly findOwner: (target: NamedTarget) => Promise<OwnerSeen>;
  /** Throws a CommandError when the person does not want it, or cannot be asked. */
  readonly ask: (target: NamedTarget, options: ResetOptions) => Promise<void>;
}

/** Returns the exit code. Throws a CommandError before anything was written; afterwards it tells what was. */
export async function resetTraffic(
  named: NamedTarget,
  options: ResetOptions,
  output: Output,
  questions: ResetQuestions = { findOwner, ask: askFirst },
): Promise<number> {
  const say = (line: string): void => void (options.json !== true && output.write(`${line}\n`));
  const { target, notes } = await targetOf(named);
  const clients = createKubernetesClients();
  const hands = { client: clients(target.workload.cluster), router: createTrafficRouter(clients) };
  const [standing, owner] = await Promise.all([lookAt(hands, target), questions.findOwner(named)]);
  const plan = planReset(standing.facts, options.to ?? 'stable');
  for (const line of [...resetLines(standing.facts, plan), ...notes.map((note) => `note: ${note}`)]) say(line);
  say(ownerInWords(owner));
  const report = { ...named, owner, standing: standing.facts, plan };
  const tell = (rest: object): void => {
    if (options.json === true) output.write(`${JSON.stringify({ ...report, ...rest })}\n`);
  };
  if (plan.decision === 'refuse') throw new CommandError('resetRefused', plan.why, plan.advice);
  if (plan.decision === 'nothing' || options.dryRun === true) {
    say(plan.decision === 'nothing' ? `nothing to do: ${plan.says}` : 'dry run: nothing was changed');
    tell({ changed: false });
    return EXIT_CODES.ok.code;
  }
  refuseOwned(owner, options);
  await questions.ask(named, options);
  await orCommandError(applyReset(hands, target, standing, plan, `traffic reset by ${whoAsks(options.by)}`));
  const applied = await awaitApplied(hands, target, plan, CONFIRM_MS);
  const removed = applied.confirmed && options.removeCanary === true ? await remove(hands, target, standing, plan) : [];
  const left = leftOf(standing.facts).filter((name) => !removed.includes(name));
  for (const line of endLines(named, { plan, applied, removed, left, owner })) say(line);
  tell({ changed: true, applied, removed, left });
  return EXIT_CODES[applied.confirmed ? 'ok' : 'notRestored'].code;
}

async function targetOf(
  named: NamedTarget,
): Promise<{ readonly target: ServiceTarget; readonly notes: readonly string[] }> {
  const load = await loadCatalogue();
  if (load.outcome !== 'loaded') {
    const exit = load.outcome === 'absent' ? 'noFile' : 'badInput';
    throw new CommandError(
      exit,
      `the catalogue ${load.path} says where the service is, and cannot be used`,
      load.problems.map(describeProblem),
    );
  }
  const resolved = resolveTarget(load.catalogue, named);
  if ('target' in resolved) return resolved;
  throw new CommandError('badInput', `${load.path}: no such place`, resolved.problems.map(describeProblem));
}

function lookAt(hands: ClusterHands, target: ServiceTarget): Promise<Standing> {
  return orCommandError(observeStanding(hands, target));
}

function remove(
  hands: ClusterHands,
  target: ServiceTarget,
  standing: Standing,
  plan: Extract<ResetPlan, { decision: 'write' }>,
): Promise<readonly string[]> {
  return orCommandError(removeCanaries(hands, target, standing, plan));
}

/** What the cluster refuses or does not answer, in its own words. */
async function orCommandError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isCoded(error)) throw error;
    const exit = error.code === 'PreconditionFailed' || error.code === 'NotFound' ? 'resetRefused' : 'unavailable';
    throw new CommandError(exit, error.message, ['look again: the same command with --dry-run']);
  }
}

function ownerInWords(owner: OwnerSeen): string {
  switch (owner.seen) {
    case 'away':
      return `Temporal: ${owner.why}; going by the cluster alone`;
    case 'free':
      return 'Temporal: no operation owns the service';
    case 'owned':
      return `Temporal: ${owner.workflowId} owns the service${owner.polls ? '' : ', and no worker polls'}`;
  }
}

function refuseOwned(owner: OwnerSeen, { force }: ResetOptions): void {
  if (owner.seen !== 'owned' || force === true) return;
  const id = quote(owner.workflowId);
  throw new CommandError('busy', `${owner.workflowId} owns the service, and puts back itself what it found`, [
    ...(owner.polls ? [] : ['start a worker first: mainstay worker; then']),
    `mainstay abort --id ${id} --reason "..."`,
    'if it does not react: the same command with --force; the operation then finds its objects taken and asks for help',
  ]);
}

async function askFirst({ service }: NamedTarget, { yes }: ResetOptions): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY) {
    throw new CommandError('usage', 'nobody can be asked here: give --yes, or --dry-run to look only');
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`Write this? Type ${service} to go on: `);
    if (answer.trim() !== service) throw new CommandError('resetRefused', 'nothing was changed');
  } finally {
    asking.close();
  }
}

interface Ended {
  readonly plan: Extract<ResetPlan, { decision: 'write' }>;
  readonly applied: Applied;
  readonly removed: readonly string[];
  readonly left: readonly string[];
  readonly owner: OwnerSeen;
}

function endLines(
  { service, environment }: NamedTarget,
  { plan, applied, removed, left, owner }: Ended,
): readonly string[] {
  const what = plan.to === 'stable' ? 'the stable version' : 'the canary';
  const same = `mainstay traffic reset ${service} ${environment}`;
  return [
    applied.confirmed
      ? `done: ${what} gets all traffic (${applied.says})`
      : `written, but the data plane does not show it: ${applied.says}`,
    ...removed.map((name) => `deleted: ${name}`),
    ...left.map((name) => `left: ${name}`),
    ...(left.length > 0 && plan.to === 'stable'
      ? [`take them away: ${same} --remove-canary, or leave it to the next deployment`]
      : []),
    ...(plan.to === 'canary'
      ? [
          'the canary is no place to stay: mend the stable Deployment, then give it the traffic by the same command without --to',
        ]
      : []),
    owner.seen === 'free'
      ? 'the next deployment begins from what stands now'
      : `an operation that was interrupted will find its objects taken and change nothing more: mainstay status ${service} -e ${environment}, once Temporal answers; what it may do then: docs/running.md`,
  ];
}
