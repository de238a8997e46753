import { CONFIG_MAP, SECRET } from './config.ts';
import { SELF_SUBJECT_ACCESS_REVIEW } from './access-review.ts';
import { DEPLOYMENT } from './deployment.ts';
import { DESTINATION_RULE } from './destination-rule.ts';
import { ENDPOINT_SLICE } from './endpoint-slice.ts';
import { EVENT } from './event.ts';
import { GATEWAY, GATEWAY_CLASS } from './gateway.ts';
import { HORIZONTAL_POD_AUTOSCALER } from './horizontal-pod-autoscaler.ts';
import { HTTP_ROUTE } from './http-route.ts';
import { INGRESS } from './ingress.ts';
import { JOB } from './job.ts';
import type { ResourceKind } from './kind.ts';
import { LEASE } from './lease.ts';
import { NAMESPACE } from './namespace.ts';
import { NODE } from './node.ts';
import { POD } from './pod.ts';
import { REPLICA_SET } from './replica-set.ts';
import { SERVICE } from './service.ts';
import { VIRTUAL_SERVICE } from './virtual-service.ts';

/** Every kind the server speaks. Discovery, storage, tables and validation all follow from these rows. */
export const KINDS: readonly ResourceKind[] = [
  NAMESPACE,
  POD,
  SERVICE,
  CONFIG_MAP,
  SECRET,
  EVENT,
  NODE,
  DEPLOYMENT,
  REPLICA_SET,
  HORIZONTAL_POD_AUTOSCALER,
  JOB,
  INGRESS,
  ENDPOINT_SLICE,
  LEASE,
  GATEWAY_CLASS,
  GATEWAY,
  HTTP_ROUTE,
  DESTINATION_RULE,
  VIRTUAL_SERVICE,
  SELF_SUBJECT_ACCESS_REVIEW,
];
