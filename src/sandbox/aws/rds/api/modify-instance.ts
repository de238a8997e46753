import { disableBackups, enableBackups } from './backups.ts';
import { SECONDS } from './clock.ts';
import {
  addEvent,
  type Call,
  findInstance,
  findParameterGroup,
  type Operation,
  type RdsContext,
  requireReady,
  resting,
} from './context.ts';
import { requirePassword, viewOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { instanceIdentifier } from './identifiers.ts';
import { requireSubnetGroup, retentionDays } from './new-instance.ts';
import type { Instance, Region } from './state.ts';
import type { Step } from './timeline.ts';

/** One change under way: what is pending, and what makes it true. */
interface Change {
  readonly pending: Partial<Instance['pending']>;
  readonly steps: readonly Step[];
  /** Waits for the maintenance window unless it is to be applied immediately. */
  readonly mayWait: boolean;
}

/**
 * Some values are in effect at once (deletion protection, tags' copying, groups' names), the password and the retention
 * soon whatever is asked, the rest immediately or in the maintenance window. The answer still says `available`: what is
 * to come stands in PendingModifiedValues.
 */
export const modifyDbInstance: Operation = (call) => {
  const { context, region, input } = call;
  const instance = findInstance(region, input.required('DBInstanceIdentifier'));
  requireReady(context, instance, 'modify');
  const changes = changesOf(call, instance);
  applyAtOnce(call, instance);
  const isImmediate = input.flag('ApplyImmediately') ?? false;
  const now = changes.filter(({ mayWait }) => isImmediate || !mayWait);
  const later = changes.filter((change) => !now.includes(change));
  for (const { pending } of changes) Object.assign(instance.pending, pending);
  const waiting = [...instance.deferred, ...later.flatMap(({ steps }) => steps)];
  // One that is applied immediately takes along what waits.
  instance.deferred = isImmediate ? [] : waiting;
  const steps = [...(isImmediate ? waiting : []), ...now.flatMap((change) => change.steps)];
  if (steps.length > 0) runSteps(context, region, instance, steps);
  return { DBInstance: viewOf(region, instance) };
};

function runSteps(context: RdsContext, region: Region, instance: Instance, changes: readonly Step[]): void {
  const steps = [{ seconds: SECONDS.beforeChange }, ...changes];
  void context.timelines.run(instance, steps, resting(instance), (error) => {
    context.reportProblem(`rds change of ${instance.identifier}`, error);
    addEvent(region, 'db-instance', instance.identifier, 'failure', `Change failed: ${error.message}`);
    instance.pending = {};
    return instance.hasServer ? 'incompatible-parameters' : 'failed';
  });
}

function applyAtOnce({ context, region, input }: Call, instance: Instance): void {
  instance.deletionProtection = input.flag('DeletionProtection') ?? instance.deletionProtection;
  instance.copyTagsToSnapshot = input.flag('CopyTagsToSnapshot') ?? instance.copyTagsToSnapshot;
  instance.autoMinorVersionUpgrade = input.flag('AutoMinorVersionUpgrade') ?? instance.autoMinorVersionUpgrade;
  instance.publiclyAccessible = input.flag('PubliclyAccessible') ?? instance.publiclyAccessible;
  instance.iamAuthentication = input.flag('EnableIAMDatabaseAuthentication') ?? instance.iamAuthentication;
  instance.backupWindow = input.text('PreferredBackupWindow') ?? instance.backupWindow;
  instance.maintenanceWindow = input.text('PreferredMaintenanceWindow') ?? instance.maintenanceWindow;
  const group = input.text('DBParameterGroupName');
  if (group !== undefined && group !== instance.parameterGroup) {
    instance.parameterGroup = findParameterGroup(region, group).name;
    // Another group is in effect after the next reboot, whatever is in it.
    instance.parameterStatus = 'pending-reboot';
  }
  const ids = input.list('VpcSecurityGroupIds');
  if (!ids) return;
  instance.securityGroups = ids.map((id) => ({ id, status: 'adding' }));
  context.clock
    .wait(SECONDS.applyGroup)
    .then(() => {
      for (const membership of instance.securityGroups) membership.status = 'active';
    })
    .catch(() => undefined);
}

/** Everything is checked here, before anything is changed. */
function changesOf(call: Call, instance: Instance): readonly Change[] {
  const { region, input } = call;
  const group = input.text('DBParameterGroupName');
  const family = `postgres${instance.major}`;
  if (group !== undefined && findParameterGroup(region, group).family !== family) {
    throw new RdsError('InvalidParameterCombination', `The Parameter Group ${group} is not of family ${family}.`);
  }
  const subnets = input.text('DBSubnetGroupName');
  if (subnets !== undefined && requireSubnetGroup(region, subnets) !== instance.subnetGroup) {
    throw new RdsError('InvalidParameterCombination', 'The sandbox moves no instance to another subnet group.');
  }
  const version = input.text('EngineVersion');
  if (version !== undefined && version !== instance.engineVersion) {
    throw new RdsError('InvalidParameterCombination', 'The sandbox upgrades no engine version.');
  }
  const changes = [
    passwordChange(call, instance),
    retentionChange(call, instance),
    classChange(call, instance),
    multiAzChange(call, instance),
    renameChange(call, instance),
    storageChange(call, instance),
  ];
  return changes.filter((change) => change !== undefined);
}

function passwordChange({ context, input }: Call, instance: Instance): Change | undefined {
  const password = input.text('MasterUserPassword');
  if (password === undefined) return undefined;
  requirePassword(password);
  if (instance.replicaOf !== undefined) {
    throw new RdsError('InvalidParameterCombination', 'The master password of a read replica is that of its source.');
  }
  const work = async (): Promise<void> => {
    await context.engine.setMasterPassword(instance.resourceId, password);
    instance.masterPassword = password;
    delete instance.pending.MasterUserPassword;
  };
  const step = { status: 'resetting-master-credentials', seconds: SECONDS.resetCredentials, work };
  return { pending: { MasterUserPassword: password }, steps: [step], mayWait: false };
}

function retentionChange({ context, region, input }: Call, instance: Instance): Change | undefined {
  const days = retentionDays(input);
  if (days === undefined || days === instance.backupRetentionDays) return undefined;
  if (days === 0 && instance.replicas.length > 0) {
    throw new RdsError('InvalidParameterCombination', 'Backups cannot be disabled while there are read replicas.');
  }
  const isFirst = instance.backupRetentionDays === 0;
  const work = async (): Promise<void> => {
    instance.backupRetentionDays = days;
    delete instance.pending.BackupRetentionPeriod;
    if (days === 0) await disableBackups(context, region, instance);
    else if (isFirst) await enableBackups(context, region, instance);
  };
  const seconds = isFirst ? SECONDS.firstBackup : SECONDS.modify;
  const status = isFirst ? 'backing-up' : 'modifying';
  return { pending: { BackupRetentionPeriod: days }, steps: [{ status, seconds, work }], mayWait: false };
}

function classChange({ context, input }: Call, instance: Instance): Change | undefined {
  const wanted = input.text('DBInstanceClass');
  if (wanted === undefined || wanted === instance.instanceClass) return undefined;
  const work = async (): Promise<void> => {
    instance.endpoint = await context.engine.restart(instance.resourceId);
    instance.instanceClass = wanted;
    delete instance.pending.DBInstanceClass;
  };
  const step = { status: 'modifying', seconds: SECONDS.changeClass, work };
  return { pending: { DBInstanceClass: wanted }, steps: [step], mayWait: true };
}

function multiAzChange({ input }: Call, instance: Instance): Change | undefined {
  const wanted = input.flag('MultiAZ');
  if (wanted === undefined || wanted === instance.multiAz) return undefined;
  const work = (): void => {
    instance.multiAz = wanted;
    delete instance.pending.MultiAZ;
  };
  return {
    pending: { MultiAZ: wanted },
    steps: [{ status: 'modifying', seconds: SECONDS.modify, work }],
    mayWait: true,
  };
}

/** The endpoint is new and the server restarts; the resource id stays. */
function renameChange({ context, region, input }: Call, instance: Instance): Change | undefined {
  const asked = input.text('NewDBInstanceIdentifier');
  if (asked === undefined) return undefined;
  const name = instanceIdentifier(asked, 'NewDBInstanceIdentifier');
  if (name === instance.identifier) return undefined;
  if (region.instances.has(name)) throw new RdsError('DBInstanceAlreadyExists', 'DB instance already exists');
  const work = async (): Promise<void> => {
    const server = await context.engine.restart(instance.resourceId);
    region.instances.delete(instance.identifier);
    for (const other of region.instances.values()) {
      if (other.replicaOf === instance.identifier) other.replicaOf = name;
      other.replicas = other.replicas.map((replica) => (replica === instance.identifier ? name : replica));
    }
    instance.identifier = name;
    instance.endpoint = server;
    region.instances.set(name, instance);
    delete instance.pending.DBInstanceIdentifier;
  };
  const step = { status: 'renaming', seconds: SECONDS.rename, work };
  return { pending: { DBInstanceIdentifier: name }, steps: [step], mayWait: true };
}

/** It grows by a tenth at least, and can be used while it is optimized. */
function storageChange({ context, input }: Call, instance: Instance): Change | undefined {
  const wanted = input.whole('AllocatedStorage', { min: 5, max: 65_536 });
  const before = instance.allocatedStorageGb;
  if (wanted === undefined || wanted === before) return undefined;
  if (wanted < before * 1.1) {
    throw new RdsError(
      'InvalidParameterCombination',
      `Invalid storage size: ${wanted} GiB; storage cannot shrink and must grow by 10 percent at least (${before} GiB now).`,
    );
  }
  if (instance.isOptimizing) {
    throw new RdsError('InvalidParameterCombination', 'Storage is being optimized: it cannot be changed again yet.');
  }
  const work = (): void => {
    instance.allocatedStorageGb = wanted;
    delete instance.pending.AllocatedStorage;
    instance.isOptimizing = true;
  };
  const step = { status: 'modifying', seconds: SECONDS.modify, work };
  // Behind the change, not a part of it: the instance can be used and changed meanwhile.
  const begin = { seconds: 0, work: () => void optimize(context, instance).catch(() => undefined) };
  return { pending: { AllocatedStorage: wanted }, steps: [step, begin], mayWait: true };
}

async function optimize({ clock, faults }: RdsContext, instance: Instance): Promise<void> {
  const { region, identifier } = instance;
  await clock.wait(SECONDS.optimizeStorage);
  while (faults.isStuck(region, identifier, 'storage-optimization')) await clock.wait(1);
  instance.isOptimizing = false;
  if (instance.status === 'storage-optimization') instance.status = 'available';
}
