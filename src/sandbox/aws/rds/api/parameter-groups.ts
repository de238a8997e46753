/** Parameter groups become settings of real servers. */
import { addEvent, type Call, findParameterGroup, type Operation, type RdsContext } from './context.ts';
import { RdsError } from './errors.ts';
import { arn, identifier } from './identifiers.ts';
import { applyTypeOf, engineParameters } from './known-parameters.ts';
import { page } from './paging.ts';
import type { ParameterGroup, Region } from './state.ts';
import { list, type XmlObject } from './xml.ts';

function view(region: Region, { name, family, description }: ParameterGroup): XmlObject {
  return {
    DBParameterGroupName: name,
    DBParameterGroupFamily: family,
    Description: description,
    DBParameterGroupArn: arn(region.name, 'pg', name),
  };
}

export const createParameterGroup: Operation = ({ region, input }) => {
  const name = identifier('DBParameterGroupName', input.required('DBParameterGroupName'), 255);
  const family = input.required('DBParameterGroupFamily');
  const description = input.required('Description');
  if (!/^postgres\d+$/.test(family)) {
    throw new RdsError('InvalidParameterValue', `ParameterGroupFamily ${family} is not a valid parameter group family`);
  }
  if (region.parameterGroups.has(name)) {
    throw new RdsError('DBParameterGroupAlreadyExists', `Parameter group ${name} already exists`);
  }
  const group: ParameterGroup = { name, family, description, tags: input.tags() ?? {}, values: {} };
  region.parameterGroups.set(name, group);
  return { DBParameterGroup: view(region, group) };
};

export const describeParameterGroups: Operation = ({ region, input }) => {
  const asked = input.text('DBParameterGroupName');
  const found = asked === undefined ? [...region.parameterGroups.values()] : [findParameterGroup(region, asked)];
  const { items, marker } = page(input, found);
  return {
    Marker: marker,
    DBParameterGroups: list(
      'DBParameterGroup',
      items.map((group) => view(region, group)),
    ),
  };
};

/** Values that the user set (`Source=user`), and nothing of the defaults: these are the server's own. */
export const describeParameters: Operation = ({ region, input }) => {
  const group = findParameterGroup(region, input.required('DBParameterGroupName'));
  const source = input.text('Source');
  const isUser = source === undefined || source === 'user';
  const { items, marker } = page(input, isUser ? Object.entries(group.values) : []);
  return {
    Marker: marker,
    Parameters: list(
      'Parameter',
      items.map(([name, value]) => ({
        ParameterName: name,
        ParameterValue: value,
        Source: 'user',
        ApplyType: applyTypeOf(name) ?? 'dynamic',
        DataType: 'string',
        IsModifiable: true,
        ApplyMethod: applyTypeOf(name) === 'static' ? 'pending-reboot' : 'immediate',
      })),
    ),
  };
};

export const modifyParameterGroup: Operation = async (call) => {
  const { context, region, input } = call;
  const group = findParameterGroup(region, input.required('DBParameterGroupName'));
  requireOwn(group);
  const given = input.structures('Parameters');
  if (given.length === 0 || given.length > 20) {
    throw new RdsError('InvalidParameterValue', `1 to 20 parameters can be changed in one call, not ${given.length}.`);
  }
  const changed: Record<string, string> = {};
  for (const parameter of given) {
    const name = parameter.required('ParameterName').toLowerCase();
    const method = parameter.text('ApplyMethod') ?? 'pending-reboot';
    requireChangeable(name, method);
    changed[name] = parameter.text('ParameterValue') ?? '';
  }
  group.values = { ...group.values, ...changed };
  await apply(context, region, group);
  return { DBParameterGroupName: group.name };
};

export const resetParameterGroup: Operation = async ({ context, region, input }: Call) => {
  const group = findParameterGroup(region, input.required('DBParameterGroupName'));
  requireOwn(group);
  const names = input.structures('Parameters').map((parameter) => parameter.required('ParameterName').toLowerCase());
  const isAll = input.flag('ResetAllParameters') ?? names.length === 0;
  group.values = isAll
    ? {}
    : Object.fromEntries(Object.entries(group.values).filter(([name]) => !names.includes(name)));
  await apply(context, region, group);
  return { DBParameterGroupName: group.name };
};

export const deleteParameterGroup: Operation = ({ region, input }) => {
  const group = findParameterGroup(region, input.required('DBParameterGroupName'));
  requireOwn(group);
  const user = [...region.instances.values()].find(({ parameterGroup }) => parameterGroup === group.name);
  if (user) {
    throw new RdsError(
      'InvalidDBParameterGroupState',
      `One or more database instances are still members of this parameter group ${group.name}: ${user.identifier}.`,
    );
  }
  region.parameterGroups.delete(group.name);
  return undefined;
};

/** Throws for names no server knows, and for values that cannot be in effect at once. */
export function requireChangeable(name: string, method: string): void {
  const type = applyTypeOf(name);
  if (type === undefined) throw new RdsError('InvalidParameterValue', `Could not find parameter with name: ${name}`);
  if (type === 'fixed') throw new RdsError('InvalidParameterValue', `The parameter ${name} cannot be modified.`);
  if (type === 'static' && method === 'immediate') {
    throw new RdsError(
      'InvalidParameterCombination',
      `Cannot use immediate apply method for static parameter: ${name}`,
    );
  }
}

function requireOwn({ name }: ParameterGroup): void {
  if (!name.startsWith('default.')) return;
  throw new RdsError('InvalidDBParameterGroupState', `The default parameter group ${name} cannot be changed.`);
}

/** Running members get the values; those that need a restart wait for one, and the instance says so. */
async function apply({ engine }: RdsContext, region: Region, group: ParameterGroup): Promise<void> {
  for (const instance of region.instances.values()) {
    // Associated and not yet rebooted: nothing of the group is in effect.
    if (instance.effectiveGroup !== group.name || !instance.hasServer) continue;
    const waiting = await engine.setParameters(instance.resourceId, engineParameters(group.values));
    if (waiting.length > 0) instance.parameterStatus = 'pending-reboot';
  }
  addEvent(region, 'db-parameter-group', group.name, 'configuration change', `Updated parameters of ${group.name}`);
}
