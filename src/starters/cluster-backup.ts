/** `mainstay cluster-backup show`: what stands in a copy of a cluster, ready for kubectl. Needs neither worker nor Temporal. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { unseal } from '../activities/cluster-backup/secret-box.ts';
import { createAwsClients } from '../clients/aws/aws-clients.ts';
import { resolveSecret } from '../clients/secrets/resolve-secret.ts';
import { isCoded } from '../errors/coded-error.ts';
import { CommandError } from './command-error.ts';
import type { Output } from './view/screen.ts';

interface ShowOptions {
  readonly key?: string;
  readonly region?: string;
}

const LARGEST = 512 * 1024 * 1024;

export function clusterBackupCommand(): Command {
  return new Command('cluster-backup').description('copies of the objects of a cluster').addCommand(
    new Command('show')
      .description('write the YAML of a copy (objects.yaml.gz, or sealed Secrets in secrets.enc) to standard output')
      .argument('<place>', 'a file, or s3://bucket/key')
      .option('--key <reference>', 'env:NAME or file:/PATH of the key that Secrets were sealed with')
      .option('--region <region>', 'of the bucket; AWS_REGION when left out')
      .addHelpText(
        'after',
        '\nApply the namespaces first, then the Secrets, then the rest: mainstay cluster-backup show FILE | kubectl apply --server-side -f -',
      )
      .action(async (place: string, options: ShowOptions) => show(place, options, process.stdout)),
  );
}

/** Throws a CommandError for what cannot be read or opened. */
export async function show(place: string, { key, region }: ShowOptions, output: Output): Promise<void> {
  try {
    const bytes = await bytesOf(place, region);
    output.write(await textOf(place, bytes, key));
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw new CommandError(error.code === 'NotFound' ? 'noFile' : 'badInput', error.message);
  }
}

async function bytesOf(place: string, region: string | undefined): Promise<Buffer> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  if (bucket !== undefined && key !== undefined) {
    const where = region ?? process.env.AWS_REGION;
    if (where === undefined)
      throw new CommandError('usage', `${place}: in which region? Give --region or set AWS_REGION`);
    return createAwsClients().objects(where).get({ bucket, key, maxBytes: LARGEST });
  }
  return readFile(place).catch((error: unknown) => {
    throw new CommandError('noFile', `${place}: ${error instanceof Error ? error.message : String(error)}`);
  });
}

async function textOf(place: string, bytes: Buffer, key: string | undefined): Promise<string> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, { maxOutputLength: LARGEST }).toString('utf8');
  if (key === undefined) {
    throw new CommandError('usage', `${place}: expected a gzip file, or sealed Secrets and --key`, [
      'the key is that of clusterBackup.secrets.encryptionKey in the catalogue',
    ]);
  }
  return unseal(bytes, await resolveSecret(key, {})).text;
}
