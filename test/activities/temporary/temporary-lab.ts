/** Copies in the laboratory, and what other people do to them. */
import { HERE, MANIFEST, type AwsLab, openAwsLab } from '../database/aws-lab.ts';

/** With a copy that is ready. */
export async function restored(options: Parameters<typeof openAwsLab>[0] = {}) {
  const lab = await openAwsLab(options);
  const snapshot = await lab.copy();
  return { ...lab, snapshot };
}

/** An instance of somebody else, or with tags as given. */
export async function seedLike(
  { aws, temporary }: AwsLab,
  tags: Readonly<Record<string, string>>,
  identifier = temporary.identifier,
  region = HERE,
): Promise<void> {
  await aws.seedDatabase({
    region,
    identifier,
    engineVersion: '18.4',
    databaseName: 'crm',
    masterUsername: 'crm_admin',
    masterPassword: 'correct-horse-battery',
    tags,
  });
}

/** A manifest in its bucket. */
export async function stored(clients: AwsLab['clients']) {
  const body = Buffer.from(JSON.stringify(MANIFEST));
  const object = { bucket: 'crm-backups', key: 'm.json' };
  const { sha256 } = await clients
    .objects(HERE)
    .put({ ...object, body, contentType: 'application/json', encryption: {} });
  return { reference: { region: HERE, ...object, sha256 } };
}

/** As a person does it in the console. */
export async function modify(endpoint: string, identifier: string, change: object): Promise<void> {
  const { ModifyDBInstanceCommand, RDSClient } = await import('@aws-sdk/client-rds');
  const credentials = { accessKeyId: 'PERSON', secretAccessKey: 'anything' };
  const sdk = new RDSClient({ endpoint, region: HERE, credentials });
  await sdk.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: identifier, ApplyImmediately: true, ...change }));
  sdk.destroy();
}

/** With its automated backups kept. */
export async function remove(endpoint: string, identifier: string): Promise<void> {
  const { DeleteDBInstanceCommand, RDSClient } = await import('@aws-sdk/client-rds');
  const credentials = { accessKeyId: 'PERSON', secretAccessKey: 'anything' };
  const sdk = new RDSClient({ endpoint, region: HERE, credentials });
  const keep = { SkipFinalSnapshot: true, DeleteAutomatedBackups: false };
  await sdk.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: identifier, ...keep }));
  sdk.destroy();
}
