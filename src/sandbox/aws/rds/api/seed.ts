/** What a sandbox has from its start, without the time that making it would take. */
import type { SeedDatabase, SeededDatabase } from '../../start-aws.ts';
import { enableBackups } from './backups.ts';
import { addEvent, findParameterGroup, type RdsContext } from './context.ts';
import { versionOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { engineParameters } from './known-parameters.ts';
import { newInstance } from './new-instance.ts';
import { requireChangeable } from './parameter-groups.ts';
import { QueryInput } from './query-input.ts';

/** Makes it, and takes its first backup when it has a retention. Throws when the name is taken. */
export async function seedInstance(context: RdsContext, seed: SeedDatabase): Promise<SeededDatabase> {
  const region = context.state.region(seed.region);
  if (region.instances.has(seed.identifier)) {
    throw new RdsError('DBInstanceAlreadyExists', `DB instance ${seed.identifier} already exists`);
  }
  const form = new URLSearchParams();
  if (seed.parameterGroup !== undefined) form.set('DBParameterGroupName', seed.parameterGroup);
  if (seed.subnetGroup !== undefined) form.set('DBSubnetGroupName', seed.subnetGroup);
  for (const [index, id] of (seed.securityGroupIds ?? []).entries())
    form.set(`VpcSecurityGroupIds.member.${index + 1}`, id);
  const settings = {
    ...(await versionOf(context, seed.engineVersion)),
    instanceClass: seed.instanceClass ?? 'db.t4g.medium',
    allocatedStorageGb: 20,
    storageType: 'gp3',
    iops: undefined,
    masterUsername: seed.masterUsername,
    masterPassword: seed.masterPassword,
    databaseName: seed.databaseName,
    backupRetentionDays: seed.backupRetentionDays ?? 0,
    backupWindow: '03:00-03:30',
    maintenanceWindow: 'sun:04:00-sun:04:30',
    encrypted: true,
    kmsKeyId: `arn:aws:kms:${seed.region}:123456789012:key/sandbox`,
    iamAuthentication: false,
    port: 5432,
    createdAtMs: Date.now(),
  };
  const call = { context, region, input: new QueryInput(form) };
  const instance = newInstance(call, { identifier: seed.identifier, settings, tags: seed.tags ?? {} });
  const { values } = findParameterGroup(region, instance.parameterGroup);
  const server = await context.engine.create({
    resourceId: instance.resourceId,
    masterUsername: seed.masterUsername,
    masterPassword: seed.masterPassword,
    parameters: engineParameters(values),
    major: settings.major,
    databaseName: seed.databaseName,
  });
  Object.assign(instance, { endpoint: server, hasServer: true, status: 'available', parameterStatus: 'in-sync' });
  for (const group of instance.securityGroups) group.status = 'active';
  instance.copyTagsToSnapshot = true;
  region.instances.set(instance.identifier, instance);
  if (instance.backupRetentionDays > 0) await enableBackups(context, region, instance);
  addEvent(region, 'db-instance', instance.identifier, 'creation', 'DB instance created');
  const url = new URL(`postgres://${server.host}:${server.port}/${seed.databaseName}`);
  url.username = seed.masterUsername;
  url.password = seed.masterPassword;
  return { host: server.host, port: server.port, url: url.href };
}

export function seedParameterGroup(
  { state }: RdsContext,
  group: {
    readonly region: string;
    readonly name: string;
    readonly family: string;
    readonly parameters: Readonly<Record<string, string>>;
  },
): void {
  for (const name of Object.keys(group.parameters)) requireChangeable(name, 'pending-reboot');
  const { parameterGroups } = state.region(group.region);
  const { name, family, parameters } = group;
  const known = parameterGroups.get(name);
  if (known) known.values = parameters;
  else parameterGroups.set(name, { name, family, description: name, tags: {}, values: parameters });
}

export function seedSubnetGroup(
  { state }: RdsContext,
  {
    region,
    name,
    subnetIds,
  }: { readonly region: string; readonly name: string; readonly subnetIds: readonly string[] },
): void {
  state.region(region).subnetGroups.set(name, { name, description: name, subnetIds, tags: {} });
}
