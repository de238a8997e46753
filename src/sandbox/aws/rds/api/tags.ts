import { findInstance, findParameterGroup, findSnapshot, type Operation } from './context.ts';
import { RdsError } from './errors.ts';
import { parseArn } from './identifiers.ts';
import type { Tags } from './query-input.ts';
import type { Region } from './state.ts';
import { tagList } from './views.ts';

export const addTags: Operation = ({ region, input }) => {
  const resource = resourceOf(region, input.required('ResourceName'));
  const merged = { ...resource.tags, ...input.tags() };
  if (Object.keys(merged).length > 50) throw new RdsError('InvalidParameterValue', 'A resource has at most 50 tags');
  resource.tags = merged;
  return undefined;
};

export const removeTags: Operation = ({ region, input }) => {
  const resource = resourceOf(region, input.required('ResourceName'));
  const gone = new Set(input.list('TagKeys'));
  resource.tags = Object.fromEntries(Object.entries(resource.tags).filter(([key]) => !gone.has(key)));
  return undefined;
};

export const listTags: Operation = ({ region, input }) => ({
  TagList: tagList(resourceOf(region, input.required('ResourceName')).tags),
});

/** What an ARN of this region names. Throws the error of its kind when it is not there. */
function resourceOf(region: Region, text: string): { tags: Tags } {
  const parsed = parseArn(text);
  if (!parsed || parsed.region !== region.name) {
    throw new RdsError('InvalidParameterValue', `Unexpected ARN: ${text}; expected one of RDS in ${region.name}`);
  }
  switch (parsed.kind) {
    case 'db':
      return findInstance(region, parsed.name);
    case 'snapshot':
      return findSnapshot(region, parsed.name);
    case 'pg':
      return findParameterGroup(region, parsed.name);
    case 'subgrp': {
      const group = region.subnetGroups.get(parsed.name);
      if (group) return group;
      throw new RdsError('DBSubnetGroupNotFoundFault', `DB subnet group '${parsed.name}' does not exist.`);
    }
    default:
      throw new RdsError(
        'InvalidParameterValue',
        `Resources of kind ${parsed.kind} have no tags in the sandbox: ${text}`,
      );
  }
}
