/**
 * How lists merge under a strategic merge patch: by model and field, the key that identifies an item, or `PRIMITIVE`
 * for lists of scalars that merge as sets. Lists that are not here are replaced whole. The same word `ports` has
 * another key in a container than in a Service: hence by model.
 */
export const PRIMITIVE = '';

const CONTAINER = { ports: 'containerPort', env: 'name', volumeMounts: 'mountPath', volumeDevices: 'devicePath' };
const CONDITIONS = { conditions: 'type' };

export const MERGE_KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  V1ObjectMeta: { finalizers: PRIMITIVE, ownerReferences: 'uid' },
  V1PodSpec: {
    containers: 'name',
    initContainers: 'name',
    ephemeralContainers: 'name',
    volumes: 'name',
    imagePullSecrets: 'name',
    hostAliases: 'ip',
    topologySpreadConstraints: 'topologyKey',
    schedulingGates: 'name',
    resourceClaims: 'name',
  },
  V1Container: CONTAINER,
  V1EphemeralContainer: CONTAINER,
  V1PodStatus: { ...CONDITIONS, podIPs: 'ip', hostIPs: 'ip', resourceClaimStatuses: 'name' },
  V1DeploymentStatus: CONDITIONS,
  V1ReplicaSetStatus: CONDITIONS,
  V1JobStatus: CONDITIONS,
  V2HorizontalPodAutoscalerStatus: CONDITIONS,
  V1ServiceSpec: { ports: 'port' },
  V1ServiceStatus: CONDITIONS,
  V1NamespaceStatus: CONDITIONS,
  V1NodeSpec: { podCIDRs: PRIMITIVE },
  V1NodeStatus: { ...CONDITIONS, addresses: 'type' },
  V1ServiceAccount: { secrets: 'name' },
};
