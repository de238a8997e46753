/** Reboot, stop, start. */
import { SECONDS } from './clock.ts';
import {
  addEvent,
  findInstance,
  findParameterGroup,
  type Operation,
  type RdsContext,
  requireReady,
  resting,
} from './context.ts';
import { viewOf } from './create-instance.ts';
import { RdsError } from './errors.ts';
import { engineParameters } from './known-parameters.ts';
import type { Instance, Region } from './state.ts';
import type { Step } from './timeline.ts';

export const rebootDbInstance: Operation = ({ context, region, input }) => {
  const instance = findInstance(region, input.required('DBInstanceIdentifier'));
  requireReady(context, instance, 'reboot');
  if (input.flag('ForceFailover') && !instance.multiAz) {
    throw new RdsError('InvalidParameterCombination', 'Cannot force a failover of an instance that is not Multi-AZ.');
  }
  const work = async (): Promise<void> => {
    const { values } = findParameterGroup(region, instance.parameterGroup);
    await context.engine.setParameters(instance.resourceId, engineParameters(values));
    instance.endpoint = await context.engine.restart(instance.resourceId);
    instance.effectiveGroup = instance.parameterGroup;
    instance.parameterStatus = 'in-sync';
    addEvent(region, 'db-instance', instance.identifier, 'availability', 'DB instance restarted');
  };
  go(context, region, instance, { status: 'rebooting', seconds: SECONDS.reboot, work }, resting(instance));
  return { DBInstance: viewOf(region, instance) };
};

export const stopDbInstance: Operation = ({ context, region, input }) => {
  const instance = findInstance(region, input.required('DBInstanceIdentifier'));
  requireReady(context, instance, 'stop');
  if (instance.replicaOf !== undefined || instance.replicas.length > 0) {
    throw new RdsError(
      'InvalidDBInstanceState',
      `Cannot stop DB instance ${instance.identifier}: it has a read replica, or is one.`,
    );
  }
  const work = async (): Promise<void> => {
    await context.engine.stop(instance.resourceId);
    addEvent(region, 'db-instance', instance.identifier, 'notification', 'DB instance stopped');
  };
  go(context, region, instance, { status: 'stopping', seconds: SECONDS.stop, work }, () => 'stopped');
  return { DBInstance: viewOf(region, instance) };
};

export const startDbInstance: Operation = ({ context, region, input }) => {
  const instance = findInstance(region, input.required('DBInstanceIdentifier'));
  if (instance.status !== 'stopped') {
    throw new RdsError(
      'InvalidDBInstanceState',
      `Instance ${instance.identifier} is not stopped, but ${instance.status}.`,
    );
  }
  const work = async (): Promise<void> => {
    instance.endpoint = await context.engine.start(instance.resourceId);
    addEvent(region, 'db-instance', instance.identifier, 'notification', 'DB instance started');
  };
  go(context, region, instance, { status: 'starting', seconds: SECONDS.start, work }, resting(instance));
  return { DBInstance: viewOf(region, instance) };
};

function go(context: RdsContext, region: Region, instance: Instance, step: Step, last: () => string): void {
  void context.timelines.run(instance, [step], last, (error) => {
    context.reportProblem(`rds instance ${instance.identifier}`, error);
    addEvent(region, 'db-instance', instance.identifier, 'failure', `${step.status}: ${error.message}`);
    return 'incompatible-parameters';
  });
}
