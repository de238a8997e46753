/** How long the provider is busy with a temporary instance, as an observer of its own sees it. */
import { setTimeout as delay } from 'node:timers/promises';
import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';

const LOOK_EVERY_MS = 40;

export function watchBusy(url: string, region: string): { stop(): Promise<number> } {
  const rds = new RDSClient({ region, endpoint: url, credentials: { accessKeyId: 'observer', secretAccessKey: 'x' } });
  let busyMs = 0;
  let isStopped = false;
  const watching = (async () => {
    let lastMs = Date.now();
    while (!isStopped) {
      const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
      const nowMs = Date.now();
      if (DBInstances.some(isBusy)) busyMs += nowMs - lastMs;
      lastMs = nowMs;
      await delay(LOOK_EVERY_MS);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await watching;
      rds.destroy();
      return busyMs;
    },
  };
}

function isBusy(instance: DBInstance): boolean {
  if (!instance.DBInstanceIdentifier?.startsWith('mainstay-verify-')) return false;
  const isPending = Object.values(instance.PendingModifiedValues ?? {}).some((value) => value !== undefined);
  const isApplying = (instance.DBParameterGroups ?? []).some(
    ({ ParameterApplyStatus }) => ParameterApplyStatus === 'applying',
  );
  return instance.DBInstanceStatus !== 'available' || isPending || isApplying;
}
