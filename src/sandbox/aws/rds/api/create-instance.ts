import { enableBackups } from './backups.ts';
import { SECONDS } from './clock.ts';
import { addEvent, type Call, findInstance, type Operation, type RdsContext, resting } from './context.ts';
import { RdsError } from './errors.ts';
import { freeIdentifier, loadStorage, newInstance, serverSpec, settleGroups } from './new-instance.ts';
import { page } from './paging.ts';
import type { RunningServer } from '../engine/port.ts';
import type { Instance, Region, Settings } from './state.ts';
import type { Step } from './timeline.ts';
import { instanceView } from './views.ts';
import { list, type XmlObject } from './xml.ts';

const FILTERS = ['db-instance-id', 'dbi-resource-id', 'engine', 'db-cluster-id', 'domain'];

export const createDbInstance: Operation = async (call) => {
  const { context, region, input } = call;
  const identifier = freeIdentifier(call);
  const settings = await settingsOfNew(call);
  const instance = newInstance(call, { identifier, settings, tags: input.tags() ?? {} });
  region.instances.set(identifier, instance);
  startInstance(context, region, instance, {
    seconds: SECONDS.create,
    backupSeconds: SECONDS.firstBackup,
    failed: 'failed',
    create: () => {
      const { databaseName } = instance;
      const spec = { ...serverSpec(region, instance), major: instance.major };
      return context.engine.create(databaseName === undefined ? spec : { ...spec, databaseName });
    },
  });
  addEvent(region, 'db-instance', identifier, 'creation', 'DB instance created');
  return { DBInstance: viewOf(region, instance) };
};

async function settingsOfNew({ context, input }: Call): Promise<Settings> {
  const engine = input.required('Engine');
  if (engine !== 'postgres') {
    throw new RdsError('InvalidParameterValue', `Invalid DB engine: ${engine}; the sandbox has postgres.`);
  }
  const masterUsername = input.required('MasterUsername');
  const masterPassword = input.required('MasterUserPassword');
  requirePassword(masterPassword);
  if (
    !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(masterUsername) ||
    /^(rdsadmin|postgres_internal|pg_)/.test(masterUsername)
  ) {
    throw new RdsError('InvalidParameterValue', `MasterUsername ${masterUsername} is not valid for engine postgres`);
  }
  const encrypted = input.flag('StorageEncrypted') ?? false;
  return {
    ...(await versionOf(context, input.text('EngineVersion'))),
    instanceClass: input.required('DBInstanceClass'),
    allocatedStorageGb: input.whole('AllocatedStorage', { min: 5, max: 65_536 }) ?? 20,
    storageType: input.text('StorageType') ?? 'gp3',
    iops: input.whole('Iops', { min: 1000, max: 256_000 }),
    masterUsername,
    masterPassword,
    databaseName: input.text('DBName'),
    backupRetentionDays: 1,
    backupWindow: '03:00-03:30',
    maintenanceWindow: input.text('PreferredMaintenanceWindow') ?? 'sun:04:00-sun:04:30',
    encrypted,
    kmsKeyId: encrypted ? (input.text('KmsKeyId') ?? 'alias/aws/rds') : undefined,
    iamAuthentication: false,
    port: input.whole('Port', { min: 1150, max: 65_535 }) ?? 5432,
    createdAtMs: Date.now(),
  };
}

export function requirePassword(password: string): void {
  const isGood =
    password.length >= 8 && password.length <= 128 && /^[\x21-\x7e]+$/.test(password) && !/[/"@]/.test(password);
  if (isGood) return;
  throw new RdsError(
    'InvalidParameterValue',
    "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used; 8 to 128 of them.",
  );
}

/** A major version, or one with a minor one; the newest that is there when nothing was asked for. */
export async function versionOf(
  { engine }: RdsContext,
  asked: string | undefined,
): Promise<{ readonly engineVersion: string; readonly major: number }> {
  const majors = await engine.majors();
  const major = asked === undefined ? Math.max(...majors) : Number(/^(\d+)(?:\.\d+)?$/.exec(asked)?.[1]);
  if (majors.includes(major)) return { engineVersion: asked ?? String(major), major };
  throw new RdsError(
    'InvalidParameterValue',
    `Cannot find version ${asked ?? ''} for postgres; the sandbox has ${majors.join(' and ')}.`,
  );
}

interface Start {
  /** In `creating`. */
  readonly seconds: number;
  /** In `backing-up`, when there is a retention. */
  readonly backupSeconds: number;
  /** Status after a failure. */
  readonly failed: string;
  readonly create: () => Promise<RunningServer>;
  /** Storage comes by and by. */
  readonly isLazy?: boolean;
}

/** The timeline of a new instance: creating, backing-up when there is a retention, available; groups settle after that. */
export function startInstance(context: RdsContext, region: Region, instance: Instance, start: Start): void {
  let server: RunningServer | undefined;
  const steps: Step[] = [
    {
      status: 'creating',
      seconds: start.seconds,
      work: async () => {
        server = await start.create();
        instance.hasServer = true;
      },
    },
    {
      seconds: 0,
      work: () => {
        // Told only now: RDS has no endpoint while it creates.
        instance.endpoint = server;
        settleGroups(context, instance, SECONDS.applyGroup);
        if (start.isLazy) loadStorage(context, instance, SECONDS.loadStorage);
      },
    },
  ];
  if (instance.backupRetentionDays > 0 && instance.replicaOf === undefined) {
    const work = (): Promise<void> => enableBackups(context, region, instance);
    steps.push({ status: 'backing-up', seconds: start.backupSeconds, work });
  }
  void context.timelines.run(instance, steps, resting(instance), (error) => {
    context.reportProblem(`rds instance ${instance.identifier}`, error);
    addEvent(region, 'db-instance', instance.identifier, 'failure', `DB instance failed: ${error.message}`);
    return start.failed;
  });
}

export function viewOf(region: Region, instance: Instance, context?: RdsContext): XmlObject {
  return instanceView(instance, region.subnetGroups.get(instance.subnetGroup), context?.faults);
}

export const describeDbInstances: Operation = ({ context, region, input }) => {
  const asked = input.text('DBInstanceIdentifier');
  const filters = input.filters(FILTERS);
  const all = asked === undefined ? [...region.instances.values()] : [findInstance(region, asked)];
  const found = all.filter((instance) => [...filters].every(([name, values]) => values.has(filtered(instance, name))));
  const { items, marker } = page(input, found);
  return {
    Marker: marker,
    DBInstances: list(
      'DBInstance',
      items.map((instance) => viewOf(region, instance, context)),
    ),
  };
};

function filtered(instance: Instance, name: string): string {
  if (name === 'db-instance-id') return instance.identifier;
  if (name === 'dbi-resource-id') return instance.resourceId;
  return name === 'engine' ? 'postgres' : '';
}
