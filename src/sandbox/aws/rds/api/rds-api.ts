/** RDS as a backend of the front: one operation a call, errors in its own words. */
import { randomUUID } from 'node:crypto';
import { errorReply } from '../../front/error-reply.ts';
import type { AwsBackend, AwsRequest, AwsResponse } from '../../front/handler.ts';
import { deleteAutomatedBackup, describeAutomatedBackups } from './automated-backups.ts';
import type { Operation, RdsContext } from './context.ts';
import { createDbInstance, describeDbInstances } from './create-instance.ts';
import { deleteDbInstance } from './delete-instance.ts';
import { RdsError } from './errors.ts';
import { describeEvents } from './events.ts';
import { cancelExportTask, describeExportTasks, startExportTask } from './exports.ts';
import {
  createSubnetGroup,
  deleteSubnetGroup,
  describeAccountAttributes,
  describeEngineVersions,
  describeOrderableOptions,
  describeSubnetGroups,
} from './groups.ts';
import { modifyDbInstance } from './modify-instance.ts';
import {
  createParameterGroup,
  deleteParameterGroup,
  describeParameterGroups,
  describeParameters,
  modifyParameterGroup,
  resetParameterGroup,
} from './parameter-groups.ts';
import { QueryInput } from './query-input.ts';
import { createReadReplica, promoteReadReplica } from './replicas.ts';
import { restoreFromSnapshot, restoreToPointInTime } from './restore.ts';
import { rebootDbInstance, startDbInstance, stopDbInstance } from './run-instance.ts';
import { copyDbSnapshot, createDbSnapshot, deleteDbSnapshot, describeDbSnapshots } from './snapshots.ts';
import { addTags, listTags, removeTags } from './tags.ts';
import { responseXml } from './xml.ts';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  AddTagsToResource: addTags,
  CancelExportTask: cancelExportTask,
  CopyDBSnapshot: copyDbSnapshot,
  CreateDBInstance: createDbInstance,
  CreateDBInstanceReadReplica: createReadReplica,
  CreateDBParameterGroup: createParameterGroup,
  CreateDBSnapshot: createDbSnapshot,
  CreateDBSubnetGroup: createSubnetGroup,
  DeleteDBInstance: deleteDbInstance,
  DeleteDBInstanceAutomatedBackup: deleteAutomatedBackup,
  DeleteDBParameterGroup: deleteParameterGroup,
  DeleteDBSnapshot: deleteDbSnapshot,
  DeleteDBSubnetGroup: deleteSubnetGroup,
  DescribeAccountAttributes: describeAccountAttributes,
  DescribeDBEngineVersions: describeEngineVersions,
  DescribeDBInstanceAutomatedBackups: describeAutomatedBackups,
  DescribeDBInstances: describeDbInstances,
  DescribeDBParameterGroups: describeParameterGroups,
  DescribeDBParameters: describeParameters,
  DescribeDBSnapshots: describeDbSnapshots,
  DescribeDBSubnetGroups: describeSubnetGroups,
  DescribeEvents: describeEvents,
  DescribeExportTasks: describeExportTasks,
  DescribeOrderableDBInstanceOptions: describeOrderableOptions,
  ListTagsForResource: listTags,
  ModifyDBInstance: modifyDbInstance,
  ModifyDBParameterGroup: modifyParameterGroup,
  PromoteReadReplica: promoteReadReplica,
  RebootDBInstance: rebootDbInstance,
  RemoveTagsFromResource: removeTags,
  ResetDBParameterGroup: resetParameterGroup,
  RestoreDBInstanceFromDBSnapshot: restoreFromSnapshot,
  RestoreDBInstanceToPointInTime: restoreToPointInTime,
  StartDBInstance: startDbInstance,
  StartExportTask: startExportTask,
  StopDBInstance: stopDbInstance,
};

/** Names of the operations that are there. */
export const RDS_OPERATIONS: readonly string[] = Object.keys(OPERATIONS);

/** Timelines go on until the context's clock ends; `close` waits for what is under way. */
export function createRdsApi(context: RdsContext): AwsBackend {
  return {
    handle: (request) => answer(context, request),
    async close() {
      context.clock.end();
      await context.timelines.settled();
    },
  };
}

async function answer(context: RdsContext, request: AwsRequest): Promise<AwsResponse> {
  const requestId = randomUUID();
  const form = new URLSearchParams(request.body.toString());
  for (const [name, value] of request.query) if (!form.has(name)) form.append(name, value);
  const name = request.operation;
  try {
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    if (!operation) throw new RdsError('InvalidAction', `The sandbox's RDS has no operation ${name}`);
    const region = context.state.region(request.region);
    const result = await operation({ context, region, input: new QueryInput(form) });
    const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
    return { status: 200, headers, body: responseXml(name, result, requestId) };
  } catch (error) {
    if (!(error instanceof RdsError)) throw error;
    const { status, code, message } = error;
    return errorReply({ service: 'rds', headers: {}, status, code, message, requestId });
  }
}
