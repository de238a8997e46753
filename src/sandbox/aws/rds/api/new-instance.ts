/** What creating, restoring and replicating have in common: names, quotas, groups, and a record of the new instance. */
import { type Call, findParameterGroup, type RdsContext } from './context.ts';
import { RdsError } from './errors.ts';
import { instanceIdentifier, newResourceId } from './identifiers.ts';
import { engineParameters } from './known-parameters.ts';
import type { Tags } from './query-input.ts';
import type { Instance, Region, Settings } from './state.ts';
import type { ServerSpec } from '../engine/port.ts';

/** What has a default of its own whatever the source has. */
interface Wanted {
  readonly identifier: string;
  readonly settings: Settings;
  readonly tags: Tags;
  /** Of the source, for a replica. */
  readonly parameterGroup?: string;
}

/** The name asked for. Throws DBInstanceAlreadyExists, InstanceQuotaExceeded. */
export function freeIdentifier({ context, region, input }: Call, parameter = 'DBInstanceIdentifier'): string {
  const identifier = instanceIdentifier(input.required(parameter), parameter);
  if (region.instances.has(identifier)) throw new RdsError('DBInstanceAlreadyExists', 'DB instance already exists');
  const { instances: limit } = context.quotas;
  if (region.instances.size >= limit) {
    throw new RdsError(
      'InstanceQuotaExceeded',
      `Cannot create more than ${limit} DB instances in ${region.name} (${region.instances.size} are there).`,
    );
  }
  return identifier;
}

/** Groups that are named must exist and fit; what is not named gets RDS's default, not the source's value. */
export function newInstance({ region, input }: Call, wanted: Wanted): Instance {
  const { settings } = wanted;
  const family = `postgres${settings.major}`;
  const group = findParameterGroup(
    region,
    input.text('DBParameterGroupName') ?? wanted.parameterGroup ?? `default.${family}`,
  );
  if (group.family !== family) {
    throw new RdsError(
      'InvalidParameterCombination',
      `The Parameter Group ${group.name} with DBParameterGroupFamily ${group.family} can't be used for this instance. ` +
        `Please use a Parameter Group with DBParameterGroupFamily ${family}`,
    );
  }
  const subnetGroup = requireSubnetGroup(region, input.text('DBSubnetGroupName') ?? 'default');
  const securityGroups = input.list('VpcSecurityGroupIds');
  const isNamed = securityGroups !== undefined;
  return {
    ...settings,
    instanceClass: input.text('DBInstanceClass') ?? settings.instanceClass,
    backupRetentionDays: retentionDays(input) ?? settings.backupRetentionDays,
    backupWindow: input.text('PreferredBackupWindow') ?? settings.backupWindow,
    storageType: input.text('StorageType') ?? settings.storageType,
    iamAuthentication: input.flag('EnableIAMDatabaseAuthentication') ?? settings.iamAuthentication,
    allocatedStorageGb: storageOf(input, settings),
    createdAtMs: Date.now(),
    identifier: wanted.identifier,
    region: region.name,
    resourceId: newResourceId(),
    status: 'creating',
    endpoint: undefined,
    parameterGroup: group.name,
    effectiveGroup: group.name,
    parameterStatus: group.name.startsWith('default.') ? 'in-sync' : 'applying',
    subnetGroup,
    securityGroups: (securityGroups ?? ['sg-0default']).map((id) => ({ id, status: isNamed ? 'adding' : 'active' })),
    multiAz: input.flag('MultiAZ') ?? false,
    publiclyAccessible: input.flag('PubliclyAccessible') ?? false,
    deletionProtection: input.flag('DeletionProtection') ?? false,
    copyTagsToSnapshot: input.flag('CopyTagsToSnapshot') ?? false,
    autoMinorVersionUpgrade: input.flag('AutoMinorVersionUpgrade') ?? true,
    tags: wanted.tags,
    pending: {},
    deferred: [],
    replicaOf: undefined,
    replicas: [],
    replicaTerminated: false,
    isOptimizing: false,
    storageLoaded: undefined,
    earliestRestorableMs: undefined,
    latestRestorableMs: undefined,
    hasServer: false,
  };
}

export function requireSubnetGroup(region: Region, name: string): string {
  if (region.subnetGroups.has(name.toLowerCase())) return name.toLowerCase();
  throw new RdsError('DBSubnetGroupNotFoundFault', `DB subnet group '${name}' does not exist.`);
}

export function retentionDays(input: Call['input']): number | undefined {
  return input.whole('BackupRetentionPeriod', { min: 0, max: 35 });
}

/** Storage of a restored instance may grow, never shrink. */
function storageOf(input: Call['input'], settings: Settings): number {
  const asked = input.whole('AllocatedStorage', { min: 5, max: 65_536 });
  if (asked === undefined) return settings.allocatedStorageGb;
  if (asked >= settings.allocatedStorageGb) return asked;
  throw new RdsError(
    'InvalidParameterCombination',
    `Invalid storage size: ${asked} GiB is less than the ${settings.allocatedStorageGb} GiB of the source.`,
  );
}

/** What the engine is told of a new server. */
export function serverSpec(region: Region, instance: Instance): ServerSpec {
  return {
    resourceId: instance.resourceId,
    masterUsername: instance.masterUsername,
    masterPassword: instance.masterPassword,
    parameters: engineParameters(findParameterGroup(region, instance.parameterGroup).values),
  };
}

/** Groups named for a new instance are in effect some time after it can be reached: readiness is more than a status. */
export function settleGroups({ clock }: RdsContext, instance: Instance, seconds: number): void {
  clock
    .wait(seconds)
    .then(() => {
      if (instance.parameterStatus === 'applying') instance.parameterStatus = 'in-sync';
      for (const group of instance.securityGroups) if (group.status === 'adding') group.status = 'active';
    })
    .catch(() => undefined);
}

/** Blocks come from the snapshot when they are first read, or by and by. */
export function loadStorage({ clock, faults }: RdsContext, instance: Instance, seconds: number): void {
  instance.storageLoaded = 0;
  const tenths = async (): Promise<void> => {
    for (let tenth = 1; tenth <= 10; tenth++) {
      await clock.wait(seconds / 10);
      while (faults.isStuck(instance.region, instance.identifier, 'Initializing')) await clock.wait(1);
      instance.storageLoaded = tenth * 10;
    }
    instance.storageLoaded = undefined;
  };
  tenths().catch(() => undefined);
}
