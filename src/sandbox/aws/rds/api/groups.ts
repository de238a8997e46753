/** Subnet groups, quotas, versions and classes: what is asked for before something is made. */
import type { Operation, RdsContext } from './context.ts';
import { versionOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { identifier } from './identifiers.ts';
import { requireSubnetGroup } from './new-instance.ts';
import { page } from './paging.ts';
import type { Region } from './state.ts';
import { subnetGroupView } from './views.ts';
import { list } from './xml.ts';

export const createSubnetGroup: Operation = ({ region, input }) => {
  const name = identifier('DBSubnetGroupName', input.required('DBSubnetGroupName'), 255);
  const description = input.required('DBSubnetGroupDescription');
  const subnetIds = input.list('SubnetIds') ?? [];
  if (subnetIds.length === 0)
    throw new RdsError('MissingParameter', 'The request must contain the parameter SubnetIds');
  if (region.subnetGroups.has(name)) {
    throw new RdsError('DBSubnetGroupAlreadyExists', `DB subnet group '${name}' already exists.`);
  }
  const group = { name, description, subnetIds, tags: input.tags() ?? {} };
  region.subnetGroups.set(name, group);
  return { DBSubnetGroup: subnetGroupView(region.name, group) };
};

export const describeSubnetGroups: Operation = ({ region, input }) => {
  const asked = input.text('DBSubnetGroupName');
  const wanted = asked === undefined ? undefined : requireSubnetGroup(region, asked);
  const found = [...region.subnetGroups.values()].filter(({ name }) => wanted === undefined || name === wanted);
  const { items, marker } = page(input, found);
  const views = items.map((group) => subnetGroupView(region.name, group));
  return { Marker: marker, DBSubnetGroups: list('DBSubnetGroup', views) };
};

export const deleteSubnetGroup: Operation = ({ region, input }) => {
  const name = requireSubnetGroup(region, input.required('DBSubnetGroupName'));
  const user = [...region.instances.values()].find(({ subnetGroup }) => subnetGroup === name);
  if (name === 'default' || user) {
    const reason = user ? `instance ${user.identifier} uses it` : 'it is the default';
    throw new RdsError('InvalidDBSubnetGroupStateFault', `Cannot delete the subnet group '${name}': ${reason}.`);
  }
  region.subnetGroups.delete(name);
  return undefined;
};

export const describeAccountAttributes: Operation = ({ context, region }) => ({
  AccountQuotas: list(
    'AccountQuota',
    quotas(context, region).map(([name, used, max]) => ({ AccountQuotaName: name, Used: used, Max: max })),
  ),
});

function quotas(context: RdsContext, region: Region): readonly (readonly [name: string, used: number, max: number])[] {
  const instances = [...region.instances.values()];
  const manual = [...region.snapshots.values()].filter(({ type }) => type === 'manual').length;
  return [
    ['DBInstances', instances.length, context.quotas.instances],
    ['AllocatedStorage', instances.reduce((sum, { allocatedStorageGb }) => sum + allocatedStorageGb, 0), 100_000],
    ['DBParameterGroups', region.parameterGroups.size, 50],
    ['ManualSnapshots', manual, context.quotas.manualSnapshots],
    ['ReadReplicasPerMaster', Math.max(0, ...instances.map(({ replicas }) => replicas.length)), 15],
    ['DBSubnetGroups', region.subnetGroups.size, 50],
  ];
}

export const describeEngineVersions: Operation = async ({ context, input }) => {
  const engine = input.text('Engine') ?? 'postgres';
  const asked = input.text('EngineVersion');
  const family = input.text('DBParameterGroupFamily');
  const majors = engine === 'postgres' ? await context.engine.majors() : [];
  const versions = majors.filter(
    (major) =>
      (asked === undefined || Number.parseInt(asked, 10) === major) &&
      (family === undefined || family === `postgres${major}`),
  );
  return {
    DBEngineVersions: list(
      'DBEngineVersion',
      versions.map((major) => ({
        Engine: 'postgres',
        MajorEngineVersion: String(major),
        EngineVersion: asked ?? String(major),
        DBParameterGroupFamily: `postgres${major}`,
        DBEngineDescription: 'PostgreSQL',
        DBEngineVersionDescription: `PostgreSQL ${asked ?? major}`,
        SupportsReadReplica: true,
        Status: 'available',
      })),
    ),
  };
};

const CLASSES = ['db.t4g.micro', 'db.t4g.medium', 'db.m7g.large', 'db.m7g.xlarge', 'db.r7g.large', 'db.r7g.2xlarge'];

export const describeOrderableOptions: Operation = async ({ context, region, input }) => {
  if (input.required('Engine') !== 'postgres')
    return { OrderableDBInstanceOptions: list('OrderableDBInstanceOption', []) };
  const { engineVersion } = await versionOf(context, input.text('EngineVersion'));
  const wanted = input.text('DBInstanceClass');
  const classes = CLASSES.filter((name) => wanted === undefined || wanted === name);
  const { items, marker } = page(input, classes);
  return {
    Marker: marker,
    OrderableDBInstanceOptions: list(
      'OrderableDBInstanceOption',
      items.map((name) => ({
        Engine: 'postgres',
        EngineVersion: engineVersion,
        DBInstanceClass: name,
        LicenseModel: 'postgresql-license',
        AvailabilityZones: list(
          'AvailabilityZone',
          ['a', 'b', 'c'].map((letter) => ({ Name: `${region.name}${letter}` })),
        ),
        MultiAZCapable: true,
        ReadReplicaCapable: true,
        Vpc: true,
        SupportsStorageEncryption: true,
        StorageType: 'gp3',
        MinStorageSize: 20,
        MaxStorageSize: 65_536,
      })),
    ),
  };
};
