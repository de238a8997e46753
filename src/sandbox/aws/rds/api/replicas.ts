import { enableBackups } from './backups.ts';
import { SECONDS } from './clock.ts';
import {
  addEvent,
  type Call,
  findInstance,
  isReady,
  type Operation,
  type RdsContext,
  requireReady,
  resting,
} from './context.ts';
import { startInstance, viewOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { arn, parseArn } from './identifiers.ts';
import { freeIdentifier, newInstance, retentionDays, serverSpec } from './new-instance.ts';
import { type Instance, type Region, settingsOf } from './state.ts';

const REPLICAS_PER_SOURCE = 15;

export const createReadReplica: Operation = (call) => {
  const { context, region, input } = call;
  const identifier = freeIdentifier(call);
  const { source, home } = sourceOf(call);
  if (source.backupRetentionDays === 0 && source.replicaOf === undefined) {
    throw new RdsError(
      'InvalidDBInstanceState',
      `Automated backups are not enabled for ${source.identifier}: a read replica needs a retention above 0.`,
    );
  }
  requireReady(context, source, 'create a read replica');
  if (source.replicas.length >= REPLICAS_PER_SOURCE) {
    throw new RdsError('InstanceQuotaExceeded', `${source.identifier} has ${source.replicas.length} replicas already.`);
  }
  const isHere = home === region;
  const settings = { ...settingsOf(source), backupRetentionDays: 0 };
  const tags = input.tags() ?? {};
  // Of the same region a replica takes over the group.
  const wanted = { identifier, settings, tags, ...(isHere ? { parameterGroup: source.parameterGroup } : {}) };
  const replica = newInstance(call, wanted);
  replica.replicaOf = isHere ? source.identifier : arn(home.name, 'db', source.identifier);
  region.instances.set(identifier, replica);
  source.replicas.push(isHere ? identifier : arn(region.name, 'db', identifier));
  addEvent(region, 'db-instance', identifier, 'creation', 'Read replica created');
  startInstance(context, region, replica, {
    seconds: SECONDS.replica,
    backupSeconds: SECONDS.firstBackup,
    failed: 'failed',
    create: () => context.engine.createReplica(source.resourceId, serverSpec(region, replica)),
  });
  return { DBInstance: viewOf(region, replica) };
};

function sourceOf({ context, region, input }: Call): { readonly source: Instance; readonly home: Region } {
  const asked = input.required('SourceDBInstanceIdentifier');
  const parsed = parseArn(asked);
  const home = parsed ? context.state.region(parsed.region) : region;
  return { home, source: findInstance(home, asked) };
}

/** Irreversible; takes the server down for a moment. Siblings stay with the old source. */
export const promoteReadReplica: Operation = ({ context, region, input }) => {
  const replica = findInstance(region, input.required('DBInstanceIdentifier'));
  if (replica.replicaOf === undefined) {
    throw new RdsError('InvalidDBInstanceState', `DB Instance is not a read replica: ${replica.identifier}`);
  }
  const isAlive = isReady(replica) || replica.replicaTerminated;
  if (!isAlive) requireReady(context, replica, 'promote');
  const days = retentionDays(input) ?? 1;
  replica.backupWindow = input.text('PreferredBackupWindow') ?? replica.backupWindow;
  const steps = [
    { status: 'modifying', seconds: SECONDS.modify, work: () => standAlone(context, region, replica) },
    {
      status: 'rebooting',
      seconds: SECONDS.promote,
      work: async () => {
        replica.endpoint = await context.engine.restart(replica.resourceId);
      },
    },
  ];
  const enable = async (): Promise<void> => {
    replica.backupRetentionDays = days;
    await enableBackups(context, region, replica);
  };
  const backup = { status: 'backing-up', seconds: SECONDS.firstBackup, work: enable };
  void context.timelines.run(replica, days > 0 ? [...steps, backup] : steps, resting(replica), (error) => {
    context.reportProblem(`rds promotion of ${replica.identifier}`, error);
    addEvent(region, 'db-instance', replica.identifier, 'failure', `Promotion failed: ${error.message}`);
    return 'failed';
  });
  return { DBInstance: viewOf(region, replica) };
};

/** The replica writes on its own from now; the source no longer knows it. */
export async function standAlone(context: RdsContext, region: Region, replica: Instance): Promise<void> {
  await context.engine.promote(replica.resourceId);
  const parsed = replica.replicaOf === undefined ? undefined : parseArn(replica.replicaOf);
  const home = parsed ? context.state.region(parsed.region) : region;
  const source = home.instances.get(parsed?.name ?? replica.replicaOf ?? '');
  const names = [replica.identifier, arn(region.name, 'db', replica.identifier)];
  if (source) source.replicas = source.replicas.filter((name) => !names.includes(name));
  replica.replicaOf = undefined;
  replica.replicaTerminated = false;
  addEvent(region, 'db-instance', replica.identifier, 'notification', 'Promoted read replica to stand-alone database');
}
