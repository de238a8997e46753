import { Command, InvalidArgumentError } from 'commander';
import { MAX_RPS } from '../sandbox/load/load.ts';
import type { SandboxStatus } from '../sandbox/status.ts';
import { connect, DEFAULT_STATE_DIR, stateOption } from './sandbox/control-client.ts';
import { envLines, sandboxEnvironment } from './sandbox/environment.ts';
import { faultCommand } from './sandbox/fault-command.ts';
import { bringUp, takeDown } from './sandbox/process.ts';
import { loadText, statusText, upText } from './sandbox/text.ts';
import { CommandError } from './command-error.ts';

interface CommonOptions {
  readonly state: string;
  readonly json?: boolean;
}

interface UpArguments extends CommonOptions {
  readonly rps: number;
  readonly watchWindow?: number;
  readonly seed: boolean;
  readonly prometheus?: boolean;
  readonly aws?: boolean;
  readonly awsClock?: number;
}

/**
 * `mainstay sandbox up|down|status|env|load|fault`: a Kubernetes API, a registry, a router and load on this machine, with
 * the example company in it. Actions throw CommandError.
 */
export function sandboxCommand(): Command {
  const sandbox = new Command('sandbox').description(
    'run the sandbox: cluster, registry, router and load on this machine',
  );

  withState(sandbox.command('up'))
    .description('start the sandbox in the background and wait until the example company is served')
    .option('--rps <number>', `requests per second of load, 0 to ${MAX_RPS}`, rateArgument, 50)
    .option('--watch-window <events>', 'how far back a watch may go until 410 Gone', countArgument)
    .option('--no-seed', 'leave the cluster empty')
    .option('--prometheus', 'start a real Prometheus too, which scrapes pods and router; it must be installed')
    .option('--aws', "start an AWS endpoint too, with the company's database as an RDS instance")
    .option('--aws-clock <factor>', 'with --aws: seconds here for a second of RDS, 0.01 when absent', factorArgument)
    .action(async (options: UpArguments) => {
      const { state: stateDir, rps, watchWindow, seed, prometheus = false, aws = false, awsClock, json } = options;
      const onStep = (step: string): void => console.error(`sandbox: ${step}`);
      const window = watchWindow === undefined ? {} : { watchWindow };
      const { status, wasRunning } = await bringUp({
        stateDir,
        rps,
        seed,
        prometheus,
        aws,
        ...(awsClock === undefined ? {} : { awsClock }),
        ...window,
        onStep: json ? () => undefined : onStep,
      });
      print(json, { ...status, wasRunning }, upText(status, stateDir, wasRunning));
    });

  withState(sandbox.command('down'))
    .description('end the sandbox and all its pods; images stay')
    .action(async ({ state, json }: CommonOptions) => {
      const wasRunning = await takeDown(state);
      print(json, { wasRunning }, wasRunning ? 'sandbox is down' : `no sandbox ran in ${state}`);
    });

  withState(sandbox.command('status'))
    .description('show addresses, pods, load and faults')
    .action(async ({ state, json }: CommonOptions) => {
      const { status } = await connect(state);
      print(json, status, statusText(status, state));
    });

  withState(sandbox.command('env'))
    .description('print what a shell needs to deploy into it: eval "$(mainstay sandbox env)"')
    .action(async ({ state, json }: CommonOptions) => {
      const { status } = await connect(state);
      if (!status.running) throw notReady(status, state);
      const environment = sandboxEnvironment(status.running);
      print(json, environment, envLines(environment).join('\n'));
    });

  withState(sandbox.command('load'))
    .description('show or change the load')
    .option('--rps <number>', `requests per second, 0 to ${MAX_RPS}`, rateArgument)
    .action(async ({ state, json, rps }: CommonOptions & { rps?: number }) => {
      const control = await connect(state);
      const load = rps === undefined ? control.status.running?.load : await control.setRate(rps);
      if (!load) throw notReady(control.status, state);
      print(json, load, loadText(load));
    });

  sandbox.addCommand(faultCommand(withState));
  return sandbox;
}

function notReady({ step }: SandboxStatus, state: string): CommandError {
  return new CommandError('unavailable', `the sandbox is not ready: ${step}`, [
    `mainstay sandbox status${stateOption(state)}`,
  ]);
}

/** Options every sandbox command has. */
function withState(command: Command): Command {
  return command
    .option('--state <folder>', 'folder of the sandbox', DEFAULT_STATE_DIR)
    .option('--json', 'print JSON for machines');
}

function print(json: boolean | undefined, value: unknown, text: string): void {
  console.log(json ? JSON.stringify(value) : text);
}

function rateArgument(text: string): number {
  const rps = Number(text);
  if (text.trim() !== '' && Number.isFinite(rps) && rps >= 0 && rps <= MAX_RPS) return rps;
  throw new InvalidArgumentError(`Expected a number from 0 to ${MAX_RPS}.`);
}

function factorArgument(text: string): number {
  const factor = Number(text);
  if (text.trim() !== '' && factor > 0 && factor <= 10) return factor;
  throw new InvalidArgumentError('Expected a number above 0, at most 10 (0.01 makes a minute 0.6 s).');
}

function countArgument(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number, at least 1.');
}
