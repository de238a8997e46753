import { Command, InvalidArgumentError, Option } from 'commander';
import { connect } from './control-client.ts';
import { faultsText, faultText } from './text.ts';

interface CommonOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** `mainstay sandbox fault add|list|clear`. `withState` adds the options that every sandbox command has. */
export function faultCommand(withState: (command: Command) => Command): Command {
  const fault = new Command('fault').description('make parts of the sandbox misbehave');
  const add = fault.command('add').description('switch a fault on; its id is printed');

  const service = withState(add.command('service'))
    .description('requests of the example service fail, are slow, or its pods crash')
    .option('--version <tag>', 'only pods of this version, as v1.4.2')
    .option('--selector <labels>', 'only pods with these labels: key=value,key=value')
    .option('--namespace <name>', 'pods of this namespace', 'crm')
    .option('--error-ratio <ratio>', 'share of requests answered 500, 0 to 1', ratioArgument)
    .option('--latency-ms <ms>', 'added to each request', wholeArgument)
    .option('--crash', 'processes end, again and again')
    .option('--no-metrics', '/metrics answers 404');
  service.action((options: CommonOptions & { metrics: boolean }) => {
    // commander makes `metrics: false` of --no-metrics, and true of its absence.
    const { metrics, ...rest } = options;
    return addFault('service', metrics ? rest : { ...rest, noMetrics: true });
  });

  withState(add.command('api'))
    .description('the Kubernetes API refuses, delays or loses requests')
    .option('--verb <verb>', 'get, list, watch, create, update, patch or delete')
    .option('--resource <plural>', 'as pods, httproutes, deployments/scale')
    .option('--name <name>', 'object name')
    .option('--namespace <name>', 'namespace')
    .option('--user-agent <text>', 'only callers whose User-Agent contains this')
    .option('--status <code>', 'answer this status, 400 to 599', wholeArgument)
    .option('--retry-after-seconds <seconds>', 'tell callers when to come back', wholeArgument)
    .option('--delay-ms <ms>', 'wait first', wholeArgument)
    .option('--drop-reply', 'the request takes effect, the answer is lost')
    .option('--deny', '403, also from access reviews')
    .option('--count <requests>', 'only this many requests', wholeArgument)
    .option('--probability <ratio>', 'share of the requests, 0 to 1', ratioArgument)
    .action((options: CommonOptions) => addFault('api', options));

  withState(add.command('registry'))
    .description('the image registry is down, unavailable or slow')
    .addOption(mode('down', 'unavailable', 'delay'))
    .option('--delay-ms <ms>', 'with --mode delay', wholeArgument)
    .action((options: CommonOptions) => addFault('registry', options));

  withState(add.command('router'))
    .description('the router refuses a share, is slow, applies no changes, or has no metrics')
    .addOption(mode('unavailable', 'delay', 'frozen', 'noMetrics'))
    .option('--ratio <ratio>', 'with --mode unavailable: share of requests, 0 to 1', ratioArgument)
    .option('--delay-ms <ms>', 'with --mode delay', wholeArgument)
    .action((options: CommonOptions) => addFault('router', options));

  withState(add.command('aws'))
    .description('AWS refuses, delays or loses requests, or the status of an RDS instance sticks or lies')
    .addOption(mode('throttle', 'error', 'delay', 'lostReply', 'stuckStatus', 'lyingStatus'))
    .option('--service <name>', 'as rds, s3, secretsmanager, route53')
    .option('--operation <name>', 'as CreateDBSnapshot, PutObject')
    .option('--region <name>', 'as eu-central-1')
    .option('--count <requests>', 'only this many requests', wholeArgument)
    .option('--skip <requests>', 'let this many pass first', wholeArgument)
    .option('--probability <ratio>', 'share of the requests, 0 to 1', ratioArgument)
    .option('--delay-ms <ms>', 'with --mode delay', wholeArgument)
    .option('--status <status>', 'the HTTP status of an error, 400 to 599; the status that sticks, or that is told')
    .option('--code <code>', 'with --mode error: as InstanceQuotaExceeded')
    .option('--message <text>', 'with --mode error')
    .option('--identifier <name>', 'with stuckStatus or lyingStatus: only this instance or snapshot')
    .action((options: CommonOptions & { mode: string; status?: string }) => {
      const { status, ...rest } = options;
      if (status === undefined) return addFault('aws', rest);
      return addFault('aws', { ...rest, status: options.mode === 'error' ? wholeArgument(status) : status });
    });

  withState(fault.command('list'))
    .description('show the faults that are on')
    .action(async ({ state, json }: CommonOptions) => {
      const faults = await (await connect(state)).faults();
      console.log(json ? JSON.stringify({ faults }) : faultsText(faults));
    });

  withState(fault.command('clear').argument('[id]', 'the id that add printed; all when absent'))
    .description('switch one fault off, or all')
    .action(async (id: string | undefined, { state, json }: CommonOptions) => {
      const cleared = await (await connect(state)).clearFaults(id);
      console.log(json ? JSON.stringify({ cleared }) : `${cleared} ${cleared === 1 ? 'fault' : 'faults'} cleared`);
    });
  return fault;
}

async function addFault(
  kind: string,
  options: CommonOptions & { noMetrics?: boolean; status?: string | number },
): Promise<void> {
  const { state, json, ...settings } = options;
  const active = await (await connect(state)).addFault({ kind, ...settings });
  console.log(json ? JSON.stringify(active) : faultText(active));
}

function mode(...choices: string[]): Option {
  return new Option('--mode <mode>', 'what it does').choices(choices).makeOptionMandatory();
}

function ratioArgument(text: string): number {
  const ratio = Number(text);
  if (text.trim() !== '' && ratio >= 0 && ratio <= 1) return ratio;
  throw new InvalidArgumentError('Expected a number from 0 to 1 (0.2 is 20 %).');
}

function wholeArgument(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}
