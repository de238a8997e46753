/** Options that several commands share, so that they read and behave the same everywhere. */
import { type Command, Option } from 'commander';
import { CommandError } from './command-error.ts';
import { nameArgument, textArgument } from './arguments.ts';
import type { OperationTarget } from './operation/find-operation.ts';

export interface TargetOptions {
  readonly environment?: string;
  readonly id?: string;
}

/** `[service] --environment E` or `--id ID`. */
export function addTarget(command: Command): Command {
  return command
    .argument('[service]', 'name of the service', nameArgument)
    .addOption(environmentOption())
    .option('--id <workflow-id>', 'the operation itself, instead of service and environment');
}

export function environmentOption(): Option {
  return new Option('-e, --environment <environment>', 'where the service runs').argParser(nameArgument);
}

export function byOption(): Option {
  return new Option(
    '--by <who>',
    'who asks: a role or an account (MAINSTAY_BY, else the name of the account)',
  ).argParser(textArgument);
}

export function reasonOption(): Option {
  return new Option('--reason <why>', 'why, in words; it stands in the record').argParser(textArgument);
}

export function targetOf(service: string | undefined, { environment, id }: TargetOptions): OperationTarget {
  if (id === undefined && (service === undefined || environment === undefined)) {
    throw new CommandError('usage', 'which operation is meant? Give a service and --environment, or --id', [
      'see what runs: mainstay list',
    ]);
  }
  return {
    ...(service === undefined ? {} : { service }),
    ...(environment === undefined ? {} : { environment }),
    ...(id === undefined ? {} : { id }),
  };
}
