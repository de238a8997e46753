/** Environment variables that name the programs set-up found. */
export type ToolVariable =
  | 'TEMPORAL_CLI_PATH'
  | 'TEMPORAL_TEST_SERVER_PATH'
  | 'MAINSTAY_KUBECTL'
  | 'MAINSTAY_KUBE_APISERVER'
  | 'MAINSTAY_KUBE_CONTROLLER_MANAGER'
  | 'MAINSTAY_ETCD'
  | 'MAINSTAY_PROMETHEUS'
  | 'MAINSTAY_MOTO'
  | 'MAINSTAY_REDIS';

/**
 * Paths of the programs as environment variables, ready to be spread into a child's environment. A variable that is
 * set already wins over set-up's record; a program that is not there has no entry.
 */
export declare function loadTools(): Partial<Record<ToolVariable, string>>;
