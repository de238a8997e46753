/** All activities, composed from their clients. The list of names is a wire format. */
import type { Client } from '@temporalio/client';
import type { CatalogueLoad } from '../core/model/catalogue-load.ts';
import type { BuildJobs } from '../clients/build/port.ts';
import type { KubernetesClients } from '../clients/kubernetes/port.ts';
import type { ResourceClients } from '../clients/kubernetes/resource-client.ts';
import type { LedgerRecorder } from '../clients/ledger/recorder.ts';
import type { MetricsProvider } from '../clients/metrics/port.ts';
import type { IncidentDesk, Notifier } from '../clients/notify/port.ts';
import type { RegistryClient } from '../clients/registry/port.ts';
import type { TrafficRouter } from '../clients/router/port.ts';
import { createAwaitBuild } from './build/await-build.ts';
import { createResolveImage } from './build/resolve-image.ts';
import { createStartBuild } from './build/start-build.ts';
import { createDescribeCatalogue } from './catalogue/describe-catalogue.ts';
import { createResolveDatabase } from './catalogue/resolve-database.ts';
import { createResolvePlan } from './catalogue/resolve-plan.ts';
import { createCopyActivities } from './copy-activities.ts';
import { createDatabaseActivities } from './database/index.ts';
import { createClaimService } from './kubernetes/claim-service.ts';
import { createObserveService } from './kubernetes/observe-service.ts';
import { createPromoteStable } from './kubernetes/promote-stable.ts';
import { createRemoveCanary } from './kubernetes/remove-canary.ts';
import { createRestoreWorkload } from './kubernetes/restore-workload.ts';
import { createScaleCanary } from './kubernetes/scale-canary.ts';
import { noteWatch, noted } from './ledger/note-activities.ts';
import { createRecordBackup } from './ledger/record-backup.ts';
import { createRecordRelease } from './ledger/record-release.ts';
import { createCollectRecord } from './metrics/collect-record.ts';
import { createObserveStep } from './metrics/observe-step.ts';
import { createMigrateDatabase } from './migrations/migrate-database.ts';
import { createAwaitOwnerEnd } from './ownership/await-owner-end.ts';
import { createRequestOwnership } from './ownership/request-ownership.ts';
import { withOwnership } from './ownership/with-ownership.ts';
import { createObservePreflight } from './preflight/observe-preflight.ts';
import { createTemporaryActivities, type TemporaryActivityDeps } from './temporary/index.ts';
import { createRestoreTraffic } from './traffic/restore-traffic.ts';
import { createShiftTraffic } from './traffic/shift-traffic.ts';

export interface ActivityDeps extends TemporaryActivityDeps {
  readonly client: () => Client;
  readonly loadCatalogue: () => Promise<CatalogueLoad>;
  readonly kubernetes: KubernetesClients;
  /** Objects of any kind, for copies of a cluster. */
  readonly resources: ResourceClients;
  readonly router: TrafficRouter;
  readonly metrics: MetricsProvider;
  readonly registry: RegistryClient;
  readonly builds: BuildJobs;
  readonly ledger: LedgerRecorder;
  readonly notifier: Notifier;
  readonly incidents: IncidentDesk;
}

/** The activities by themselves, before they are noted in the ledger. */
function compose(deps: ActivityDeps) {
  return {
    ...createResolvePlan(deps),
    ...createResolveDatabase(deps),
    ...createDescribeCatalogue(deps),
    ...createObservePreflight(deps),
    ...createResolveImage(deps),
    ...createStartBuild(deps),
    ...createAwaitBuild(deps),
    ...createObserveService(deps),
    ...createRequestOwnership(deps),
    ...createAwaitOwnerEnd(deps),
    ...createClaimService(deps),
    ...createMigrateDatabase(deps),
    ...createScaleCanary(deps),
    ...createShiftTraffic(deps),
    ...createCollectRecord(deps),
    ...createObserveStep({ ...deps, onUnheard: (input, tally) => noteWatch(deps, input, tally) }),
    ...createPromoteStable(deps),
    ...createRemoveCanary(deps),
    ...createRestoreTraffic(deps),
    ...createRestoreWorkload(deps),
    ...createDatabaseActivities(deps),
    ...createTemporaryActivities(deps),
    ...createCopyActivities(deps),
  };
}

export type ComposedActivities = ReturnType<typeof compose>;

export function createActivities(deps: ActivityDeps) {
  const all = { ...noted(compose(deps), deps), ...createRecordRelease(deps), ...createRecordBackup(deps) };
  return withOwnership(all, deps.client);
}

export type Activities = ReturnType<typeof createActivities>;
