import { dropAutomatedSnapshots } from './backups.ts';
import { SECONDS } from './clock.ts';
import { addEvent, type Call, findInstance, type Operation, type RdsContext } from './context.ts';
import { viewOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { arn, parseArn, snapshotIdentifier } from './identifiers.ts';
import { standAlone } from './replicas.ts';
import { requireFree, startSnapshot } from './snapshots.ts';
import { type Instance, type Region, settingsOf } from './state.ts';

/** Of a server that is being made or copied: RDS wants it finished first. */
const NOT_YET = new Set(['creating', 'backing-up', 'renaming', 'rebooting', 'starting', 'stopping']);

export const deleteDbInstance: Operation = (call) => {
  const { context, region, input } = call;
  const instance = findInstance(region, input.required('DBInstanceIdentifier'));
  const finalSnapshot = checked(call, instance);
  const keepsBackups = input.flag('DeleteAutomatedBackups') === false && instance.backupRetentionDays > 0;
  instance.status = 'deleting';
  addEvent(region, 'db-instance', instance.identifier, 'deletion', 'DB instance is being deleted');
  const work = (): Promise<void> => remove(context, region, instance, finalSnapshot, keepsBackups);
  const steps = [{ status: 'deleting', seconds: SECONDS.deleteInstance, work }];
  void context.timelines
    .run(instance, steps, undefined, (error) => {
      context.reportProblem(`rds deletion of ${instance.identifier}`, error);
      addEvent(region, 'db-instance', instance.identifier, 'failure', `Deletion failed: ${error.message}`);
      return 'failed';
    })
    .then(() => {
      if (instance.status !== 'deleting' || instance.hasServer || context.clock.signal.aborted) return;
      region.instances.delete(instance.identifier);
      addEvent(region, 'db-instance', instance.identifier, 'deletion', 'DB instance deleted');
    });
  return { DBInstance: viewOf(region, instance) };
};

/** The name of the final snapshot, undefined when none is wanted. Nothing is changed by a call that is refused. */
function checked({ context, region, input }: Call, instance: Instance): string | undefined {
  const { identifier, status } = instance;
  const skips = input.flag('SkipFinalSnapshot') ?? false;
  const asked = input.text('FinalDBSnapshotIdentifier');
  if (status === 'deleting') {
    throw new RdsError('InvalidDBInstanceState', `Instance ${identifier} is already being deleted.`);
  }
  if (instance.deletionProtection) {
    throw new RdsError(
      'InvalidParameterCombination',
      'Cannot delete protected DB Instance, please disable deletion protection and try again.',
    );
  }
  if (NOT_YET.has(status) && context.timelines.isBusy(instance)) {
    throw new RdsError('InvalidDBInstanceState', `Instance ${identifier} cannot be deleted now: it is ${status}.`);
  }
  if (skips && asked !== undefined) {
    throw new RdsError(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier cannot be given with SkipFinalSnapshot.',
    );
  }
  if (skips) return undefined;
  if (instance.replicaOf !== undefined) {
    throw new RdsError('InvalidParameterCombination', 'A final snapshot of a read replica cannot be taken.');
  }
  if (asked === undefined) {
    throw new RdsError(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    );
  }
  if (!instance.hasServer || status === 'failed' || status.startsWith('incompatible') || status === 'restore-error') {
    throw new RdsError('InvalidDBInstanceState', `No final snapshot can be taken: ${identifier} is ${status}.`);
  }
  const name = snapshotIdentifier(asked, 'FinalDBSnapshotIdentifier');
  requireFree(context, region, name);
  return name;
}

async function remove(
  context: RdsContext,
  region: Region,
  instance: Instance,
  finalSnapshot: string | undefined,
  keepsBackups: boolean,
): Promise<void> {
  const { resourceId, identifier } = instance;
  if (finalSnapshot !== undefined) {
    const tags = instance.copyTagsToSnapshot ? instance.tags : {};
    await startSnapshot(context, region, identifier, finalSnapshot, tags, true);
  }
  context.logUploads.unwatch(instance);
  await releaseReplicas(context, region, instance);
  await context.engine.destroy(resourceId);
  instance.hasServer = false;
  instance.endpoint = undefined;
  if (keepsBackups) {
    const { tags, earliestRestorableMs, latestRestorableMs } = instance;
    region.retained.set(resourceId, {
      region: region.name,
      resourceId,
      instanceIdentifier: identifier,
      settings: settingsOf(instance),
      tags,
      earliestRestorableMs,
      latestRestorableMs,
    });
    return;
  }
  await dropAutomatedSnapshots(context, region, resourceId);
  await context.engine.forget(resourceId);
}

/** In the same region each replica becomes a database of its own, a second writer; in another one it is `terminated`. */
async function releaseReplicas(context: RdsContext, region: Region, instance: Instance): Promise<void> {
  for (const name of instance.replicas) {
    const parsed = parseArn(name);
    const home = parsed ? context.state.region(parsed.region) : region;
    const replica = home.instances.get(parsed?.name ?? name);
    if (!replica) continue;
    if (home === region) {
      await standAlone(context, home, replica);
      addEvent(home, 'db-instance', replica.identifier, 'notification', 'Promoted: its source is being deleted');
    } else {
      replica.replicaTerminated = true;
      addEvent(home, 'db-instance', replica.identifier, 'failure', 'Replication terminated: the source was deleted');
    }
  }
  instance.replicas = [];
  if (instance.replicaOf === undefined) return;
  const source = parseArn(instance.replicaOf);
  const home = source ? context.state.region(source.region) : region;
  const master = home.instances.get(source?.name ?? instance.replicaOf);
  const mine = [instance.identifier, arn(region.name, 'db', instance.identifier)];
  if (master) master.replicas = master.replicas.filter((name) => !mine.includes(name));
}
